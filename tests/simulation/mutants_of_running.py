"""Broken on purpose: webhooks, jobs, status, links, audit (I4, I5, I7 to I13)."""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from typing import Any

import attrs
from mutants import Patch, exchange, mutant, replace

from bitloot_core.order import events as e
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.order import StillOpen
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.testing.memory.jobs import end
from bitloot_core.usecases.change_order import commit, decide_all
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.values.errors import Refused, StaleOrder
from bitloot_core.values.ids import WebhookId
from bitloot_core.values.keys import KeyOwner


@mutant("I4", "binds a sealed key to nobody")
def binds_nobody(patch: Patch) -> None:
    """An object opens for whoever has it."""
    replace(patch, "testing.vault:FakeVault._open", lambda self, ref, _: self._readable(ref).material)


@mutant("I4", "mails every link to the first buyer")
def mails_to_the_first(patch: Patch) -> None:
    """An address is taken from the wrong place."""

    def first(real: Any) -> Any:
        return lambda *args: attrs.evolve(real(*args), to="buyer1@example.com")

    exchange(patch, "usecases.send_mail:compose", first)


@mutant("I5", "acknowledges before it stores")
def acknowledges_first(patch: Patch) -> None:
    """The sender hears 200 while the write is still on its way."""
    writing: set[asyncio.Task[Any]] = set()

    def hasty(real: Any) -> Any:
        async def receive(shop: Any, webhook: Any) -> None:
            """Answer first."""
            writing.add(asyncio.create_task(real(shop, webhook)))

        return receive

    exchange(patch, "testing.simulation.front_door:receive_webhook", hasty)


@mutant("I5", "stores a webhook in one write and asks for its job in another")
def two_writes(patch: Patch) -> None:
    """A process that dies between the two has stored what nobody will look at: the repeat is a duplicate."""

    def stored_alone(real: Any) -> Any:
        def keep(self: Any, webhook: Any, now: Any) -> Any:
            living = dict(self._database.living)
            jobs = dict(self._database.jobs)
            received = real(self, webhook, now)
            self._database.living, self._database.jobs = living, jobs
            return attrs.evolve(received, job_id=None)

        return keep

    def in_two(real: Any) -> Any:
        async def receive(shop: Any, webhook: Any) -> Any:
            """Store it, and then ask for its job."""
            received = await real(shop, webhook)
            if not received.duplicate:
                now = shop.clock.now()
                name = webhook.source.job
                await shop.jobs.ask(JobRequest(name=name, ref=str(received.id), order_id=None, due_at=now), now=now)
            return received

        return receive

    exchange(patch, "testing.memory.inbox:MemoryInbox._keep", stored_alone)
    exchange(patch, "testing.simulation.front_door:receive_webhook", in_two)


@mutant("I7", "writes what came into the result of a webhook")
def tells_the_body(patch: Patch) -> None:
    """The supplier's word is quoted with the key that stood beside it."""

    def quoted(real: Any) -> Any:
        def read(body: bytes) -> Any:
            event = real(body)
            if event is None or event.material is None:
                return event
            return attrs.evolve(event, word=f"{event.word}, {event.material.content.decode()}")

        return read

    exchange(patch, "testing.supplier_events:read", quoted)


@mutant("I8", "forgets the version check")
def forgets_the_version(patch: Patch) -> None:
    """Two who have read the same order write over each other."""
    replace(patch, "testing.memory.store:MemoryOrderStore._check_version", lambda *_: None)


@mutant("I8", "opens a fulfilled order again when an old payment expires")
def goes_back(patch: Patch) -> None:
    """The status is the last word that was heard."""

    def back(real: Any) -> Any:
        def apply(order: Any, event: Any) -> Any:
            after = real(order, event)
            return attrs.evolve(after, closing=StillOpen()) if isinstance(event, e.PaymentVoided) else after

        return apply

    exchange(patch, "order.transitions:_apply", back)


@mutant("I9", "skips the audit row")
def no_audit_row(patch: Patch) -> None:
    """The view is counted, and nobody is named."""

    def unwritten(real: Any) -> Any:
        return lambda **parts: real(**{**parts, "accesses": ()})

    exchange(patch, "usecases.reveal_keys:Change", unwritten)


@mutant("I9", "opens first, and writes who looked afterwards")
def opens_first(patch: Patch) -> None:
    """The row is there in the end, unless the process dies."""

    def hasty(real: Any) -> Any:
        async def write(shop: Any, token: str, visitor: Any) -> Any:
            """Open, and then write."""
            order = await shop.orders.get(await shop.orders.find_by_link(shop.links.verify(token)))
            await shop.vault.open_keys([(unit.storage_ref, _owner(order, unit)) for unit in order.held])
            return await real(shop, token, visitor)

        return write

    exchange(patch, "usecases.reveal_keys:_write_access", hasty)


def _owner(order: Any, unit: Any) -> KeyOwner:
    return KeyOwner(order_id=order.id, unit_id=unit.id, supplier_key_id=unit.supplier_key_id)


@mutant("I10", "forgets to look at a purchase that was made")
def forgets_to_look(patch: Patch) -> None:
    """Only the supplier's webhook would bring the keys."""

    def forgetful(real: Any) -> Any:
        return lambda event, order, policy: () if isinstance(event, e.ReservationPlaced) else real(event, order, policy)

    exchange(patch, "usecases.change_order:effects_of", forgetful)


@mutant("I10", "forgets the mail")
def forgets_the_mail(patch: Patch) -> None:
    """The keys are there, and nobody says so."""
    replace(patch, "order.effects:_delivery_mail", lambda *_: ())


@mutant("I10", "ends a job before it writes what came of it")
def ends_first(patch: Patch) -> None:
    """Two writes: a process that dies between them has done the job, and nothing of it is known."""

    async def finish(self: Any, order: Any, *commands: Any, end: Any = None, consumed: Any = None) -> Any:
        """End, and then write."""
        change = decide_all(order, commands, now=self.now, policy=self.shop.policy)
        last = end(change.after or order) if callable(end) else end or Done()
        await self.shop.jobs.end(JobOutcome(lease=self.job.lease, end=last), now=self.now)
        return await commit(self.shop, attrs.evolve(change, consumed=consumed))

    replace(patch, "usecases.work:Work.finish", finish)


@mutant("I10", "ends a job although the order had moved")
def half_a_commit(patch: Patch) -> None:
    """A write that is refused leaves the end of its job behind."""

    def torn(real: Any) -> Any:
        def check(self: Any, change: Any) -> None:
            try:
                real(self, change)
            except StaleOrder:
                if change.outcome is not None:
                    end(self._database, change.outcome, change.at)
                raise

        return check

    exchange(patch, "testing.memory.store:MemoryOrderStore._check", torn)


@mutant("I11", "never gives up a job")
def never_gives_up(patch: Patch) -> None:
    """A job that kills its worker kills for ever."""

    def patient(real: Any) -> Any:
        async def do(work: Any) -> None:
            """Forget how often it was tried."""
            await real(attrs.evolve(work, job=attrs.evolve(work.job, attempts=min(work.job.attempts, 3))))

        return do

    exchange(patch, "usecases.run_job:_try", patient)


@mutant("I11", "takes an unknown job for done")
def default_branch(patch: Patch) -> None:
    """What this version does not know is dropped without a word."""

    async def bury(work: Any, why: str) -> None:
        """Say nothing."""
        await work.end(Done())

    replace(patch, "usecases.run_job:_bury", bury)


@mutant("I12", "sends a fresh link each time that a webhook is read")
def replays_mail(patch: Patch) -> None:
    """A replay moves what came of it the first time."""

    def again(real: Any) -> Any:
        async def receive(work: Any, webhook_id: WebhookId) -> None:
            """Send a link again, and then do what is to be done."""
            stored = await work.shop.inbox.get(webhook_id)
            if stored.order_id is not None:
                with suppress(Refused):
                    await resend_link(work.shop, stored.order_id, by="system-again")
            await real(work, webhook_id)

        return receive

    exchange(patch, "usecases.run_job:receive_supplier_event", again)


@mutant("I13", "takes any signature of the gateway")
def any_signature(patch: Patch) -> None:
    """Whoever knows the address can send."""
    patch.setattr("bitloot_core.testing.payment_gateway.hmac", _Agreeable)


@mutant("I13", "takes any signature of the supplier")
def any_event(patch: Patch) -> None:
    """The same, for events."""
    patch.setattr("bitloot_core.testing.supplier_events.hmac", _Agreeable)


class _Agreeable:
    """Finds that everything is equal."""

    @staticmethod
    def compare_digest(*_: object) -> bool:
        """Yes."""
        return True

    @staticmethod
    def new(*args: Any) -> Any:
        """As ever."""
        return hmac.new(*args)
