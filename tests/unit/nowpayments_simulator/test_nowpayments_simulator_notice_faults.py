"""What goes wrong with the simulator's notices (IPN) on their way, and that it happens when scripted."""

import json
import random

import pytest
from notices_world import ORDINARY, Shop, hmac_of

from bitloot_adapters.nowpayments_simulator import (
    Delay,
    Drop,
    Duplicate,
    NoSignature,
    NoticeFault,
    NoticeOdds,
    Reorder,
    ReplacerArraySignature,
    Replay,
    SignedWith,
    StatusWord,
    WrongSignature,
)


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (
            (Duplicate(times=3),),
            ["waiting", "confirming", "confirmed", "confirmed", "confirmed", "sending", "finished"],
        ),
        ((Drop(),), ["waiting", "confirming", "sending", "finished"]),
        ((Reorder(),), ["waiting", "confirming", "sending", "confirmed", "finished"]),
        ((Delay(seconds=0.1),), ["waiting", "confirming", "sending", "finished", "confirmed"]),
        ((Replay(),), ["waiting", "confirming", "confirmed", "waiting", "sending", "finished"]),
        ((StatusWord(word="thawed"),), ["waiting", "confirming", "thawed", "sending", "finished"]),
        ((), ORDINARY),
    ],
)
async def test_notices_go_astray(shop: Shop, faults: tuple[NoticeFault, ...], words: list[str]) -> None:
    """Duplicates, losses, swaps, delays, replays and unknown words, each for the one notice that was scripted."""
    shop.simulator.notice_faults.next(*faults, status="confirmed")

    await shop.simulator.pay(await shop.create())

    assert await shop.words() == words


async def test_a_held_notice_goes_out_alone_if_none_follows(shop: Shop) -> None:
    """A swap that has no partner is only a delay."""
    shop.simulator.notice_faults.next(Reorder())

    await shop.create()

    assert await shop.words() == ["waiting"]


async def test_a_script_may_wait_for_one_payment(shop: Shop) -> None:
    """Notices of other payments pass."""
    first = await shop.create()
    second = await shop.create()
    shop.simulator.notice_faults.next(Drop(), payment_id=int(second))

    await shop.simulator.fail(first)
    await shop.simulator.fail(second)
    await shop.simulator.idle()

    assert {sent.error for sent in shop.simulator.notices_of(first)} == {None}
    assert {sent.error for sent in shop.simulator.notices_of(second)} == {None, "dropped"}


async def test_wrong_signatures(shop: Shop) -> None:
    """Each fault has the right form and the wrong value, or no header at all; the truth follows by retry or poll."""
    payment_id = await shop.create()
    for fault in (WrongSignature(), ReplacerArraySignature(), SignedWith(secret="old"), NoSignature()):
        shop.simulator.notify(payment_id, fault)
    await shop.simulator.idle()

    body = shop.received[-1][0]
    signatures = [signature for _, signature in shop.received[1:]]
    fee = json.dumps(json.loads(body)["fee"], separators=(",", ":")).encode()
    assert len(signatures[0] or "") == 128
    assert hmac_of(body) not in signatures
    assert signatures[1] == hmac_of(body.replace(fee, b"{}"))
    assert signatures[2] == hmac_of(body, "old")
    assert signatures[3] is None


async def test_a_rotated_secret_signs_what_follows(shop: Shop) -> None:
    """From the rotation on the new secret signs."""
    payment_id = await shop.create()
    shop.simulator.rotate_ipn_secret("new-secret")

    await shop.simulator.fail(payment_id)

    body, signature = await shop.last()
    assert signature == hmac_of(body, "new-secret")


async def test_a_notice_may_lie_under_a_true_signature(shop: Shop) -> None:
    """Fields differ from what a read shows; this is how a mismatch is tested."""
    payment_id = await shop.create()

    shop.simulator.notify(payment_id, payment_status="finished", price_amount=1, order_id="another")

    body, signature = await shop.last()
    assert signature == hmac_of(body)
    assert (json.loads(body)["payment_status"], json.loads(body)["order_id"]) == ("finished", "another")
    assert shop.simulator.payment(payment_id).status == "waiting"


async def test_a_notice_can_be_replayed(shop: Shop) -> None:
    """There is no nonce: the same bytes verify for ever."""
    payment_id = await shop.create()
    await shop.simulator.pay(payment_id)

    shop.simulator.replay_notice(payment_id)

    await shop.simulator.idle()
    assert shop.received[-1] == shop.received[0]


async def test_what_was_never_sent_cannot_be_replayed(shop: Shop) -> None:
    """A test that replays nothing would prove nothing."""
    with pytest.raises(LookupError, match="7"):
        shop.simulator.replay_notice(7)


async def test_odds_repeat_with_their_seed() -> None:
    """The demo's faults are the same for the same seed, and none by default."""
    odds = NoticeOdds(duplicate=0.3, drop=0.1, reorder=0.3, delay=0.3, replay=0.2, wrong_signature=0.2)

    def drawn(seed: int) -> list[tuple[NoticeFault, ...]]:
        """The faults of 200 notices."""
        rng = random.Random(seed)
        return [odds.draw(rng) for _ in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert {type(fault) for faults in drawn(1) for fault in faults} == {
        Duplicate,
        Drop,
        Reorder,
        Delay,
        Replay,
        WrongSignature,
    }
    assert NoticeOdds().draw(random.Random(1)) == ()


async def test_odds_hold_for_every_notice_until_cleared(shop: Shop) -> None:
    """Certain odds hit each notice."""
    shop.simulator.notice_faults.odds = NoticeOdds(drop=1)
    payment_id = await shop.create()
    shop.simulator.notice_faults.clear()

    await shop.simulator.fail(payment_id)

    assert await shop.words() == ["failed"]
