"""
Following each order from outside: the staff's view of it for the board, the buyer's mail, the link, the keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import attrs

from bitloot_http.demo.board import Board, Row, Voice
from bitloot_http.demo.clients import Browser, RevealedKey, Staff
from bitloot_http.demo.post import LetterBox
from bitloot_http.demo.screenplay import Delivery, Notices, Pays, Scene

LOOK_SECONDS = 0.15
_BOUGHT = frozenset({"placed", "completed"})
_WORTH_TELLING = frozenset(
    {
        "OrderExpired",
        "PaymentDoubted",
        "PaymentVoided",
        "ReservationDoubted",
        "ReservationReleased",
        "StrayPaymentSeen",
    }
)
"""Events of the timeline in which the audience sees the shop at work; the ordinary ones are on the board."""


@attrs.frozen(kw_only=True)
class Parcel:
    """What a buyer has in the end."""

    link: str = attrs.field(repr=False)
    keys: tuple[RevealedKey, ...]


@attrs.frozen
class Followers:
    """
    Whoever watches.

    Args:
        browser: the buyers'.
        staff: the operator.
        letters: the buyers' letter box.
        board: where it is told.
        pause: seconds between two looks at one order.
    """

    browser: Browser
    staff: Staff
    letters: LetterBox
    board: Board
    pause: float = LOOK_SECONDS

    async def follow(self, row: Row) -> Parcel:
        """Follow a placed order to its keys in the buyer's hands."""
        told = 0
        while True:
            order = await self.staff.order(row.order_id)
            _update(row, order)
            told = self._retell(row, order["timeline"], told)
            letter = self.letters.letter_to(row.scene.email)
            if letter is not None and row.held == row.scene.keys:
                row.mailed_at = letter.written_at
                break
            await asyncio.sleep(self.pause)
        await self.browser.open_link(letter.link)  # the scanner of the buyer's mail program: it must cost nothing
        await self.browser.open_link(letter.link)
        keys = await self.browser.reveal(letter.link)
        row.revealed = len(keys)
        return Parcel(link=letter.link, keys=keys)

    async def await_finding(self, row: Row) -> None:
        """Wait until something about an order is put before a person."""
        while not (found := (await self.staff.order(row.order_id))["findings"]):  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(self.pause)
        for finding in found:
            self.board.tell(Voice.SHOP, f"Needs a person ({finding['reason']}): {finding['text']}", row.scene.number)

    def _retell(self, row: Row, timeline: Sequence[Mapping[str, Any]], told: int) -> int:
        """Put what is new in the timeline into the feed, where the audience sees the shop at work; how far we are."""
        for number, entry in enumerate(timeline[told:], start=told):
            earlier = {passed["event"] for passed in timeline[:number]}
            if entry["event"] in _WORTH_TELLING or _is_rescue(entry, earlier, row.scene):
                self.board.tell(Voice.SHOP, entry["text"], row.scene.number)
        return len(timeline)


def _is_rescue(entry: Mapping[str, Any], earlier: AbstractSet[str], scene: Scene) -> bool:
    """Whether something has turned out well that had not begun well."""
    match entry["event"]:
        case "PaymentOpened":
            return "PaymentDoubted" in earlier
        case "PaymentSettled":
            return scene.pays is not Pays.EXACTLY or scene.notices is not Notices.GOOD
        case "ReservationPlaced":
            return "ReservationDoubted" in earlier
        case "OrderFulfilled":
            return scene.delivery is not Delivery.GOOD
        case _:
            return False


def _update(row: Row, order: Mapping[str, Any]) -> None:
    row.status = order["status"]
    row.is_paid = any(entry["event"] == "PaymentSettled" for entry in order["timeline"])
    reservations = order["reservations"]
    row.is_bought = bool(reservations) and all(res["status"] in _BOUGHT for res in reservations)
    row.held = sum(item["delivered"] for item in order["items"])
