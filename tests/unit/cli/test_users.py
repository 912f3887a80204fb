"""Accounts for the console, made at the command line."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
PASSWORD = "correct horse battery\n"


def made(run: Run, name: str = "ann", *more: str) -> Result:
    """Make an account with a generated password."""
    return run("admin", "create-user", "--name", name, "--generate", *more)


def listed(run: Run) -> list[dict[str, Any]]:
    """All accounts, as programs see them."""
    items: list[dict[str, Any]] = json.loads(run("admin", "list-users", "--json").stdout)["items"]
    return items


def test_an_account_is_made_and_its_papers_are_shown_once(run: Run) -> None:
    """Password, the URL for the app, ten recovery codes; the list shows none of it."""
    shown = made(run, " Ann ")

    assert shown.exit_code == 0
    assert re.search(r"Password: +\S{24}\n", shown.stdout)
    assert "otpauth://totp/BitLoot%3Aann?secret=" in shown.stdout
    assert len(re.findall(r"^  [A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}$", shown.stdout, re.MULTILINE)) == 10
    (user,) = listed(run)
    assert (user["name"], user["scopes"], user["recoveryCodesLeft"], user["disabledAt"]) == (
        "ann",
        ["keys", "operate", "read"],
        10,
        None,
    )


def test_a_password_is_asked_for_twice(run: Run) -> None:
    """And is not shown."""
    shown = run("admin", "create-user", "--name", "ann", typed=PASSWORD * 2)

    assert shown.exit_code == 0
    assert "correct horse" not in shown.stdout
    assert [user["name"] for user in listed(run)] == ["ann"]


@pytest.mark.parametrize("typed", ["short\n" * 2, "a" * 20 + "\n" + "a" * 20 + "\n"])
def test_a_weak_password_makes_no_account(run: Run, typed: str) -> None:
    """It is said why, and nothing is there afterwards."""
    refused = run("admin", "create-user", "--name", "ann", typed=typed)

    assert refused.exit_code == 2
    assert "Password" in refused.stderr
    assert made(run).exit_code == 0


@pytest.mark.parametrize("name", ["", "a b", "-ann", "ann@example.com", "a" * 33, "ännchen"])
def test_a_name_is_plain(run: Run, name: str) -> None:
    """It stands in the audit and in logs."""
    assert made(run, name).exit_code == 2


def test_a_name_is_given_once(run: Run) -> None:
    """Also that of a disabled account."""
    made(run)
    run("admin", "disable-user", "--name", "ann")

    again = made(run)

    assert again.exit_code == 1
    assert "belongs to somebody already" in again.stderr


def test_scopes_are_given_by_name(run: Run) -> None:
    """Some of those that there are; an unknown one is refused."""
    made(run, "ann", "--scope", "read,operate")

    assert listed(run)[0]["scopes"] == ["operate", "read"]
    assert made(run, "bob", "--scope", "read,everything").exit_code == 2


def test_an_account_is_disabled_and_enabled(run: Run) -> None:
    """People see it in the table, programs in the JSON."""
    made(run)

    out = run("admin", "disable-user", "--name", "Ann")
    table = run("admin", "list-users")
    back = run("admin", "enable-user", "--name", "ann")

    assert (out.exit_code, back.exit_code) == (0, 0)
    assert "no, disabled" in table.stdout
    assert listed(run)[0]["disabledAt"] is None


def test_secrets_are_given_anew(run: Run) -> None:
    """Another password, another second factor with other codes."""
    before = made(run).stdout

    password = run("admin", "set-password", "--name", "ann", "--generate")
    typed = run("admin", "set-password", "--name", "ann", typed=PASSWORD * 2)
    factor = run("admin", "reset-second-factor", "--name", "ann")

    assert re.search(r"It is: \S{24}\n", password.stdout)
    assert "It is" not in typed.stdout
    secret = re.compile(r"secret=([A-Z2-7]+)&")
    assert secret.findall(before) != secret.findall(factor.stdout)
    assert "Password:" not in factor.stdout


@pytest.mark.parametrize("command", ["disable-user", "enable-user", "reset-second-factor"])
def test_nobody_is_changed_by_a_slip(run: Run, command: str) -> None:
    """A name that there is not is said so."""
    made(run)

    refused = run("admin", command, "--name", "nobody")

    assert refused.exit_code == 1
    assert "nobody" in refused.stderr
