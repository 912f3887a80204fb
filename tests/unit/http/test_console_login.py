"""Into the console: who is let in, and what does not help."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from console_world import NAME, PASSWORD, RECOVERY, Console, at_the_door, form_token

from bitloot_http.accounts.passwords import MEMORY_KIB

STEP = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """One account, and nobody logged in."""
    async with at_the_door() as one:
        yield one


def is_in(answer: Any) -> bool:
    """Whether a page of the console was shown, and not the login."""
    return answer.status == 200 and not answer.headers.get("Location", "").startswith("/console/login")


async def test_password_and_code_lead_in(console: Console) -> None:
    """Two steps, and then the page that was asked for."""
    asked = await console.ask("/console/orders?status=paid")
    assert (asked.status, asked.headers["Location"]) == (303, "/console/login?next=/console/orders%3Fstatus%3Dpaid")

    first = await console.password(next_path="/console/orders?status=paid")
    second = await console.second(console.code(), next_path="/console/orders?status=paid")

    assert (first.status, second.status) == (303, 303)
    assert second.headers["Location"] == "/console/orders?status=paid"
    assert is_in(await console.ask("/console/orders"))


async def test_the_cookie_is_kept_from_scripts_and_other_sites(console: Console) -> None:
    """HttpOnly, SameSite=Strict, for the whole host, and gone when the browser closes."""
    cookie = (await console.password()).cookies["bl"]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert (cookie["max-age"], cookie["expires"], cookie["domain"]) == ("", "", "")


async def test_under_tls_the_cookie_is_bound_to_the_host() -> None:
    """Browsers hold to the name: only over TLS, for no other host, for every path."""
    async with at_the_door(PUBLIC_URL="https://shop.example") as console:
        cookie = (await console.ask("/console/login")).cookies["__Host-bl"]

        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


async def test_what_is_held_is_fresh_after_each_step(console: Console) -> None:
    """A session that somebody else planted is worth nothing after a login (session fixation)."""
    await console.get("/console/login")
    planted = console.held
    await console.password()
    halfway = console.held
    await console.second(console.code())
    full = console.held

    assert len({planted, halfway, full}) == 3
    for old in (planted, halfway):
        await console.hold(old)
        assert (await console.ask("/console")).status == 303


async def test_what_the_browser_holds_is_nowhere_in_the_books(console: Console) -> None:
    """Only its hash is."""
    await console.log_in()

    assert console.held not in repr(console.world.staff.live)
    assert len(console.held) == 43


async def test_halfway_is_not_in(console: Console) -> None:
    """After the password alone no page of the console opens, and no form is taken."""
    page = await console.get("/console/login")
    await console.send("/console/login", {"name": NAME, "password": PASSWORD}, token=form_token(page))
    token = form_token(await console.get("/console/login/code"))

    assert (await console.ask("/console/orders")).status == 303
    assert (await console.send("/console/logout/everywhere", {}, token=token)).status == 401


@pytest.mark.parametrize(
    ("name", "password"),
    [(NAME, "wrong horse battery"), ("nobody", PASSWORD), (NAME, ""), ("", ""), ("a' OR 1=1 --", PASSWORD)],
)
async def test_a_wrong_name_or_password_is_refused_alike(console: Console, name: str, password: str) -> None:
    """The answer does not tell which of the two it was."""
    answer = await console.password(name, password)

    assert answer.status == 403
    assert "The name or the password is wrong." in await answer.text()


async def test_an_unknown_name_costs_a_hash_too(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the time does not tell: as many comparisons, of the same kind."""
    from argon2 import PasswordHasher

    compared: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: Any, stored: str, password: str) -> bool:
        """Compare, and note with what."""
        compared.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)

    await console.password("nobody", PASSWORD)

    assert [f"m={MEMORY_KIB}" in stored for stored in compared] == [True]


async def test_a_disabled_account_is_let_in_no_more(console: Console) -> None:
    """Neither anew nor with the session that it has."""
    await console.log_in()
    await console.world.staff.disable(1, now=console.world.fakes.clock.now())

    assert (await console.ask("/console")).status == 303
    assert (await console.password()).status == 403


async def test_a_code_is_used_once(console: Console) -> None:
    """Whoever looked over the shoulder comes too late."""
    code = console.code()
    await console.password()
    assert (await console.second(code)).status == 303
    await console.password_again()

    again = await console.second(code)

    assert again.status == 403
    assert "was used before" in await again.text()
    console.world.fakes.clock.advance(STEP)
    assert (await console.second(console.code())).status == 303


async def test_a_recovery_code_is_a_second_factor_once(console: Console) -> None:
    """For whoever has lost the phone."""
    await console.password()
    assert (await console.second(RECOVERY.lower())).status == 303
    await console.password_again()

    assert (await console.second(RECOVERY)).status == 403


async def test_five_wrong_tries_and_then_a_pause(console: Console) -> None:
    """Also the right password waits then; after a quarter of an hour it is good again."""
    wrong = [(await console.password(password="wrong horse battery")).status for _ in range(5)]
    refused = await console.password()

    assert wrong == [403] * 5
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "try again in" in await refused.text()
    await console.pass_time(15 * MINUTE)
    assert (await console.password()).status == 303


async def test_an_address_has_five_tries_whatever_the_name(console: Console) -> None:
    """Guessing one password at many accounts is no way around."""
    statuses = [(await console.password(f"name{number}")).status for number in range(6)]

    assert statuses == [403] * 5 + [429]


async def test_a_right_password_does_not_buy_more_codes(console: Console) -> None:
    """The count of an account starts again only after a whole login."""
    answers = []
    for _ in range(3):
        await console.password_again()
        answers += [(await console.second("000000")).status, (await console.second("111111")).status]

    assert answers == [*[403] * 5, 429]


async def test_a_whole_login_forgets_the_tries(console: Console) -> None:
    """Four slips a day keep nobody out."""
    for _ in range(3):
        for _ in range(2):
            assert (await console.password(password="wrong horse battery")).status == 403
        await console.log_in()
        await console.forget()
        await console.pass_time(STEP)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/admin/orders",
        "/console/../admin",
        "javascript:x",
    ],
)
async def test_nobody_is_led_elsewhere(console: Console, elsewhere: str) -> None:
    """A link to the login cannot end on another site."""
    await console.password(next_path=elsewhere)

    answer = await console.second(console.code(), next_path=elsewhere)

    assert answer.headers["Location"] == "/console"


async def test_whoever_is_in_is_not_asked_again(console: Console) -> None:
    """The login leads on."""
    await console.log_in()

    answer = await console.ask("/console/login?next=/console/orders")

    assert (answer.status, answer.headers["Location"]) == (303, "/console/orders")


async def test_a_hash_of_older_make_is_renewed(console: Console) -> None:
    """At a login, when the password is at hand."""
    before = (await console.world.staff.find(NAME)).password_hash
    await console.log_in()

    after = (await console.world.staff.find(NAME)).password_hash

    assert "m=8," in before.reveal()
    assert f"m={MEMORY_KIB}" in after.reveal()
    await console.forget()
    await console.pass_time(STEP)
    await console.log_in()


async def test_the_log_names_accounts_and_no_secret(console: Console, log: Any) -> None:
    """A password that was typed for a name is in no log."""
    await console.password(PASSWORD, NAME)
    await console.log_in()
    await console.press("/console/account", "/console/logout")

    written = log.getvalue()
    assert [secret for secret in (PASSWORD, console.held or "?", console.secret.reveal()) if secret in written] == []
    events = [json.loads(line)["event"] for line in written.splitlines()]
    assert {"login refused", "logged in"} <= set(events)
