"""Passwords, codes and names: what an account is made of."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.secret import Secret
from bitloot_http.accounts.hiring import Papers
from bitloot_http.accounts.passwords import AT_ONCE, LANES, MEMORY_KIB, PASSES, Passwords, check_password, new_password
from bitloot_http.accounts.second_factor import (
    STEP_SECONDS,
    matching_step,
    new_recovery_codes,
    new_totp_secret,
    otpauth_url,
    recovery_digest,
    totp_code,
)

RFC_SECRET = Secret(base64.b32encode(b"12345678901234567890").decode())
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1; apps show the last six of the eight digits."""
    assert totp_code(RFC_SECRET, seconds // STEP_SECONDS) == code[-6:]


def test_a_code_is_good_for_a_step_on_both_sides() -> None:
    """A phone's clock may be off by one; two are too many."""
    step = int(NOON.timestamp()) // STEP_SECONDS
    offs = {off: matching_step(RFC_SECRET, totp_code(RFC_SECRET, step + off), NOON) for off in (-2, -1, 0, 1, 2)}

    assert offs == {-2: None, -1: step - 1, 0: step, 1: step + 1, 2: None}


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345"])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    """Whatever somebody types."""
    assert matching_step(RFC_SECRET, typed, NOON) is None


def test_spaces_in_a_code_do_not_matter() -> None:
    """Apps show them in two groups."""
    code = totp_code(RFC_SECRET, int(NOON.timestamp()) // STEP_SECONDS)

    assert matching_step(RFC_SECRET, f" {code[:3]} {code[3:]} ", NOON) is not None


def test_an_app_reads_the_secret_off_the_url() -> None:
    """The form that all apps know."""
    url = otpauth_url("ann", Secret("ABC")).reveal()

    assert url == "otpauth://totp/BitLoot%3Aann?secret=ABC&issuer=BitLoot&digits=6&period=30"


def test_secrets_and_codes_are_fresh() -> None:
    """160 bits for the app, ten codes of 80 bits."""
    papers = Papers.fresh()

    assert len(base64.b32decode(papers.totp_secret.reveal())) == 20
    assert papers.totp_secret != new_totp_secret()
    assert len({code.reveal() for code in (*papers.codes, *new_recovery_codes())}) == 20
    assert len(set(papers.digests)) == 10


def test_a_recovery_code_is_read_off_paper() -> None:
    """Case, spaces and dashes do not matter; anything else is none."""
    digest = recovery_digest("ABCD-EFGH-IJKL-MNOP")

    assert recovery_digest(" abcdefgh ijklmnop ") == digest
    assert {recovery_digest(other) for other in ("", "ABCD", "ABCD-EFGH-IJKL-MNO1", "123456")} == {None}


async def test_a_password_is_hashed_as_owasp_says() -> None:
    """argon2id with 19 MiB, two passes, one lane; each hash has a salt of its own."""
    passwords = Passwords()
    password = Secret("correct horse battery")

    first, second = await passwords.hash(password), await passwords.hash(password)

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (MEMORY_KIB, PASSES, LANES) == (19456, 2, 1)
    assert first != second
    assert await passwords.matches(password, Secret(first))
    assert not await passwords.matches(Secret("correct horse batterx"), Secret(first))
    assert not passwords.is_outdated(Secret(first))


async def test_nobody_has_no_password() -> None:
    """Where there is no account a password is compared all the same, and never fits."""
    passwords = Passwords(memory_kib=8, passes=1)

    assert not await passwords.matches(Secret("correct horse battery"), None)
    assert not await passwords.matches(Secret(""), None)


async def test_a_hash_that_is_none_fits_nothing() -> None:
    """A damaged row lets nobody in."""
    assert not await Passwords(memory_kib=8, passes=1).matches(Secret("x" * 20), Secret("$argon2id$garbage"))


async def test_a_weaker_hash_is_outdated() -> None:
    """It is made anew at the next login."""
    weak = await Passwords(memory_kib=8, passes=1).hash(Secret("correct horse battery"))

    assert Passwords().is_outdated(Secret(weak))


async def test_two_ways_to_type_a_letter_are_one_password() -> None:
    """A composed letter and a letter with its accent after it."""
    passwords = Passwords(memory_kib=8, passes=1)
    stored = Secret(await passwords.hash(Secret("caf\u00e9 au lait, please")))

    assert await passwords.matches(Secret("cafe\u0301 au lait, please"), stored)


async def test_few_hashes_are_made_at_once() -> None:
    """A flood of logins costs two cores and 38 MiB, not the machine."""
    passwords = Passwords(memory_kib=8, passes=1)
    running, most = 0, 0

    class Counting:
        """Stands where the hasher does."""

        def hash(self, text: str) -> str:
            """Count who is here."""
            nonlocal running, most
            running += 1
            most = max(most, running)
            running -= 1
            return text

    passwords.__dict__["_hasher"] = Counting()
    await asyncio.gather(*(passwords.hash(Secret(str(number))) for number in range(20)))

    assert 1 <= most <= AT_ONCE


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "15 to 256"),
        ("x" * 14, "15 to 256"),
        ("ab" * 129, "15 to 256"),
        ("a" * 20, "easily guessed"),
        ("annabel" * 3, "easily guessed"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str, reason: str) -> None:
    """Too short, too long, one letter, one's own name."""
    with pytest.raises(InvalidInput, match=reason):
        check_password(Secret(password), "annabel")


def test_a_made_password_is_good_enough() -> None:
    """By our own rule."""
    check_password(new_password(), "ann")

    assert new_password() != new_password()


def test_the_code_of_a_step_is_shown_for_half_a_minute() -> None:
    """The next one is another."""
    now = int(NOON.timestamp()) // STEP_SECONDS

    assert totp_code(RFC_SECRET, now) != totp_code(RFC_SECRET, now + 1)
    assert timedelta(seconds=30) == timedelta(seconds=STEP_SECONDS)
