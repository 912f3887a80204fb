"""
The suite of the port `Requests`: the same request twice is carried out once.

Of the unhappy five, a malformed body does not apply: the port takes hashes. The slow peer is the try that overstays its
sixty seconds.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bitloot_core.ports.requests import Answered, Begin, Begun, OtherBody, StillRunning
from bitloot_core.testing.contracts.storage import StorageWorld, failure_of
from bitloot_core.values.ids import OrderId

GIVEN_UP = timedelta(seconds=61)
ANSWER = b'{"orderId":"o1","title":"\xc3\xbc"}'


async def begin(world: StorageWorld, order_id: str = "o1", *, key: str = "key-hash", body: str = "body-hash") -> Begin:
    """Begin a request under a key."""
    return await world.requests.begin(key, body, OrderId(order_id), now=world.clock.now())


async def answer(world: StorageWorld, response: bytes = ANSWER) -> None:
    """Answer the request."""
    await world.requests.answer("key-hash", response, now=world.clock.now())


class RequestsContract:
    """What every memory of idempotency keys must do. The fixture `world` gives an empty one."""

    async def test_a_new_key_is_ours(self, world: StorageWorld) -> None:
        """It is begun, with the order id that was brought."""
        assert Begun(order_id=OrderId("o1")) == await begin(world)

    async def test_keys_are_apart(self, world: StorageWorld) -> None:
        """Another key is another request, also with the same body."""
        await begin(world)

        assert Begun(order_id=OrderId("o2")) == await begin(world, "o2", key="other-hash")

    async def test_a_request_under_way_is_not_begun_again(self, world: StorageWorld) -> None:
        """For sixty seconds it belongs to who began it."""
        await begin(world)
        world.clock.advance(timedelta(seconds=59))

        assert StillRunning() == await begin(world, "o2")

    async def test_of_many_at_once_one_begins(self, world: StorageWorld) -> None:
        """Ten equal requests at the same moment: one is carried out."""
        verdicts = await asyncio.gather(*(begin(world, f"o{number}") for number in range(10)))

        assert sum(isinstance(verdict, Begun) for verdict in verdicts) == 1
        assert sum(verdict == StillRunning() for verdict in verdicts) == 9

    async def test_a_request_that_died_is_taken_over_with_its_order(self, world: StorageWorld) -> None:
        """After sixty seconds the next try goes on with the first one's order id: no second order is placed."""
        await begin(world, "o1")
        world.clock.advance(GIVEN_UP)

        assert Begun(order_id=OrderId("o1")) == await begin(world, "o2")
        assert StillRunning() == await begin(world, "o3")

    async def test_of_many_that_take_over_one_does(self, world: StorageWorld) -> None:
        """Ten tries after the first has died: one goes on."""
        await begin(world)
        world.clock.advance(GIVEN_UP)

        verdicts = await asyncio.gather(*(begin(world, f"o{number}") for number in range(10)))

        assert verdicts.count(Begun(order_id=OrderId("o1"))) == 1
        assert verdicts.count(StillRunning()) == 9

    async def test_an_answer_is_given_again(self, world: StorageWorld) -> None:
        """Byte for byte, as often as it is asked for, until the day is over."""
        await begin(world)
        await answer(world)
        world.clock.advance(timedelta(hours=23))

        expected = Answered(order_id=OrderId("o1"), response=ANSWER)
        assert [expected, expected] == [await begin(world, "o2"), await begin(world, "o3")]

    async def test_the_first_answer_stays(self, world: StorageWorld) -> None:
        """Who was given up for dead and answers late changes nothing."""
        await begin(world)
        await answer(world, b"first")
        await answer(world, b"second")

        assert Answered(order_id=OrderId("o1"), response=b"first") == await begin(world)

    async def test_a_key_with_another_body_is_told(self, world: StorageWorld) -> None:
        """While the first request runs as well as when it was answered."""
        await begin(world)
        running = await begin(world, body="other-hash")
        await answer(world)

        assert (OtherBody(), OtherBody()) == (running, await begin(world, body="other-hash"))

    async def test_a_key_is_forgotten_after_a_day(self, world: StorageWorld) -> None:
        """From then on it is new, with any body."""
        await begin(world)
        await answer(world)
        world.clock.advance(timedelta(hours=24, seconds=1))

        assert Begun(order_id=OrderId("o2")) == await begin(world, "o2", body="other-hash")

    async def test_an_answer_to_nothing_is_harmless(self, world: StorageWorld) -> None:
        """A key that nobody began, or that was forgotten, stays new."""
        await answer(world)

        assert Begun(order_id=OrderId("o1")) == await begin(world)

    async def test_a_begin_that_fails_leaves_the_key_new(self, world: StorageWorld) -> None:
        """A failure before the commit point: the next try begins at once."""
        await world.given_commit_fails_before()
        await failure_of(begin(world, "o1"))

        assert Begun(order_id=OrderId("o2")) == await begin(world, "o2")

    async def test_a_begin_without_an_answer_is_taken_over(self, world: StorageWorld) -> None:
        """A failure after the commit point: the key is taken for its sixty seconds, and then goes on with its order."""
        await world.given_commit_fails_after()
        await failure_of(begin(world, "o1"))

        assert StillRunning() == await begin(world, "o2")
        world.clock.advance(GIVEN_UP)
        assert Begun(order_id=OrderId("o1")) == await begin(world, "o2")

    async def test_an_answer_that_may_be_stored_can_be_given_again(self, world: StorageWorld) -> None:
        """A failure after the commit point: answering once more is harmless."""
        await begin(world)
        await world.given_commit_fails_after()
        await failure_of(answer(world))

        await answer(world)

        assert Answered(order_id=OrderId("o1"), response=ANSWER) == await begin(world)
