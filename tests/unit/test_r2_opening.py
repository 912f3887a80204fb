"""How the client of the bucket is made."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bitloot_adapters.r2 import open_bucket
from bitloot_adapters.r2.names import fresh_name, is_name, saved_at
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.secret import Secret

IMPORT = "import sys, bitloot_adapters.r2; print({'aiobotocore', 'botocore', 'aiohttp'} & set(sys.modules))"


def test_the_client_is_not_loaded_before_a_bucket_is_opened() -> None:
    """It takes a second to import, and a shop with its keys on disk never needs it."""
    answer = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True, timeout=60)

    assert answer.stdout.strip() == "set()"


async def test_other_programs_settings_are_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What this account has set up for AWS neither leads us elsewhere nor keeps us from starting."""
    elsewhere = tmp_path / "config"
    elsewhere.write_text("[default]\nregion = eu-west-1\nendpoint_url = http://elsewhere.invalid\n")
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_CONFIG_FILE": str(elsewhere),
        "AWS_ENDPOINT_URL": "http://elsewhere.invalid",
        "AWS_ACCESS_KEY_ID": "SOMEBODY-ELSE",
        "AWS_SESSION_TOKEN": "SOMEBODY-ELSE",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)

    async with open_bucket(
        endpoint="https://account.r2.cloudflarestorage.com/vault",
        bucket="vault",
        access_key_id="OURS",
        secret_access_key=Secret("CANARY"),
    ) as bucket:
        url = (await bucket.signed_url(StorageRef("a" * 32), expires=timedelta(days=7))).reveal()

    assert url.startswith("https://account.r2.cloudflarestorage.com/vault/keys/" + "a" * 32 + "?")
    assert "%2Fauto%2Fs3%2F" in url
    assert "OURS" in url
    assert "ELSE" not in url
    assert "CANARY" not in url + repr(bucket)


def test_names_are_fresh_and_tell_the_time() -> None:
    """Two keys that are saved in the same second have names of their own."""
    clock = ManualClock()

    names = {fresh_name(clock.now()) for _ in range(100)}

    assert len(names) == 100
    assert all(is_name(name) for name in names)
    assert {saved_at(name) for name in names} == {clock.now().replace(microsecond=0)}


@pytest.mark.parametrize("name", ["a" * 32, "a" * 32 + "7" * 8, "", "a/b"])
def test_a_name_without_a_time_that_can_be_says_nothing(name: str) -> None:
    """A file of the vault on disk has none, and eight letters can be a year that no calendar has."""
    assert saved_at(StorageRef(name)) is None
