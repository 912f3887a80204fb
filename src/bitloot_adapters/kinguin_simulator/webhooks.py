"""
Sending webhooks: a queue, a few senders, retries, and the faults that befall them.

The API never waits for a webhook: an event is queued and the caller goes on. What an event says is in `signing`.

Source: Kinguin ESA documentation, state July 2025, "Webhooks handling": 2xx is taken, anything else is tried again
"several times" and then dropped; after too many failures the endpoint can be disabled; order is not preserved.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import attrs

from bitloot_adapters.kinguin_simulator.signing import Webhook, WebhookForm, encoded, headers_of
from bitloot_adapters.kinguin_simulator.timers import Timers
from bitloot_adapters.kinguin_simulator.webhook_faults import (
    DelayWebhook,
    DuplicateWebhook,
    ForgeWebhook,
    SkipWebhook,
    SwapWebhook,
    WebhookFaults,
)
from bitloot_adapters.kinguin_simulator.wire import Json

SENDERS = 8
REMEMBERED = 10_000
WRONG_SECRET = "not-the-secret-of-this-shop"  # what a forger would guess
RETRIES = (timedelta(seconds=0.2), timedelta(seconds=0.5), timedelta(seconds=1), timedelta(seconds=2))


@attrs.frozen(kw_only=True)
class SentWebhook:
    """
    One attempt to send a webhook: which try it was, and the status it met (None when nobody answered).
    """

    event_name: str | None
    form: WebhookForm
    body: bytes = attrs.field(repr=False)
    attempt: int
    status: int | None

    @property
    def taken(self) -> bool:
        """
        Whether the receiver answered 2xx.
        """
        return self.status is not None and self.status // 100 == 2  # the class of success


@attrs.frozen(kw_only=True)
class _Sending:
    webhook: Webhook
    attempt: int = 1
    forged: bool = False
    released: tuple[Webhook, ...] = ()
    tried: asyncio.Event | None = None


class Webhooks:
    """
    The shop's webhook settings, as its dashboard at the supplier holds them, and the sender behind them.

    Attributes:
        target: where webhooks go; None sends none.
        event_secret: the plain secret of the documented form.
        signing_secret: the HMAC secret of the signed form.
        form: the form of webhooks about orders; `product.update` only exists in the documented one.
        announce_processing: also send a webhook when an order is placed.
        announce_complete: also send the deprecated `order.complete`.
        announce_products: send `product.update` for each change of price or stock.
        with_key: the signed form carries the key.
        retries: pause before each further attempt; after the last one the webhook is dropped.
        answer_within: how long the receiver may take.
        disable_after: dropped webhooks in a row that disable the endpoint; None never does.
    """

    def __init__(self, rng: random.Random) -> None:
        self.target: str | None = None
        self.event_secret = ""
        self.signing_secret = ""
        self.form = WebhookForm.EVENT_SECRET
        self.announce_processing = False
        self.announce_complete = False
        self.announce_products = False
        self.with_key = False
        self.retries: tuple[timedelta, ...] = RETRIES
        self.answer_within = timedelta(seconds=5)
        self.disable_after: int | None = None
        self.faults = WebhookFaults(rng)
        self.dropped = 0
        self._dropped_in_a_row = 0
        self._sent: deque[SentWebhook] = deque(maxlen=REMEMBERED)
        self._queue: asyncio.Queue[_Sending] = asyncio.Queue()
        self._held_back: list[Webhook] = []
        self._timers = Timers()
        self._open = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._session: aiohttp.ClientSession | None = None

    def configure(self, *, target: str, secret: str, form: WebhookForm = WebhookForm.EVENT_SECRET) -> None:
        """
        Set where webhooks go and what vouches for them; the secret serves both forms.
        """
        self.target = target
        self.event_secret = secret
        self.signing_secret = secret
        self.form = form

    @property
    def sent(self) -> tuple[SentWebhook, ...]:
        """
        The latest attempts, oldest first.
        """
        return tuple(self._sent)

    @property
    def disabled(self) -> bool:
        """
        Whether the supplier gave the endpoint up; `enable` takes that back.
        """
        return self.disable_after is not None and self._dropped_in_a_row >= self.disable_after

    def enable(self) -> None:
        """
        Make a disabled endpoint receive again.
        """
        self._dropped_in_a_row = 0

    def send(self, webhook: Webhook) -> None:
        """
        Queue a webhook; the script of faults decides what becomes of it.
        """
        if self.target is None or self.disabled:
            return
        released, self._held_back = tuple(self._held_back), []
        match self.faults.take():
            case None:
                self._enqueue(_Sending(webhook=webhook, released=released))
            case SkipWebhook():
                self._release(released)
            case DuplicateWebhook(times=times):
                self._enqueue(_Sending(webhook=webhook, released=released))
                for _ in range(times - 1):
                    self._enqueue(_Sending(webhook=webhook))
            case DelayWebhook(by=by):
                self._later(by, _Sending(webhook=webhook, released=released))
            case SwapWebhook():
                self._held_back = [*released, webhook]
            case ForgeWebhook():
                self._enqueue(_Sending(webhook=webhook, forged=True, released=released))

    def send_raw(self, event_name: str, body: Json) -> None:
        """
        Queue a webhook of the documented form with any name and any body.
        """
        self.send(Webhook(event_name=event_name, form=WebhookForm.EVENT_SECRET, body=encoded(body)))

    async def send_and_wait(self, webhooks: tuple[Webhook, ...], within: timedelta) -> None:
        """
        Queue webhooks past the script of faults, and wait until each was tried once or the time is over.
        """
        if self.target is None or self.disabled:
            return
        tried = [asyncio.Event() for _ in webhooks]
        for webhook, event in zip(webhooks, tried, strict=True):
            self._enqueue(_Sending(webhook=webhook, tried=event))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                for event in tried:
                    await event.wait()

    async def probe(self, body: bytes = b"") -> int | None:
        """
        Send what the dashboard's TEST URL button sends, and return the status that came back.
        """
        return await self._post(Webhook(event_name=None, form=WebhookForm.EVENT_SECRET, body=body), self.event_secret)

    async def settled(self, within: timedelta = timedelta(seconds=10)) -> None:
        """
        Wait until every webhook was taken or dropped; one held back for swapping does not count.

        Raises:
            TimeoutError: that did not happen in time.
        """
        await asyncio.wait_for(self._quiet.wait(), within.total_seconds())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """
        Send queued webhooks while the context is open; what waits for another try when it ends is dropped.
        """
        waiting = self._queue
        self._queue = asyncio.Queue()
        self._quiet = asyncio.Event()
        self._open = 0
        while not waiting.empty():
            self._enqueue(waiting.get_nowait())
        self._note_quiet()
        async with aiohttp.ClientSession() as session:
            self._session = session
            senders = [asyncio.create_task(self._work(), name=f"webhook sender {n}") for n in range(SENDERS)]
            try:
                yield
            finally:
                self._timers.drop()
                for sender in senders:
                    sender.cancel()
                await asyncio.gather(*senders, return_exceptions=True)
                self._session = None
                self._open = 0
                self._note_quiet()

    async def _work(self) -> None:
        while True:
            await self._attempt(await self._queue.get())

    async def _attempt(self, sending: _Sending) -> None:
        webhook = sending.webhook
        secret = self.signing_secret if webhook.form is WebhookForm.SIGNATURE else self.event_secret
        status = await self._post(webhook, WRONG_SECRET if sending.forged else secret)
        sent = SentWebhook(
            event_name=webhook.event_name,
            form=webhook.form,
            body=webhook.body,
            attempt=sending.attempt,
            status=status,
        )
        self._sent.append(sent)
        self._release(sending.released)
        if sending.tried is not None:
            sending.tried.set()
        self._conclude(sending, sent)
        self._ended()

    def _conclude(self, sending: _Sending, sent: SentWebhook) -> None:
        if sending.forged:
            return
        if sent.taken:
            self._dropped_in_a_row = 0
        elif sending.attempt <= len(self.retries):
            pause = self.retries[sending.attempt - 1]
            self._later(pause, attrs.evolve(sending, attempt=sending.attempt + 1, released=(), tried=None))
        else:
            self.dropped += 1
            self._dropped_in_a_row += 1

    async def _post(self, webhook: Webhook, secret: str) -> int | None:
        if self._session is None or self.target is None:
            return None
        timeout = aiohttp.ClientTimeout(total=self.answer_within.total_seconds())
        try:
            async with self._session.post(
                self.target, data=webhook.body, headers=headers_of(webhook, secret), timeout=timeout
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _release(self, webhooks: tuple[Webhook, ...]) -> None:
        for webhook in webhooks:
            self._enqueue(_Sending(webhook=webhook))

    def _enqueue(self, sending: _Sending) -> None:
        self._began()
        self._queue.put_nowait(sending)

    def _later(self, pause: timedelta, sending: _Sending) -> None:
        self._began()
        self._timers.after(pause, lambda: self._queue.put_nowait(sending))

    def _began(self) -> None:
        self._open += 1
        self._quiet.clear()

    def _ended(self) -> None:
        self._open -= 1
        self._note_quiet()

    def _note_quiet(self) -> None:
        if self._open == 0:
            self._quiet.set()
