"""
The simulated gateway as one object: state that outlives its server, verbs for the payer, knobs for what goes wrong.

What lives here: the assembly, the server's life, what happens by itself after a payment was created. What must not:
rules of the API.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, TypeAlias

import attrs
from aiohttp import web

from .account import Account
from .api import BASE_PATH, Api
from .book import Book
from .coins import RateTable
from .faults import ApiFaults
from .notice_faults import NoticeFaults
from .notices import NoticeSender, RetrySchedule, SentNotice
from .payer import Payer
from .pipeline import ApiCall, Pipeline
from .tasks import TaskPool
from .tokens import Tokens
from .values import SimulatedInvoice, SimulatedPayment
from .wire import WireOptions

Behaviour: TypeAlias = Callable[[SimulatedPayment], Awaitable[object]]
"""What the payer does by himself with each payment that the merchant creates."""

DEFAULT_LOGIN: Final = ("merchant@example.test", "Simulated-Passw0rd")


def _utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # the default of an argument that every test gives


@attrs.frozen(kw_only=True)
class Served:
    """
    A running server.

    Attributes:
        base_url: ends in `/v1`, without a slash.
    """

    base_url: str
    host: str
    port: int


class NowPaymentsSimulator(Payer):
    """
    NOWPayments on loopback, and the payer who uses it.

    Args:
        api_keys: the account's keys.
        ipn_secret: the account's IPN secret; none means that no notice is ever sent.
        clock: now, in aware UTC; drives stamps, expiry, tokens and rate limits, never the notices' retries.
        rng: source of ids, addresses and odds; give a seeded one to repeat a run.
        schedule: the notices' retries.
        options: the wire forms.
        outcome_currency: the coin of the merchant's wallet.
        login: e-mail and password for `POST /auth`.
        is_sandbox: understand `case` and act on it.
    """

    def __init__(
        self,
        *,
        api_keys: Iterable[str],
        ipn_secret: str | None,
        clock: Callable[[], datetime] = _utc_now,
        rng: random.Random | None = None,
        schedule: RetrySchedule | None = None,
        options: WireOptions | None = None,
        outcome_currency: str = "usdttrc20",
        login: tuple[str, str] | None = DEFAULT_LOGIN,
        is_sandbox: bool = False,
    ) -> None:
        rng = rng or random.Random()
        self.rates = RateTable()
        book = Book(self.rates, clock, rng, outcome_currency)
        sender = NoticeSender(clock, schedule or RetrySchedule())
        super().__init__(book, sender, NoticeFaults(rng), ipn_secret, options or WireOptions())
        self.account = Account(api_keys, login, Tokens(rng.randbytes(32)), is_sandbox=is_sandbox)
        self.faults = ApiFaults()
        self.announces_creation = True
        self._pipeline = Pipeline(self.faults, clock)
        self._api = Api(book, self, self.account, clock, self._after_creation)
        self._tasks = TaskPool()
        self._behaviour: Behaviour | None = None

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Served]:
        """
        Listen, and send notices, until the block ends; then every task of the simulator is over.

        State is kept: serving again on the same port is the vendor's return after an outage.

        Args:
            host: a loopback address.
            port: 0 takes a free one.
        """
        application = web.Application()
        application.add_routes(self._api.routes(self._pipeline))
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self._sender.open()
            bound: int = runner.addresses[0][1]
            yield Served(base_url=f"http://{host}:{bound}{BASE_PATH}", host=host, port=bound)
        finally:
            try:
                await self._tasks.close()
            finally:
                await self._sender.close()
                await runner.cleanup()

    @property
    def payments(self) -> tuple[SimulatedPayment, ...]:
        """All payments, oldest first."""
        return self._book.payments

    @property
    def invoices(self) -> tuple[SimulatedInvoice, ...]:
        """All invoices, oldest first."""
        return self._book.invoices

    def payment(self, payment_id: int | str) -> SimulatedPayment:
        """
        One payment.

        Raises:
            ApiError: it does not exist.
        """
        return self._book.payment(int(payment_id))

    def payments_of(self, order_id: str) -> tuple[SimulatedPayment, ...]:
        """The payments with an order id, oldest first, children that carry it included."""
        return self._book.payments_of(order_id)

    @property
    def sent_notices(self) -> tuple[SentNotice, ...]:
        """Every attempt to send a notice and its answer, oldest first (the last 50,000)."""
        return tuple(self._sender.log)

    def notices_of(self, payment_id: int | str) -> tuple[SentNotice, ...]:
        """The attempts for one payment, oldest first."""
        return tuple(sent for sent in self._sender.log if sent.notice.payment_id == int(payment_id))

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every request and the status it was answered with, oldest first (the last 50,000)."""
        return tuple(self._pipeline.calls)

    def calls_of(self, call: str) -> tuple[ApiCall, ...]:
        """The requests of one call, such as `POST /payment`, oldest first."""
        return tuple(made for made in self._pipeline.calls if made.call == call)

    @property
    def open_requests(self) -> int:
        """How many requests have come in and have no answer yet, those that hang by plan included."""
        return self._pipeline.open_requests

    @property
    def pending_tasks(self) -> int:
        """How many background tasks are alive; zero at rest."""
        return len(self._tasks) + self._sender.pending_tasks

    async def idle(self) -> None:
        """Wait until automatic payers have done their work and every notice has been delivered or given up."""
        while self.pending_tasks:
            await self._tasks.idle()
            await self._sender.idle()

    def pay_automatically(self, behaviour: Behaviour | None) -> None:
        """
        Let something happen to each payment that the merchant creates from now on.

        Args:
            behaviour: called with the payment in a task of the simulator, such as
                `lambda payment: simulator.pay(payment.payment_id)`; none stops it.
        """
        self._behaviour = behaviour

    def configure(
        self,
        *,
        options: WireOptions | None = None,
        schedule: RetrySchedule | None = None,
        latency_seconds: float | None = None,
        step_delay_seconds: float | None = None,
        limits_per_second: Mapping[str, int] | None = None,
    ) -> None:
        """
        Turn knobs while the simulator runs; what is not given stays.

        Args:
            options: the wire forms.
            schedule: the notices' retries.
            latency_seconds: pause before each answer.
            step_delay_seconds: pause between two statuses of a payment.
            limits_per_second: requests per second and address by call, more being 429; such as `PUBLISHED_LIMITS`.
        """
        if options is not None:
            self.options = options
        if schedule is not None:
            self._sender.schedule = schedule
        if latency_seconds is not None:
            self._pipeline.latency_seconds = latency_seconds
        if step_delay_seconds is not None:
            self.step_delay_seconds = step_delay_seconds
        if limits_per_second is not None:
            self._pipeline.limits_per_second = limits_per_second

    def _after_creation(self, payment: SimulatedPayment, case: str | None) -> None:
        if self.announces_creation:
            self._announce(payment)
        behaviour = self._behaviour or self._behaviour_of(case)
        if behaviour is not None:
            self._tasks.start(_acted(behaviour, payment))

    def _behaviour_of(self, case: str | None) -> Behaviour | None:
        """The sandbox's `case`; what `common` means is not published, here it does nothing."""
        cases: Mapping[str | None, Behaviour] = {
            "success": lambda payment: self.pay(payment.payment_id),
            "failed": lambda payment: self.fail(payment.payment_id),
            "partially_paid": lambda payment: self.pay(payment.payment_id, payment.pay_amount / 2),
        }
        return cases.get(case)


async def _acted(behaviour: Behaviour, payment: SimulatedPayment) -> None:
    await behaviour(payment)
