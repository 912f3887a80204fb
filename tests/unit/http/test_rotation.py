"""A rotation brings everything under the newest master key, and says truly which old ones are still needed."""

import attrs
import pytest

from bitloot_core.testing.contracts.vault import OWNER, SERIAL
from bitloot_core.testing.memory import MemoryDatabase, MemoryInbox, MemorySealedRows
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_webhook
from bitloot_core.testing.vault import FakeVault
from bitloot_core.values.errors import Corrupt, Unavailable
from bitloot_core.values.ids import StorageRef, WebhookId
from bitloot_http.cli.rotating import MasterKeyView, RotationView, sentences
from bitloot_http.rotation import MOST_AWAY, Gone, Kind, Sealed, Stuck, Tally, count_sealed, rotate


@attrs.define
class Shop:
    """A vault and an inbox with something in them, and their master keys."""

    vault: FakeVault = attrs.field(factory=FakeVault)
    database: MemoryDatabase = attrs.field(factory=MemoryDatabase)
    rows: MemorySealedRows = attrs.field(init=False)
    keys: tuple[str, ...] = ("k1",)

    def __attrs_post_init__(self) -> None:
        """Around one database."""
        self.rows = MemorySealedRows(self.database)

    @property
    def sealed(self) -> Sealed:
        """All of it."""
        return Sealed(vault=self.vault, rows={Kind.WEBHOOK_BODY: self.rows}, master_keys=self.keys)

    async def keep(self, *, keys: int = 0, bodies: int = 0) -> tuple[list[StorageRef], list[WebhookId]]:
        """Given so many product keys and so many webhooks."""
        refs = await self.vault.save_keys([(OWNER, SERIAL)] * keys)
        inbox, now = MemoryInbox(self.database), PLACED_AT
        begin = len(self.database.webhooks)
        webhooks = [a_webhook(b"%d" % number) for number in range(begin, begin + bodies)]
        return list(refs), [(await inbox.receive(one, now=now)).id for one in webhooks]

    def add_master_key(self) -> None:
        """Given a new one in front."""
        self.vault.add_master_key()
        self.rows.add_master_key()
        self.keys = (f"k{len(self.keys) + 1}", *self.keys)

    def drop_old_master_keys(self) -> None:
        """Given the first one only."""
        self.vault.drop_old_master_keys()
        self.rows.drop_old_master_keys()
        self.keys = self.keys[:1]


@pytest.fixture
def shop() -> Shop:
    """Nothing is sealed yet."""
    return Shop()


async def tallied(sealed: Sealed) -> Tally:
    """Rotate all of it."""
    tally = Tally()
    async for one in rotate(sealed):
        tally.add(one)
    return tally


def key_of(tally: Tally, shop: Shop, key_id: str) -> MasterKeyView:
    """What is said of one master key after a whole run."""
    view = RotationView.of(tally, shop.keys, complete=True)
    return next(key for key in view.master_keys if key.id == key_id)


async def test_everything_comes_under_the_newest_key(shop: Shop) -> None:
    """Keys and bodies; then the old one may go."""
    await shop.keep(keys=40, bodies=3)
    shop.add_master_key()
    await shop.keep(keys=1, bodies=1)

    tally = await tallied(shop.sealed)

    assert await count_sealed(shop.sealed) == 45
    assert tally.looked_at == {Kind.PRODUCT_KEY: 41, Kind.WEBHOOK_BODY: 4}
    assert tally.rewrapped == {Kind.PRODUCT_KEY: 40, Kind.WEBHOOK_BODY: 3}
    assert tally.under == {(Kind.PRODUCT_KEY, "k2"): 41, (Kind.WEBHOOK_BODY, "k2"): 4}
    assert key_of(tally, shop, "k1").droppable
    assert not key_of(tally, shop, "k2").droppable


async def test_a_second_run_has_nothing_to_do(shop: Shop) -> None:
    """It looks, and writes nothing."""
    await shop.keep(keys=5, bodies=2)
    shop.add_master_key()
    await tallied(shop.sealed)

    again = await tallied(shop.sealed)

    assert again.looked_at.total() == 7
    assert again.rewrapped.total() == 0


async def test_a_run_that_was_ended_is_gone_on_with(shop: Shop) -> None:
    """At whichever thing it ended: the next run does the rest, and together they did each once."""
    await shop.keep(keys=30, bodies=2)
    shop.add_master_key()
    begun = rotate(shop.sealed)
    seen = [await anext(begun) for _ in range(7)]
    await begun.aclose()

    rest = await tallied(shop.sealed)

    assert len(seen) == 7
    assert 0 < rest.rewrapped.total() <= 25
    assert rest.under[Kind.PRODUCT_KEY, "k2"] == 30


async def test_what_is_stuck_is_named_and_keeps_its_key_needed(shop: Shop) -> None:
    """By the object's name, which says nothing about whose it is; the others are rotated."""
    (good, bad), (body,) = await shop.keep(keys=2, bodies=1)
    shop.vault.damage(bad)
    shop.rows.damage(body)
    shop.add_master_key()

    tally = await tallied(shop.sealed)

    assert {(one.kind, one.name, one.under) for one in tally.stuck} == {
        (Kind.PRODUCT_KEY, bad, "k1"),
        (Kind.WEBHOOK_BODY, str(body), "k1"),
    }
    assert key_of(tally, shop, "k1").needed_by == {"product keys": 1, "webhook bodies": 1}
    assert not key_of(tally, shop, "k1").droppable
    assert (await shop.vault.rotate(good)).before == "k2"


async def test_a_key_that_is_missing_is_named(shop: Shop) -> None:
    """It was dropped too early; the objects say which it was."""
    await shop.keep(keys=1)
    shop.add_master_key()
    shop.drop_old_master_keys()

    tally = await tallied(shop.sealed)

    missing = key_of(tally, shop, "k1")
    assert (missing.in_settings, missing.needed_by, missing.droppable) == (False, {"product keys": 1}, False)
    view = RotationView.of(tally, shop.keys, complete=True)
    assert list(sentences(view))[-1] == "k1 is still needed by 1 product key, and is not in VAULT_KEYS."


async def test_an_object_that_vanished_meanwhile_is_no_failure(shop: Shop) -> None:
    """Somebody discarded it between the list and the look."""
    (ref,), _ = await shop.keep(keys=1)
    shop.add_master_key()

    async def rotate_after_discard(one: StorageRef) -> object:
        """As if it had been discarded just before."""
        await shop.vault.discard([ref])
        return await shop.vault.rotate(one)

    late = attrs.evolve(shop.sealed, vault=Overridden(shop.vault, rotate=rotate_after_discard))

    assert [one async for one in rotate(late)] == [Gone(kind=Kind.PRODUCT_KEY)]
    assert (await tallied(late)).looked_at.total() == 0


async def test_an_object_that_is_away_once_is_tried_again(shop: Shop) -> None:
    """Two rotations at once, say."""
    await shop.keep(keys=1)
    shop.add_master_key()
    shop.vault.faults.before("rotate", Unavailable("vault", "it was changed"))

    tally = await tallied(shop.sealed)

    assert (tally.rewrapped.total(), tally.stuck) == (1, [])


async def test_an_object_that_stays_away_makes_no_old_key_droppable(shop: Shop) -> None:
    """It may be under any of them."""
    (ref,), _ = await shop.keep(keys=1)
    shop.add_master_key()
    shop.vault.faults.before("rotate", *[Unavailable("vault", "too many requests")] * 2)

    tally = await tallied(shop.sealed)

    stuck = Stuck(kind=Kind.PRODUCT_KEY, name=ref, under=None, problem="too many requests")
    assert tally.stuck == [stuck]
    assert not key_of(tally, shop, "k1").droppable
    told = list(sentences(RotationView.of(tally, shop.keys, complete=True)))
    assert told[-1] == "k1 may still be needed: not everything could be looked at. Keep it."


async def test_a_vault_that_is_away_ends_the_run(shop: Shop) -> None:
    """Rather than name a million objects one after the other."""
    await shop.keep(keys=MOST_AWAY * 4)
    shop.add_master_key()
    shop.vault.faults.before("rotate", *[Unavailable("vault", "it is down")] * 1_000)

    with pytest.raises(Unavailable, match="it is down"):
        await tallied(shop.sealed)


async def test_an_unfinished_run_calls_no_key_droppable(shop: Shop) -> None:
    """Nothing was counted that was not looked at."""
    await shop.keep(keys=1)
    shop.add_master_key()

    view = RotationView.of(await tallied(shop.sealed), shop.keys, complete=False)

    assert [key.droppable for key in view.master_keys] == [False, False]


async def test_an_object_that_was_only_half_there_and_is_gone_is_no_failure(shop: Shop) -> None:
    """Another run was writing it under a name that it gave up again."""
    (ref,), _ = await shop.keep(keys=1)

    async def rotate_half(one: StorageRef) -> object:
        """As if it had been read before it was whole, and renamed since."""
        await shop.vault.discard([one])
        raise Corrupt("vault", "an object is too short")

    late = attrs.evolve(shop.sealed, vault=Overridden(shop.vault, rotate=rotate_half))

    assert [one async for one in rotate(late)] == [Gone(kind=Kind.PRODUCT_KEY)]
    assert ref not in [stored.ref async for stored in shop.vault.stored()]
