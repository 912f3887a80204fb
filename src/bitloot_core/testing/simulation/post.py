"""
How webhooks come: late, twice, out of order, damaged, forged, or not at all; and again until somebody says 200.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import attrs

from bitloot_core.ports.inbox import Source
from bitloot_core.testing.simulation.front_door import FrontDoor, take_webhook
from bitloot_core.testing.simulation.process import NoAnswer
from bitloot_core.testing.simulation.scene import Scene

_PAUSES = (20.0, 60.0, 120.0, 300.0)
"""**Source:** both vendors send again a few times, and then drop a webhook."""


_STORED = 200
_PUNCTUAL = 0.8


@attrs.frozen
class Letter:
    """
    One webhook on its way.

    Attributes:
        about: what it says, for the history.
        name: names it among all of a simulation.
    """

    source: Source
    headers: Mapping[str, str]
    body: bytes
    order_id: str
    about: str
    name: str


class Post:
    """
    Carries webhooks from the vendors to the shop.

    Args:
        turned_away: told of each answer to a webhook that is none: its source, body and the HTTP status.
        answered: told of each answer to an authentic one.
    """

    def __init__(
        self,
        scene: Scene,
        door: FrontDoor,
        *,
        turned_away: Callable[[Source, bytes, int], None],
        answered: Callable[[Source, bytes, int], None],
    ) -> None:
        self._scene = scene
        self._door = door
        self._turned_away = turned_away
        self._answered = answered
        self._posted: dict[tuple[Source, str], int] = {}

    def send(self, source: Source, headers: Mapping[str, str], body: bytes, *, order_id: str, about: str) -> None:
        """Send an authentic webhook, in whatever way the weather has it."""
        scene = self._scene
        scene.facts.authentic.add((source, body))
        count = self._posted[source, order_id] = self._posted.get((source, order_id), 0) + 1
        letter = Letter(source, headers, body, order_id, about, f"{source} {order_id}#{count}")
        if scene.fates.strikes(scene.weather.vanish, "webhook vanishes", letter.name):
            scene.history.fault("webhook vanishes", source, f"never sends: {about}", order_id)
        else:
            scene.act(self._deliver(letter))

    async def _deliver(self, letter: Letter) -> None:
        scene = self._scene
        delay, again = scene.chance.pair("post", letter.name)
        # Mostly at once; one in five takes so long that it comes after those that were sent later.
        await asyncio.sleep(delay * 600 if delay > _PUNCTUAL and scene.is_storm else 0.05 + delay)
        if scene.fates.strikes(scene.weather.forge, "webhook forged", letter.name):
            await self._forge(letter)
        for pause in (0.0, *_PAUSES):
            await asyncio.sleep(pause)
            if await self._try(letter) == _STORED:
                break
        else:
            scene.history.fault("webhook given up", letter.source, f"gives up: {letter.about}", letter.order_id)
        if scene.fates.strikes(scene.weather.repeat, "webhook repeated", letter.name):
            await asyncio.sleep(again * 1_200)
            scene.history.fault("webhook repeated", letter.source, f"sends again: {letter.about}", letter.order_id)
            await self._try(letter)

    async def _try(self, letter: Letter) -> int | None:
        """Send it once; the HTTP status of the answer, if there is one."""
        status = await self._status_of(letter, letter.body)
        told = "no answer" if status is None else status
        self._scene.history.add(letter.source, f"{letter.about}: {told}", letter.order_id)
        if status is not None:
            self._answered(letter.source, letter.body, status)
        return status

    async def _forge(self, letter: Letter) -> None:
        """What somebody who cannot sign would send: another body under the signature of this one."""
        body = letter.body
        place = self._scene.chance.count(0, len(body) - 1, "forged", letter.name)
        forged = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        status = await self._status_of(letter, forged)
        if status is not None:
            self._scene.history.fault("webhook forged", "somebody", f"forges a webhook: {status}", letter.order_id)
            self._turned_away(letter.source, forged, status)

    async def _status_of(self, letter: Letter, body: bytes) -> int | None:
        take = partial(take_webhook, source=letter.source, headers=letter.headers, body=body)
        try:
            return await self._door.ask(letter.order_id, take)
        except NoAnswer:
            return None
