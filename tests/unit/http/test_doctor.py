"""What the doctor finds by trying things out: on the fakes, each of them well and each of them broken."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from http_world import ENOUGH

from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.ports.requests import Begin, Begun
from bitloot_core.ports.supplier import Supplier
from bitloot_core.testing.contracts.vault import OWNER, SERIAL
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.values.errors import SignatureInvalid, Unavailable
from bitloot_core.values.ids import LinkId, OrderId
from bitloot_core.values.keys import KeyMaterial
from bitloot_core.values.money import Money
from bitloot_http.doctor.clock import DateWatch
from bitloot_http.doctor.diagnosis import Diagnosis, Verdict
from bitloot_http.doctor.examination import examine
from bitloot_http.doctor.live import Patient
from bitloot_http.doctor.webhooks import webhook_checks
from bitloot_http.reading_settings import read_settings
from bitloot_http.settings import Settings

PATIENCE = timedelta(seconds=30)


class FakeMail:
    """A mail server that is there, or not."""

    def __init__(self, wrong: Exception | None = None) -> None:
        """As it shall be."""
        self.wrong = wrong

    async def probe(self) -> None:
        """Say so."""
        if self.wrong is not None:
            raise self.wrong


def proved(secret: str, body: bytes, header: str, headers: Mapping[str, str]) -> VerifiedWebhook:
    """A webhook that is signed as it should be."""
    right = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    if headers.get(header) != right and headers.get("x-event-secret") != secret:
        raise SignatureInvalid("vendor", "it is not signed")
    return VerifiedWebhook(
        source=Source.KINGUIN, dedupe_key="x", type="x", external_id=None, scheme="hmac", body=body, headers={}
    )


def a_patient(fakes: FakeShop | None = None, *, mail: FakeMail | None = None, **changes: object) -> Patient:
    """A shop on fakes whose vendors sign as the real ones do."""
    shop, settings = (fakes or FakeShop()).shop, read_settings(ENOUGH)
    supplier = Overridden(
        shop.supplier,
        verify_event=lambda headers, body: proved("kinguin-webhook-secret", body, "x-kinguin-signature", headers),
    )
    gateway = Overridden(
        shop.gateway,
        verify_notice=lambda headers, body: proved("nowpayments-ipn-secret", body, "x-nowpayments-sig", headers),
    )
    patient = Patient(
        settings=settings,
        shop=attrs.evolve(shop, supplier=supplier, gateway=gateway),
        master_keys=("k1",),
        mail=mail or FakeMail(),
        redis=None,
        has_tables=True,
    )
    return attrs.evolve(patient, **changes)


async def found(patient: Patient, *, offline: bool = False, patience: timedelta = PATIENCE) -> dict[str, Diagnosis]:
    """Everything that was found, by what it is about."""
    watch = DateWatch()
    return {one.what: one for one in await examine(patient, offline=offline, dates=watch, patience=patience)}


def with_port(patient: Patient, **ports: object) -> Patient:
    """The same, with other ports."""
    return attrs.evolve(patient, shop=attrs.evolve(patient.shop, **ports))


async def test_a_shop_that_is_well_is_called_so() -> None:
    """Each thing once; what was tried out leaves nothing behind."""
    fakes = FakeShop()

    seen = await found(a_patient(fakes))

    assert {one.verdict for what, one in seen.items() if what != "clock"} == {Verdict.OK}
    assert [one async for one in fakes.vault.stored()] == []
    assert fakes.mailer.sent == []
    assert fakes.supplier.purchases == ()


async def test_offline_asks_no_vendor() -> None:
    """And says what was left out."""
    fakes = FakeShop()
    fakes.supplier.faults.before("balance", Unavailable("supplier", "cannot be reached"))
    fakes.gateway.goes_away("coins")

    seen = await found(a_patient(fakes), offline=True)

    assert {what for what, one in seen.items() if one.verdict is Verdict.SKIPPED} == {"Kinguin", "NOWPayments", "clock"}
    assert not [one for one in seen.values() if one.verdict is Verdict.FAILED]


async def test_vendors_that_are_away_are_named() -> None:
    """With the variables to look at."""
    fakes = FakeShop()
    fakes.supplier.faults.before("balance", Unavailable("supplier", "cannot be reached"))
    fakes.gateway.goes_away("coins")

    seen = await found(a_patient(fakes))

    for what, variable in (("Kinguin", "KINGUIN_API_KEY"), ("NOWPayments", "NOWPAYMENTS_API_KEY")):
        assert seen[what].verdict is Verdict.FAILED
        assert variable in seen[what].advice


async def test_an_empty_balance_is_a_warning() -> None:
    """Everything works, and nothing can be bought."""

    fakes = FakeShop()
    fakes.supplier.has_left("0.00")

    seen = await found(a_patient(fakes))

    assert seen["Kinguin"].verdict is Verdict.WARNING
    assert "Top up" in seen["Kinguin"].advice


async def test_no_coin_is_a_warning() -> None:
    """Nobody has ticked any."""

    async def nothing() -> tuple[()]:
        """No coin."""
        return ()

    patient = a_patient()
    seen = await found(with_port(patient, gateway=Overridden(patient.shop.gateway, coins=nothing)))

    assert seen["NOWPayments"].verdict is Verdict.WARNING


async def test_a_vault_that_is_away_is_named() -> None:
    """Both looks say so."""
    fakes = FakeShop()
    for call in ("save_keys", "stored"):
        fakes.vault.faults.before(call, Unavailable("vault", "the folder refuses (EACCES)"))

    seen = await found(a_patient(fakes))

    for what in ("vault", "master keys"):
        assert (seen[what].verdict, seen[what].text) == (Verdict.FAILED, "The folder refuses (EACCES).")


async def test_a_vault_that_gives_back_something_else_is_named() -> None:
    """The probe is removed all the same."""
    fakes = FakeShop()

    async def other(_: object) -> tuple[KeyMaterial, ...]:
        """Another key."""
        return (SERIAL,)

    patient = a_patient(fakes)
    seen = await found(with_port(patient, vault=Overridden(fakes.vault, open_keys=other)))

    assert seen["vault"].verdict is Verdict.FAILED
    assert "Buy nothing" in seen["vault"].advice
    assert [one async for one in fakes.vault.stored()] == []


async def test_a_probe_that_stays_is_named() -> None:
    """So that somebody can remove it, and give the token its right."""
    fakes = FakeShop()

    async def keeps(_: object) -> None:
        """Remove nothing."""

    patient = a_patient(fakes)
    seen = await found(with_port(patient, vault=Overridden(fakes.vault, discard=keeps)))

    (left,) = [one async for one in fakes.vault.stored()]
    assert seen["vault"].verdict is Verdict.WARNING
    assert left.ref in seen["vault"].text


async def test_a_master_key_that_is_missing_is_named() -> None:
    """By the id that the objects name."""
    fakes = FakeShop()
    await fakes.vault.save_keys([(OWNER, SERIAL)])

    seen = await found(a_patient(fakes, master_keys=("k7",)))

    assert seen["master keys"].verdict is Verdict.FAILED
    assert "under k1," in seen["master keys"].text


async def test_mail_that_cannot_go_out_is_named() -> None:
    """As the mailer says it."""
    mail = FakeMail(Unavailable("mailer", "the mail server refuses the login (535): check user and password"))

    seen = await found(a_patient(mail=mail))

    assert seen["mail"].verdict is Verdict.FAILED
    assert "refuses the login" in seen["mail"].text


@pytest.mark.parametrize(("answers", "verdict"), [(True, Verdict.OK), (False, Verdict.FAILED)])
async def test_redis_is_asked(answers: bool, verdict: Verdict) -> None:  # noqa: FBT001 - pytest's
    """Where one is set."""

    async def ask() -> bool:
        """Whether it is there."""
        return answers

    assert (await found(a_patient(redis=ask)))["redis"].verdict is verdict


async def test_a_database_without_our_tables_is_left_alone() -> None:
    """What needs it is skipped, and says why."""
    seen = await found(a_patient(has_tables=False))

    assert seen["database, written and read"].verdict is Verdict.SKIPPED
    assert seen["NOWPayments"].verdict is Verdict.SKIPPED
    assert seen["Kinguin"].verdict is Verdict.OK


async def test_a_database_that_forgets_is_named() -> None:
    """What was written is not there."""

    async def forgets(_: str, __: str, order_id: OrderId, **___: object) -> Begin:
        """As if it were new each time."""
        return Begun(order_id=order_id)

    patient = a_patient()
    seen = await found(with_port(patient, requests=Overridden(patient.shop.requests, begin=forgets)))

    assert seen["database, written and read"].verdict is Verdict.FAILED


async def test_a_link_that_anybody_could_make_is_named() -> None:
    """A token with a changed end opens nothing."""
    patient = a_patient()
    seen = await found(with_port(patient, links=Overridden(patient.shop.links, verify=lambda _: LinkId("doctor"))))

    assert seen["links"].verdict is Verdict.FAILED


def checks(patient: Patient) -> dict[str, Verdict]:
    """The ways in for webhooks."""
    return {one.what: one.verdict for one in webhook_checks(patient.shop, patient.settings)}


def let_all_in(_: object, body: bytes) -> VerifiedWebhook:
    """Believe anything."""
    return proved("x", body, "", {"x-event-secret": "x"})


def test_a_way_in_that_is_open_to_all_is_named() -> None:
    """A wrong proof is no proof."""
    patient = a_patient()
    trusting: Supplier = Overridden(patient.shop.supplier, verify_event=let_all_in)  # type: ignore[assignment]

    seen = checks(with_port(patient, supplier=trusting))

    assert seen == {
        "NOWPayments webhooks": Verdict.OK,
        "Kinguin webhooks, signed": Verdict.FAILED,
        "Kinguin webhooks, with a secret": Verdict.FAILED,
    }


def test_a_way_in_that_is_shut_is_named() -> None:
    """The secret of the settings is not the one that opens it."""
    settings: Settings = read_settings({**ENOUGH, "NOWPAYMENTS_IPN_SECRET": "another one altogether"})

    assert checks(a_patient(settings=settings))["NOWPayments webhooks"] is Verdict.FAILED


async def test_a_look_that_takes_too_long_has_failed() -> None:
    """The others are told all the same."""

    async def hangs() -> Money:
        """Never answer."""
        await asyncio.Event().wait()
        raise AssertionError

    patient = a_patient()
    slow = with_port(patient, supplier=Overridden(patient.shop.supplier, balance=hangs))
    seen = await found(slow, patience=timedelta(milliseconds=50))

    assert seen["Kinguin"].text == "No answer within 0.05 s."
    assert seen["links"].verdict is Verdict.OK


async def test_what_nobody_foresaw_is_told_by_its_class() -> None:
    """Its message may hold anything."""

    async def breaks() -> Money:
        """Fail with something in it."""
        raise ValueError("hunter2")

    patient = a_patient()
    seen = await found(with_port(patient, supplier=Overridden(patient.shop.supplier, balance=breaks)))

    assert seen["Kinguin"].text == "It ended in ValueError."


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dates", "verdict", "says"),
    [
        ([], Verdict.SKIPPED, "Nobody"),
        (["not a date", ""], Verdict.SKIPPED, "Nobody"),
        (["Sat, 31 Jan 2026 12:00:20 GMT"], Verdict.OK, "agrees"),
        (["Sat, 31 Jan 2026 12:05:00 GMT"], Verdict.WARNING, "300 s behind"),
        (["Sat, 31 Jan 2026 11:59:00 GMT"], Verdict.WARNING, "60 s ahead of"),
        (["Sat, 31 Jan 2026 15:00:00 GMT", "Sat, 31 Jan 2026 12:00:01 GMT"], Verdict.OK, "agrees"),
    ],
)
def test_the_clock_is_compared_with_the_dates_of_answers(dates: list[str], verdict: Verdict, says: str) -> None:
    """The one that fits best speaks: a vendor's clock may be wrong, too."""
    watch = DateWatch()
    for date in dates:
        watch.note("vendor.example", date, ours=NOON)

    seen = watch.diagnosis()

    assert seen.verdict is verdict
    assert says in seen.text
