"""`bitloot vault rotate` and `verify`: over a folder and a database, as an operator gives them."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys, PayloadSealer
from bitloot_adapters.disk_vault import SealedFolder
from bitloot_adapters.sql.storage import open_storage
from bitloot_core.testing.contracts.vault import OWNER, SERIAL
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_webhook
from bitloot_core.values.ids import StorageRef

Run = Callable[..., Result]
KEYS = {name: hashlib.sha256(name.encode()).digest() for name in ("k1", "k2")}


def set_master_keys(folder: Path, *names: str) -> None:
    """Given these in VAULT_KEYS, the first one sealing."""
    lines = [line for line in (folder / ".env").read_text().splitlines() if not line.startswith("VAULT_KEYS=")]
    entries = ",".join(f"{name}:{base64.b64encode(KEYS[name]).decode()}" for name in names)
    (folder / ".env").write_text("\n".join([*lines, f"VAULT_KEYS={entries}", ""]))


@pytest.fixture
def shop(run: Run, folder: Path) -> tuple[StorageRef, ...]:
    """Three product keys and a webhook, sealed under k1; then k2 was put in front."""
    run("db", "upgrade")
    keys = MasterKeys({"k1": KEYS["k1"]})
    refs = SealedFolder(folder / "vault").add([KeySealer(keys).seal(OWNER, SERIAL) for _ in range(3)])

    async def receive() -> None:
        """Given a webhook."""
        async with open_storage(f"sqlite:///{folder / 'bitloot.db'}", PayloadSealer(keys)) as storage:
            await storage.inbox.receive(a_webhook(), now=PLACED_AT)

    asyncio.run(receive())
    set_master_keys(folder, "k2", "k1")
    return refs


def test_after_a_rotation_the_old_key_is_not_needed(run: Run, folder: Path, shop: tuple[StorageRef, ...]) -> None:
    """It says so, and so it is."""
    rotated = run("vault", "rotate", "--json")
    again = run("vault", "rotate", "--json")

    told = json.loads(rotated.stdout)
    assert (rotated.exit_code, again.exit_code) == (0, 0)
    assert told["complete"] is True
    assert [(kind["kind"], kind["rewrapped"], kind["under"]) for kind in told["kinds"]] == [
        ("product keys", 3, {"k2": 3}),
        ("webhook bodies", 1, {"k2": 1}),
        ("second factors", 0, {}),
    ]
    assert {key["id"]: key["droppable"] for key in told["masterKeys"]} == {"k2": False, "k1": True}
    assert [kind["rewrapped"] for kind in json.loads(again.stdout)["kinds"]] == [0, 0, 0]

    set_master_keys(folder, "k2")
    assert run("vault", "rotate").exit_code == 0
    assert run("webhooks", "show", "1").exit_code == 0


def test_people_get_a_table_and_a_sentence(run: Run, shop: tuple[StorageRef, ...]) -> None:
    """What is under which key, and what that means for VAULT_KEYS."""
    told = run("vault", "rotate").stdout

    assert "under k2  wrapped anew  stuck" in told
    assert "product keys           3             3      0" in told
    assert "k1 is not needed any more: take it out of VAULT_KEYS" in told


def test_what_cannot_be_wrapped_anew_is_named(run: Run, folder: Path, shop: tuple[StorageRef, ...]) -> None:
    """By the object's name alone; exit 1, and the old key stays needed."""
    ref = shop[1]
    path = folder / "vault" / ref[:2] / ref
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(bytes(content))

    refused = run("vault", "rotate")

    assert refused.exit_code == 1
    assert f"product keys: {ref} does not unwrap" in refused.stdout
    assert "k1 is still needed by 1 product key." in refused.stdout
    assert refused.stderr == "1 could not be wrapped anew.\n"
    assert OWNER.order_id not in refused.stdout


def test_a_vault_that_is_away_leaves_the_rest_for_later(run: Run, folder: Path, shop: tuple[StorageRef, ...]) -> None:
    """What was done is counted, and nothing is called droppable."""
    path = folder / "vault" / shop[0][:2]
    away = folder / "away"
    path.rename(away)
    path.write_text("not a folder")

    refused = run("vault", "rotate", "--json")

    told = json.loads(refused.stdout)
    assert refused.exit_code == 1
    assert told["complete"] is False
    assert [key["droppable"] for key in told["masterKeys"]] == [False, False]
    assert "give the command again to go on" in refused.stderr


def test_verify_has_its_json(run: Run) -> None:
    """What opened, and what did not."""
    run("db", "upgrade")

    answer = run("vault", "verify", "--json")

    assert (answer.exit_code, json.loads(answer.stdout)) == (0, {"opened": 0, "failed": []})
