"""`bitloot reconcile` beside a running service: quiet where all is well, and loud, once, where it is not."""

from pathlib import Path

import attrs

from harness.commands import command
from harness.system import System


async def delivered_order(system: System) -> list[Path]:
    """An order that came through; the sealed objects that its keys lie in."""
    placed = await system.buyer.place(quantity=2)
    await system.deliver(placed)
    await system.at_rest()
    return sorted(path for path in system.place.vault.rglob("*") if path.is_file())


async def test_sound_books_are_in_line(system: System) -> None:
    """Also of the last minutes, if older books could be meant; exit 0, and nobody is bothered."""
    await delivered_order(system)

    usual = await command(system.place, "reconcile", "--deep")
    everything = await command(system.place, "reconcile", "--after-restore", "--dry-run", "--json")

    assert (usual.code, usual.err) == (0, "")
    assert "  keys       2 held, 2 opened; 2 sealed objects" in usual.out
    assert usual.out.endswith("The books are in line.\n")
    assert (everything.code, everything.json["clean"]) == (0, True)
    assert (everything.json["orders"], everything.json["payments"], everything.json["purchases"]) == (1, 1, 1)
    assert everything.json["charged"] == everything.json["booked"] != []
    assert not everything.json["buyingPaused"]
    assert system.books.findings() == []


async def test_a_key_that_is_gone_is_told_once(system: System) -> None:
    """First only looked at, then told, then found again; exit 1 each time."""
    objects = await delivered_order(system)
    objects[0].rename(system.place.folder / "lost")

    looked = await command(system.place, "reconcile", "--dry-run", "--json")
    quiet = system.books.findings()
    told = [await command(system.place, "reconcile") for _ in range(2)]

    (one,) = looked.json["items"]
    assert (looked.code, one["side"], one["kind"], one["reason"]) == (1, "keys", "finding", "key-unreadable")
    assert quiet == []
    assert [said.code for said in told] == [1, 1]
    assert all("1 finding for a person" in said.out for said in told)
    assert [finding["reason"] for finding in system.books.findings()] == ["key-unreadable"]


async def test_vendors_that_are_away_are_said_so(system: System) -> None:
    """No traceback, and no verdict."""
    await delivered_order(system)
    away = {**system.place.settings, "KINGUIN_API_KEY": "another"}

    said = await command(attrs.evolve(system.place, settings=away), "reconcile", "--after-restore", "--dry-run")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Supplier: ")
    assert len(said.err.splitlines()) == 1
