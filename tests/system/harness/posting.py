"""Webhooks sent by hand: at once, in the wrong order, forged, broken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence

import attrs

from bitloot_adapters.nowpayments_simulator import SIGNATURE_HEADER, Notice, NoticeOdds
from harness.system import System

IPN = "/payments/ipn"
EVENTS = "/kinguin/webhooks"


@attrs.frozen(kw_only=True)
class Posted:
    """A webhook as it goes on the wire."""

    path: str
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


def intercept_notices(system: System) -> None:
    """From now on the gateway writes its notices down and sends none; `intercepted` has them."""
    system.vendors.gateway.notice_faults.odds = NoticeOdds(drop=1)


def intercepted(system: System, payment_id: str) -> list[Posted]:
    """The notices of a payment, as they would have been sent, oldest first."""
    return [as_sent(sent.notice) for sent in system.vendors.gateway.notices_of(payment_id)]


def as_sent(notice: Notice) -> Posted:
    """A notice as it goes on the wire."""
    headers = {} if notice.signature is None else {SIGNATURE_HEADER: notice.signature}
    return Posted(path=IPN, body=notice.body, headers={"Content-Type": "application/json", **headers})


def signed_event(system: System, body: bytes) -> Posted:
    """Any bytes, signed as the supplier signs."""
    secret = system.place.settings["KINGUIN_WEBHOOK_SECRET"].encode()
    return Posted(
        path=EVENTS, body=body, headers={"X-KINGUIN-SIGNATURE": hmac.new(secret, body, hashlib.sha512).hexdigest()}
    )


async def post(system: System, posted: Posted) -> int:
    """Send one; the status of the answer."""
    url = system.place.url + posted.path
    async with system.session.post(url, data=posted.body, headers=posted.headers) as answer:
        await answer.read()
        return answer.status


async def post_all(system: System, posted: Iterable[Posted]) -> Sequence[int]:
    """Send all at once; the statuses of the answers."""
    return await asyncio.gather(*(post(system, one) for one in posted))
