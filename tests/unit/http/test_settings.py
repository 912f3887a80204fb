"""The settings: all problems at once, no value shown, and `.env.example` held against the class."""

from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path

import attrs
import pytest
from http_world import ENOUGH

from bitloot_core.order.buying import Budget
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.values.money import Money
from bitloot_core.values.prices import PriceRule
from bitloot_core.values.secret import Secret
from bitloot_http.environment import parse_dotenv, read_environment
from bitloot_http.reading_settings import SettingsInvalid, example, read_settings, variables
from bitloot_http.settings import Settings

ROOT = Path(__file__).parents[3]
MASTER_KEY = ENOUGH["VAULT_KEYS"]


def refused(**given: str) -> dict[str, str]:
    """The problems of an environment that has enough, and these."""
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({**ENOUGH, **given})
    return {problem.name: problem.reason for problem in caught.value.problems}


def test_the_required_variables_are_enough() -> None:
    """Everything else has a default, and the defaults are those of the design."""
    settings = read_settings(ENOUGH)

    assert settings.kinguin_base_url == "https://gateway.kinguin.net/esa/api"
    assert settings.nowpayments_base == "https://api.nowpayments.io/v1"
    assert settings.database_url.reveal() == "sqlite:///bitloot.db"
    assert settings.policy == Policy()
    assert settings.orders_per_minute_per_address == 30
    assert settings.trusted_proxies == ()
    assert settings.r2 is None
    assert settings.redis_url is None


def test_all_problems_are_told_at_once() -> None:
    """A person who starts the service sees everything that is missing or malformed, not the first of it."""
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({"PORT": "http", "PUBLIC_URL": "http://shop.example", "LINK_SECRET": "short"})

    named = [problem.name for problem in caught.value.problems]
    assert named == [
        "KINGUIN_API_KEY",
        "KINGUIN_WEBHOOK_SECRET",
        "NOWPAYMENTS_API_KEY",
        "NOWPAYMENTS_IPN_SECRET",
        "PUBLIC_URL",
        "PORT",
        "VAULT_KEYS",
        "LINK_SECRET",
    ]


@pytest.mark.parametrize("name", [described.name for described in variables() if described.required])
def test_a_blank_required_variable_is_missing(name: str) -> None:
    """An empty line copied from the example is no value."""
    assert refused(**{name: "  "}) == {name: "is missing"}


MALFORMED = {
    "KINGUIN_BASE_URL": ["https://gateway.kinguin.net/esa/api/v1", "https://gateway.kinguin.net/esa/api/v2/"],
    "NOWPAYMENTS_BASE": ["http://api.nowpayments.io/v1", "ftp://x", "https://u:p@x/v1", "https://x/v1?a=b"],
    "PUBLIC_URL": ["http://shop.example", "shop.example", "https://shop.example/shop", "https://[::1", "https://a b"],
    "PORT": ["-1", "65536", "8080.0", "٣"],
    "DATABASE_URL": [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///x.db",
        "postgres://h/db",
        "postgresql+asyncpg://h/db",
        "postgresql://h",
    ],
    "DATABASE_POOL_SIZE": ["0"],
    "REDIS_URL": ["http://localhost", "redis://"],
    "SMTP_URL": ["localhost:25"],
    "MAIL_FROM": ["shop", "@example.com", "The Shop <shop>", "büro@example.com", "B\udcfccher <b@example.com>"],
    "VAULT_KEYS": ["k1", "k1:AAAA", "k1:***", f"{MASTER_KEY},{MASTER_KEY}", f"{MASTER_KEY},", "k 1:AAAA"],
    "LINK_SECRET": ["l" * 31, "l" * 32 + "," + "m" * 31, "l" * 32 + ","],
    "ADMIN_TOKEN": ["t" * 23],
    "LOG_LEVEL": ["loud"],
    "TRUSTED_PROXIES": ["10.0.0.0/8,nginx"],
    "PAYMENT_TOLERANCE_PERCENT": ["-1", "101", "1e1", "NaN"],
    "SUPPLIER_POLL_SECONDS": ["", "1,,2", "0", "1;2", "inf"],
    "PAYMENT_POLL_SECONDS": ["-1", "1,x"],
    "SUPPLIER_QUIET_SECONDS": ["0", "1e3", "99999999999"],
    "SUPPLIER_REPOST": ["never"],
    "JOB_LEASE_SECONDS": ["0"],
    "NOWPAYMENTS_RATE_PER_SECOND": ["-1", "inf"],
    "ORDERS_PER_MINUTE_PER_ADDRESS": ["-1"],
    "RETENTION_DAYS": ["0", "1.5"],
    "LINK_EXPIRES_DAYS": ["0"],
    "LINK_MAX_VIEWS": ["0"],
    "ORDER_EXPIRES_MINUTES": ["0"],
    "SPEND_CAP_PER_DAY": ["0", "-5", "12.999", "1e3", "many", "1000000000000"],
    "BALANCE_FLOOR": ["-1", "0.001", "12 EUR"],
    "PRICE_RULE": ["15", "15%, 0.50", "-1%, 0, 0.01", "15%, 1, x", "15%, 0.50 EUR, x.99"],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in MALFORMED.items() for text in texts if text]
)
def test_a_malformed_variable_is_named_and_its_value_is_not(name: str, text: str) -> None:
    """The problem says which variable and which form it must have; what was read may be a secret."""
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({**ENOUGH, "MAIL_FROM": "shop@example.com", name: text})

    assert [name] == [problem.name for problem in caught.value.problems]
    assert len(text) < 12 or text not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "https://shop.example/"]
)
def test_plain_http_is_for_loopback_only(url: str) -> None:
    """A link to a key does not travel in the clear; on this machine it travels nowhere."""
    assert read_settings({**ENOUGH, "PUBLIC_URL": url}).public_url == url.rstrip("/")


def test_the_settings_of_r2_come_together_or_not_at_all() -> None:
    """Half an account would be found out by the first sealed key."""
    some = {"R2_BUCKET": "keys", "R2_ENDPOINT": "https://account.r2.example"}

    assert set(refused(**some)) == {"R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"}
    account = read_settings({**ENOUGH, **some, "R2_ACCESS_KEY_ID": "id", "R2_SECRET_ACCESS_KEY": "key"}).r2
    assert account is not None
    assert account.bucket == "keys"


def test_a_senders_name_may_have_letters_of_its_own() -> None:
    """And its domain; the mailbox may not."""
    sender = "Bücher & Spiele <shop@bücher.example>"

    assert sender == read_settings({**ENOUGH, "MAIL_FROM": sender}).mail_from


def test_mail_by_smtp_needs_a_sender() -> None:
    """A mail without a sender is refused by every server."""
    assert set(refused(SMTP_URL="smtp://localhost:25")) == {"MAIL_FROM"}


@pytest.mark.parametrize(
    ("lease", "quiet", "least"),
    [
        ("120", "149", "150"),  # a call takes 30 seconds at most
        ("600", "629.9", "630"),
        ("9", "11.9", "12"),  # or a third of a lease
        ("2", "2", "2.667"),
        ("1", "1.333", "1.334"),
    ],
)
def test_the_quiet_window_outlasts_a_lease_and_a_call(lease: str, quiet: str, least: str) -> None:
    """I1: a worker that stalled may still send the purchase that it claimed; nobody sends it again before."""
    told = refused(JOB_LEASE_SECONDS=lease, SUPPLIER_QUIET_SECONDS=quiet)

    assert set(told) == {"SUPPLIER_QUIET_SECONDS"}
    assert f"at least {least}" in told["SUPPLIER_QUIET_SECONDS"]
    assert "JOB_LEASE_SECONDS" in told["SUPPLIER_QUIET_SECONDS"]
    assert read_settings({**ENOUGH, "JOB_LEASE_SECONDS": lease, "SUPPLIER_QUIET_SECONDS": least})


def test_the_quiet_window_is_held_against_the_lease_that_stands_for_an_absent_one() -> None:
    """A short window alone is refused, a long lease alone too; one that cannot be read is told for itself."""
    assert set(refused(SUPPLIER_QUIET_SECONDS="60")) == {"SUPPLIER_QUIET_SECONDS"}
    assert set(refused(JOB_LEASE_SECONDS="900")) == {"SUPPLIER_QUIET_SECONDS"}
    assert set(refused(SUPPLIER_QUIET_SECONDS="60", JOB_LEASE_SECONDS="long")) == {"JOB_LEASE_SECONDS"}


def test_limits_on_buying_are_absent_unless_they_are_set() -> None:
    """Amounts are in EUR, as the supplier charges; a floor of nothing is one."""
    limited = read_settings({**ENOUGH, "SPEND_CAP_PER_DAY": "500", "BALANCE_FLOOR": "49.90"})
    empty = read_settings({**ENOUGH, "BALANCE_FLOOR": "0"})

    assert read_settings(ENOUGH).policy.budget == Budget()
    assert limited.policy.budget == Budget(day_cap=Money.of("500.00", "EUR"), floor=Money.of("49.90", "EUR"))
    assert empty.policy.budget == Budget(floor=Money.zero("EUR"))


def test_the_rule_for_prices_is_read() -> None:
    """Absent, it is one that a shop can begin with."""
    ruled = read_settings({**ENOUGH, "PRICE_RULE": "20%, 1.00, 0.05"})

    assert read_settings(ENOUGH).policy.price_rule == PriceRule.parse("15%, 0.50, x.99")
    assert ruled.policy.price_rule == PriceRule.parse("20%, 1.00, 0.05")


def test_each_form_is_read() -> None:
    """Ladders, networks, levels in any case, several secrets: as the design writes them."""
    settings = read_settings(
        {
            **ENOUGH,
            "LOG_LEVEL": "Warning",
            "TRUSTED_PROXIES": "10.0.0.1, fd00::/8",
            "SUPPLIER_POLL_SECONDS": "0.5,1",
            "PAYMENT_TOLERANCE_PERCENT": "0.25",
            "LINK_SECRET": "a" * 32 + "," + "b" * 40,
            "SUPPLIER_REPOST": "operator",
            "PORT": "0",
        }
    )

    assert settings.log_level == "warning"
    assert settings.trusted_proxies == (ip_network("10.0.0.1"), ip_network("fd00::/8"))
    assert settings.supplier_poll == (timedelta(seconds=0.5), timedelta(seconds=1))
    assert settings.policy.tolerance_percent == Decimal("0.25")
    assert settings.link_secret == (Secret("a" * 32), Secret("b" * 40))
    assert settings.policy.repost is Repost.OPERATOR
    assert settings.port == 0


def test_no_secret_is_in_the_printed_settings() -> None:
    """Whoever logs the settings logs stars."""
    given = {**ENOUGH, "ADMIN_TOKEN": "admin-token-of-24-chars-x", "REDIS_URL": "redis://:hunter2@localhost"}

    printed = repr(read_settings(given))

    secrets = {given[described.name] for described in variables() if described.secret and described.name in given}
    assert len(secrets) == 8
    assert {secret for secret in secrets if secret in printed} == set()


def test_a_field_marked_secret_holds_a_secret() -> None:
    """The mark of the variable and the type of the field cannot disagree."""
    by_type = {field.name for field in attrs.fields(Settings) if "Secret" in str(field.type)}
    by_mark = {
        field.name for field, described in zip(attrs.fields(Settings), variables(), strict=True) if described.secret
    }

    assert by_type == by_mark


def test_the_example_file_is_made_from_the_class() -> None:
    """`.env.example` lists all variables with their defaults; a new one cannot be forgotten."""
    assert example() == (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_defaults_in_the_example_are_valid() -> None:
    """Whoever removes the comment signs gets what the service does anyway."""
    spelled_out = {described.name: described.default for described in variables() if described.default}

    assert read_settings(ENOUGH) == read_settings({**ENOUGH, **spelled_out})


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("A=plain", "plain"),
        ("A = spaced ", "spaced"),
        ("export A=exported", "exported"),
        ("A=with # comment", "with"),
        ("A=with#hash", "with#hash"),
        ("A='single # kept'", "single # kept"),
        ('A="double" # gone', "double"),
        ("A=a=b", "a=b"),
        ("A=", ""),
    ],
)
def test_a_line_of_the_file_is_read(line: str, text: str) -> None:
    """Quotes, comments and `export` as people write them."""
    assert parse_dotenv(f"\n# first\n{line}\n") == {"A": text}


def test_a_broken_line_of_the_file_is_named_by_its_number() -> None:
    """The line itself may hold a secret."""
    with pytest.raises(SettingsInvalid) as caught:
        parse_dotenv("A=1\nhunter2\n")

    assert str(caught.value) == ".env line 2 is not of the form NAME=value"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was left behind does not undo what the operator sets now."""
    (tmp_path / ".env").write_text("LOG_LEVEL=debug\nMAIL_FROM=shop@example.com\n", encoding="utf-8")
    monkeypatch.setenv("LOG_LEVEL", "error")

    environ = read_environment(tmp_path)

    assert environ["LOG_LEVEL"] == "error"
    assert environ["MAIL_FROM"] == "shop@example.com"
