"""Broken on purpose: buying, keys and money (I1, I2, I3, I6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from mutants import Patch, exchange, mutant, replace

from bitloot_core.order import events as e
from bitloot_core.order.order import Cancelled, Refunded
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.units import OwedUnit
from bitloot_core.testing.overridden import Overridden
from bitloot_core.usecases.sealing import discard
from bitloot_core.values.errors import Unavailable, Unknown

START = "usecases.start_reservation"


@mutant("I1", "buys without looking whether it has bought")
def never_looks(patch: Patch) -> None:
    """The look by our reference always finds nothing."""

    async def adopts_nothing(*_: object) -> bool:
        """Nothing is ever there."""
        return False

    replace(patch, f"{START}:_adopt", adopts_nothing)


@mutant("I1", "looks without a quiet window")
def no_quiet_window(patch: Patch) -> None:
    """One look, ten seconds later, and then it buys again."""

    def claims_at_once(real: Any) -> Any:
        return lambda order, command, now, policy: real(
            order, command, now, attrs.evolve(policy, supplier_quiet=timedelta(0))
        )

    exchange(patch, "order.decide_purchase:claim", claims_at_once)
    replace(patch, "order.policy:Policy.lookups", lambda _: (timedelta(seconds=10),))


@mutant("I1", "takes no answer for a no")
def no_answer_is_a_no(patch: Patch) -> None:
    """A purchase without an answer is released at once, and bought again after a look."""

    def careless(real: Any) -> Any:
        async def buy(work: Any, *args: Any) -> None:
            """Buy from a supplier that is taken at its silence."""

            async def reserve(items: Any, *, ref: Any) -> Any:
                """Take no answer for a no."""
                try:
                    return await work.shop.supplier.reserve(items, ref=ref)
                except Unknown as error:
                    raise Unavailable("supplier", "no answer") from error

            shop = attrs.evolve(work.shop, supplier=Overridden(work.shop.supplier, reserve=reserve))
            await real(attrs.evolve(work, shop=shop), *args)

        return buy

    exchange(patch, f"{START}:_buy", careless)


@mutant("I1", "buys without a claim in writing")
def no_claim(patch: Patch) -> None:
    """Nothing is written before the call, so nobody knows afterwards that it was made."""

    def unwritten(real: Any) -> Any:
        def claim(order: Any, command: Any, now: Any, policy: Any) -> Any:
            real(order, command, now, policy)
            return ()

        return claim

    exchange(patch, "order.decide_purchase:claim", unwritten)


@mutant("I1", "plans a purchase again for units that are on their way")
def plans_twice(patch: Patch) -> None:
    """A retry buys whatever is owed, bought or not."""
    replace(patch, "order.order:Order.unbought", property(lambda order: order.owed))


@mutant("I2", "has no unique index on the supplier's key ids")
def no_unique_index(patch: Patch) -> None:
    """A key that the supplier sells twice is held twice."""
    replace(patch, "testing.memory.store:MemoryOrderStore._check_names", lambda *_: None)


@mutant("I2", "throws away what it has just sealed")
def discards_all(patch: Patch) -> None:
    """What was sealed for nothing, and what was not, too."""

    async def discard_all(vault: Any, _: Any, seals: Any) -> None:
        """Discard all that was sealed."""
        await discard(vault, seals)

    replace(patch, "usecases.finalize_delivery:discard_unused", discard_all)


@mutant("I2", "seals again, and forgets what it holds")
def seals_twice(patch: Patch) -> None:
    """Each look at a purchase seals all its keys, and the units take the newest."""

    def forgets(real: Any) -> Any:
        return lambda order, event: real(_without(order, order.unit(event.unit_id)), event)

    exchange(patch, "order.transitions:hold", forgets)
    exchange(patch, "order.decide_delivery:_new", lambda _: lambda __, ___, keys: keys)
    exchange(patch, "usecases.finalize_delivery:match_keys", _matches_all)


def _matches_all(real: Any) -> Any:
    def match(order: Any, plan: Any, keys: Any) -> Any:
        units = tuple(OwedUnit(id=unit.id, line=unit.line) for unit in order.units)
        return real(attrs.evolve(order, units=units), plan, keys)

    return match


def _without(order: Any, unit: Any) -> Any:
    owed = OwedUnit(id=unit.id, line=unit.line)
    return attrs.evolve(order, units=tuple(owed if one.id == unit.id else one for one in order.units))


@mutant("I2", "does not open again what it has sealed")
def does_not_read_back(patch: Patch) -> None:
    """An object that was written other than it was given is found out by the buyer."""

    async def save_keys(self: Any, keys: Any) -> Any:
        """Write, and believe that it is there."""
        damaged, self._damage_next_save = self._damage_next_save, False
        return tuple(self._add(owner, material, damaged=damaged) for owner, material in keys)

    replace(patch, "testing.vault:FakeVault.save_keys", save_keys)


@mutant("I3 I1", "believes what a notice says")
def believes_the_body(patch: Patch) -> None:
    """A payment is not read back: an authentic notice of money that never came settles it."""
    replace(patch, "usecases.receive_payment_notice:must_read_back", lambda *_: False)
    replace(patch, "order.decide_payment:must_read_back", lambda *_: False)


@mutant("I3", "buys although the money went back")
def buys_without_money(patch: Patch) -> None:
    """The claim of a purchase asks for no money."""

    def unasked(real: Any) -> Any:
        def claim(order: Any, command: Any, now: Any, policy: Any) -> Any:
            try:
                return real(order, command, now, policy)
            except TransitionRefused as refusal:
                if refusal.code != "not-paid":
                    raise
                return (e.ReservationClaimed(at=now, number=command.number),)

        return claim

    exchange(patch, "order.decide_purchase:claim", unasked)


@mutant("I3", "opens keys after a refund")
def opens_after_a_refund(patch: Patch) -> None:
    """Whether keys may go out is not asked."""
    replace(patch, "order.order:Order.may_reveal", property(lambda _: True))


@mutant("I6", "books no top-up")
def books_no_top_up(patch: Patch) -> None:
    """What comes on a payment after the first coins is not in the ledger."""

    def first_only(real: Any) -> Any:
        def received(before: Any, after: Any, order: Any, at: Any) -> Any:
            entries = real(before, after, order, at)
            return tuple(entry for entry in entries if "+" not in entry.external_id)

        return received

    exchange(patch, "order.effects:_received", first_only)


@mutant("I6", "has no eye for money on closed orders")
def refuses_late_money(patch: Patch) -> None:
    """What comes for an order that was cancelled or refunded is dropped."""

    def deaf(real: Any) -> Any:
        def record(order: Any, command: Any, now: Any, policy: Any) -> Any:
            closed = isinstance(order.closing, Cancelled | Refunded)
            return () if closed else real(order, command, now, policy)

        return record

    exchange(patch, "order.decide_payment:record_reading", deaf)


@mutant("I6", "books what it was ready to pay, not what it was charged")
def books_the_cap(patch: Patch) -> None:
    """The ledger shows another amount than the supplier took."""

    def capped(real: Any) -> Any:
        return lambda number, purchase: attrs.evolve(real(number, purchase), charged=purchase.charged * 2)

    exchange(patch, f"{START}:_record", capped)
