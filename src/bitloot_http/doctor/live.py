"""
Trying out what the shop rests on: each thing is used once, as it will be used, and left as it was.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable

import attrs

from bitloot_core.ports.requests import Answered, Begun
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Corrupt, NotFound, PortError
from bitloot_core.values.ids import LinkId, OrderId, SupplierKeyId, unit_id
from bitloot_core.values.keys import KeyMaterial, KeyOwner
from bitloot_core.values.money import Money
from bitloot_http.doctor.diagnosis import Diagnosis, failed, ok, skipped, warning
from bitloot_http.service import Probed
from bitloot_http.settings import Settings

_OWNER = KeyOwner(order_id=OrderId("doctor"), unit_id=unit_id(1, 1), supplier_key_id=SupplierKeyId("doctor"))
_PROBE = KeyMaterial.of_text("not a key: the doctor tries out the vault")
_LINK = LinkId("doctor")
_OBJECTS_LOOKED_AT = 20


@attrs.frozen(kw_only=True)
class Patient:
    """
    What is looked at.

    Attributes:
        master_keys: the ids of those that we have.
        mail: brings our mails.
        redis: asks Redis whether it is there; None where none is set.
        has_tables: whether the database is of this version: without, it is only looked at from afar.
    """

    settings: Settings
    shop: Shop
    master_keys: tuple[str, ...]
    mail: Probed
    redis: Callable[[], Awaitable[bool]] | None
    has_tables: bool


async def writing(patient: Patient) -> Diagnosis:
    """Write a row, and read it back; it is forgotten by itself a day later."""
    what, shop = "database, written and read", patient.shop
    if not patient.has_tables:
        return skipped(what, "It has no tables of this version.")
    key = hashlib.sha256(secrets.token_bytes(16)).hexdigest()
    now, said = shop.clock.now(), secrets.token_bytes(16)
    begun = await shop.requests.begin(key, key, OrderId("doctor"), now=now)
    await shop.requests.answer(key, said, now=now)
    found = await shop.requests.begin(key, key, OrderId("doctor"), now=now)
    if isinstance(begun, Begun) and isinstance(found, Answered) and found.response == said:
        return ok(what, "What was written was read back.")
    return failed(what, "What was written was not read back.", "Look at the disk and at the database's own log.")


async def redis(patient: Patient) -> Diagnosis:
    """Ask it whether it is there."""
    if patient.redis is None:
        return ok("redis", "None is set: jobs are done inside `bitloot serve`.")
    if await patient.redis():
        return ok("redis", "It answers.")
    return failed("redis", "It does not answer.", "Check REDIS_URL. Until then jobs are found later; none is lost.")


async def vault(patient: Patient) -> Diagnosis:
    """Save a probe, open it, remove it."""
    vault = patient.shop.vault
    where = "R2" if patient.settings.r2 is not None else str(patient.settings.vault_dir.absolute())
    (ref,) = await vault.save_keys([(_OWNER, _PROBE)])
    try:
        (opened,) = await vault.open_keys([(ref, _OWNER)])
    finally:
        await vault.discard([ref])
    if opened != _PROBE:
        return failed("vault", f"{where}: what was saved is not what was opened.", "Buy nothing. Look at the store.")
    try:
        await vault.open_keys([(ref, _OWNER)])
    except NotFound:
        return ok("vault", f"{where}: a probe was saved, opened and removed.")
    return warning("vault", f"{where}: the probe {ref} could not be removed.", "May the token delete objects?")


async def master_keys(patient: Patient) -> Diagnosis:
    """Look whether some of the objects are under master keys that we have."""
    what, looked_at = "master keys", 0
    lacking: set[str] = set()
    async for stored in patient.shop.vault.stored():
        try:
            key_id = await patient.shop.vault.master_key_of(stored.ref)
        except (NotFound, Corrupt):
            continue
        looked_at += 1
        lacking |= {key_id} - set(patient.master_keys)
        if looked_at == _OBJECTS_LOOKED_AT:
            break
    if lacking:
        text = f"Keys are sealed under {', '.join(sorted(lacking))}, and VAULT_KEYS has none of that name."
        return failed(what, text, "Put it back: no buyer can open those keys without it.")
    seals, *others = patient.master_keys
    also = f", {', '.join(others)} open, too" if others else ""
    return ok(what, f"{seals} seals{also}; {looked_at} objects were looked at. `bitloot vault verify` opens all.")


async def mail(patient: Patient) -> Diagnosis:
    """Connect, encrypt, log in, and leave again."""
    if patient.settings.smtp_url is None:
        await patient.mail.probe()
        return ok("mail", f"Mails can be written to {patient.settings.mail_dir.absolute()}.")
    await patient.mail.probe()
    return ok("mail", "The mail server lets us in; nothing was sent.")


async def links(patient: Patient) -> Diagnosis:
    """Sign a link and an access token, read them back, and try others."""
    links = patient.shop.links
    token, access = links.issue(_LINK).reveal(), links.issue_access(OrderId("doctor")).reveal()
    is_read = links.verify(token) == _LINK and links.verify_access(access) == OrderId("doctor")
    if is_read and not _opens(links.verify, access) and not _opens(links.verify, f"{token[:-4]}AAAA"):
        return ok("links", "Signed and read back; others are refused.")
    return failed("links", "A token is not what it should be.", "Do not run this version: tell its makers.")


async def kinguin(patient: Patient) -> Diagnosis:
    """Ask for the balance."""
    balance = await patient.shop.supplier.balance()
    floor = patient.settings.balance_floor or Money.of("0", balance.currency)
    if balance.amount <= floor.amount:
        text = f"It answers, and accepts our key; {balance} are left, so nothing can be bought."
        return warning("Kinguin", text, "Top up the balance in the dashboard.")
    return ok("Kinguin", f"It answers, and accepts our key; {balance} are left.")


async def nowpayments(patient: Patient) -> Diagnosis:
    """Ask which coins there are."""
    if not patient.has_tables:
        return skipped("NOWPayments", "Its calls are counted in the database, which has no tables of this version.")
    coins = await patient.shop.gateway.coins()
    if not coins:
        text = "It answers, and accepts our key; no coin can be paid with."
        return warning("NOWPayments", text, "Tick coins in the dashboard, under the settings of the store.")
    return ok("NOWPayments", f"It answers, and accepts our key; {len(coins)} coins can be paid with.")


def _opens(verify: Callable[[str], object], token: str) -> bool:
    try:
        verify(token)
    except NotFound:
        return False
    return True


def advice_on(what: str, error: PortError) -> Diagnosis:
    """What is to be done about a thing that could not be used."""
    return failed(what, f"{error.reason[:1].upper()}{error.reason[1:]}.", _ADVICE.get(what, ""))


_ADVICE = {
    "database": "Check DATABASE_URL, and that the server runs.",
    "database, written and read": "Check the disk, its permissions, and that no other program holds the database.",
    "vault": "Check VAULT_DIR, or the four R2_* and the rights of the token.",
    "master keys": "Check VAULT_DIR, or the four R2_* and the rights of the token.",
    "mail": "Check SMTP_URL and MAIL_FROM, or MAIL_DIR. Mails wait until it is mended.",
    "Kinguin": "Check KINGUIN_API_KEY and KINGUIN_BASE_URL; purchases wait until it answers.",
    "NOWPayments": "Check NOWPAYMENTS_API_KEY and NOWPAYMENTS_BASE; payments are opened when it answers.",
}
