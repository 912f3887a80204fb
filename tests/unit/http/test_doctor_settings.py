"""What the doctor says about settings that can be used: each risk by the name of its variable, and no value."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from bitloot_http.doctor.diagnosis import Verdict
from bitloot_http.doctor.files import database_file, file_checks
from bitloot_http.doctor.settings_risks import risks
from bitloot_http.doctor.strength import weakness
from bitloot_http.reading_settings import read_settings

GOOD: Mapping[str, str] = {
    "KINGUIN_API_KEY": secrets.token_hex(16),
    "KINGUIN_WEBHOOK_SECRET": secrets.token_urlsafe(32),
    "NOWPAYMENTS_API_KEY": secrets.token_hex(16),
    "NOWPAYMENTS_IPN_SECRET": secrets.token_hex(16),
    "PUBLIC_URL": "https://shop.example",
    "TRUSTED_PROXIES": "127.0.0.1",
    "VAULT_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "LINK_SECRET": secrets.token_urlsafe(32),
    "SMTP_URL": "smtps://shop:password@mail.example",
    "MAIL_FROM": "shop@example.com",
    "SPEND_CAP_PER_DAY": "1000",
    "ALERT_EMAIL": "ops@example.com",
}
"""What nothing can be said against."""
COUNTING = base64.b64encode(bytes(range(32))).decode()


def told(changes: Mapping[str, str], *, dotenv: Mapping[str, str] | None = None) -> dict[str, str]:
    """The risks of the good settings with these changes, by the name of the variable."""
    environ = {name: text for name, text in {**GOOD, **changes}.items() if text}
    found = list(risks(read_settings(environ), environ=environ, dotenv=dotenv or {}))
    values = [value for name, value in environ.items() if name.endswith(("SECRET", "KEY", "KEYS", "TOKEN", "SMTP_URL"))]
    assert not any(value in repr(found) for value in values)
    return {one.what: f"{one.text} {one.advice}" for one in found if one.verdict is Verdict.WARNING}


def test_good_settings_are_called_good() -> None:
    """In one line, so that a table without a warning is no empty one."""
    (only,) = risks(read_settings(GOOD), environ=GOOD, dotenv=GOOD)

    assert (only.what, only.verdict) == ("settings", Verdict.OK)


@pytest.mark.parametrize(
    ("changes", "what", "says"),
    [
        ({"KINGUIN_BASE_URL": "http://127.0.0.1:4000"}, "KINGUIN_BASE_URL", "plain http"),
        ({"NOWPAYMENTS_BASE": "https://api-sandbox.nowpayments.io/v1"}, "NOWPAYMENTS_BASE", "sandbox"),
        ({"PUBLIC_URL": "http://127.0.0.1:8080"}, "PUBLIC_URL", "no buyer"),
        ({"KINGUIN_WEBHOOK_SECRET": "hunter2hunter2"}, "KINGUIN_WEBHOOK_SECRET", "could be guessed"),
        ({"KINGUIN_EVENT_SECRET": "qwertz12"}, "KINGUIN_EVENT_SECRET", "could be guessed"),
        ({"LINK_SECRET": "x" * 40}, "LINK_SECRET", "repeats"),
        ({"LINK_SECRET": f"{GOOD['LINK_SECRET']},{'password' * 5}"}, "LINK_SECRET", "repeats itself"),
        ({"ALERT_EMAIL": ""}, "ALERT_EMAIL", "Nobody is told"),
        (
            {"ALERT_WEBHOOK_URL": "https://a.example", "ALERT_WEBHOOK_SECRET": "whsec_" + "A" * 44},
            "ALERT_WEBHOOK_SECRET",
            "could be guessed",
        ),
        ({"METRICS_TOKEN": "letmein12"}, "METRICS_TOKEN", "is short"),
        ({"KINGUIN_EVENT_SECRET": GOOD["LINK_SECRET"]}, "KINGUIN_EVENT_SECRET", "the same as LINK_SECRET"),
        ({"KINGUIN_API_KEY": "cut-off"}, "KINGUIN_API_KEY", "shorter"),
        ({"NOWPAYMENTS_IPN_SECRET": "cut-off"}, "NOWPAYMENTS_IPN_SECRET", "shorter"),
        ({"VAULT_KEYS": f"k9:{COUNTING}"}, "VAULT_KEYS", "k9 counts up"),
        ({"VAULT_KEYS": f"{GOOD['VAULT_KEYS']},k0:{'A' * 43}="}, "VAULT_KEYS", "k0 repeats"),
        ({"ADMIN_TOKEN": secrets.token_urlsafe(32)}, "ADMIN_TOKEN", "create-token"),
        ({"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES", "the proxy's address"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES", "Everybody"),
        ({"HOST": "0.0.0.0"}, "HOST", "plain http"),  # noqa: S104 - what is warned of
        ({"ORDERS_PER_MINUTE_PER_ADDRESS": "0"}, "ORDERS_PER_MINUTE_PER_ADDRESS", "as many orders"),
        ({"NOWPAYMENTS_RATE_PER_SECOND": "0"}, "NOWPAYMENTS_RATE_PER_SECOND", "locks out"),
        ({"SMTP_URL": "", "MAIL_FROM": ""}, "SMTP_URL", "no buyer gets one"),
        ({"SMTP_URL": "smtp://relay.example:25"}, "SMTP_URL", "in the clear"),
        ({"PAYMENT_TOLERANCE_PERCENT": "5"}, "PAYMENT_TOLERANCE_PERCENT", "5 per cent short"),
        ({"PAYMENT_TOLERANCE_PERCENT": "0"}, "PAYMENT_TOLERANCE_PERCENT", "rounding"),
        ({"SPEND_CAP_PER_DAY": ""}, "SPEND_CAP_PER_DAY", "Nothing limits"),
        ({"SUPPLIER_QUIET_SECONDS": "300"}, "SUPPLIER_QUIET_SECONDS", "asked for again so soon"),
        ({"JOB_LEASE_SECONDS": "45", "SUPPLIER_QUIET_SECONDS": "900"}, "JOB_LEASE_SECONDS", "another worker"),
        ({"KINGUIN_APIKEY": "typo"}, "KINGUIN_APIKEY", "none of ours"),
    ],
)
def test_a_risk_is_told_by_the_name_of_its_variable(changes: Mapping[str, str], what: str, says: str) -> None:
    """With what is to be done, and alone: nothing else is wrong with these settings."""
    found = told(changes)

    assert list(found) == [what]
    assert says in found[what]


@pytest.mark.parametrize(
    "changes",
    [
        {"SMTP_URL": "smtp://relay.example:25?starttls=required"},
        {"SMTP_URL": "smtp://127.0.0.1:2525"},
        {"SUPPLIER_QUIET_SECONDS": "300", "SUPPLIER_REPOST": "operator"},
        {"KINGUIN_WEBHOOK_SECRET": f"{secrets.token_hex(16)},{secrets.token_hex(16)}"},
        {"PUBLIC_URL": "https://shop.example", "HOST": "localhost"},
    ],
)
def test_what_is_no_risk_is_not_told(changes: Mapping[str, str]) -> None:
    """A doctor who cries wolf is not asked again."""
    assert told(changes) == {}


def test_every_name_in_the_file_is_meant_for_us() -> None:
    """In the environment there are names of others; a slip among those can only be seen where it begins as ours do."""
    assert list(told({"EDITOR": "vi"}, dotenv={"LINK_SECRETS": "x"})) == ["LINK_SECRETS"]


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe, secrets.token_bytes])
def test_chance_is_not_called_weak(make: object) -> None:
    """A thousand secrets as they are recommended."""
    assert callable(make)
    assert [secret for secret in (make(32) for _ in range(1000)) if weakness(secret) is not None] == []


def test_files_that_others_can_read_are_told(tmp_path: Path) -> None:
    """Settings, database and keys, each by what it is; and what is not there is passed over."""
    dotenv, database, vault = tmp_path / ".env", tmp_path / "bitloot.db", tmp_path / "vault"
    dotenv.write_text("")
    database.write_text("")
    vault.mkdir()
    for path in (dotenv, database, vault):
        path.chmod(0o755)
    settings = read_settings({**GOOD, "DATABASE_URL": f"sqlite:///{database}", "VAULT_DIR": str(vault)})

    found = {one.what: one for one in file_checks(settings, dotenv=dotenv)}

    warned = {what for what, one in found.items() if one.verdict is Verdict.WARNING}
    assert {"permissions of the settings", "permissions of the database", "permissions of the keys"} <= warned
    for path in (dotenv, database, vault):
        path.chmod(0o700)
    again = [one.what for one in file_checks(settings, dotenv=dotenv) if one.what.startswith("permissions")]
    assert again == []


def test_room_is_told_once_for_each_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough, little, none."""
    settings = read_settings({**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path}/a.db", "VAULT_DIR": str(tmp_path / "v")})
    verdicts = []
    for free in (50 << 30, 500 << 20, 1 << 20):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr("bitloot_http.doctor.files.shutil.disk_usage", lambda _, usage=usage: usage)
        (only,) = file_checks(settings, dotenv=tmp_path / ".env")
        verdicts.append(only.verdict)

    assert verdicts == [Verdict.OK, Verdict.WARNING, Verdict.FAILED]


def test_a_database_on_a_server_has_no_file() -> None:
    """And a file is found where its URL says."""
    on_a_server = read_settings({**GOOD, "DATABASE_URL": "postgresql://shop:password@db/bitloot"})

    assert database_file(on_a_server) is None
    assert database_file(read_settings({**GOOD, "DATABASE_URL": "sqlite:////srv/a.db"})) == Path("/srv/a.db")
