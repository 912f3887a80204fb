"""A folder with the settings of a shop that has just been unpacked."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which commands are given."""
    settings = {
        "KINGUIN_API_KEY": "k",
        "KINGUIN_WEBHOOK_SECRET": "w",
        "NOWPAYMENTS_API_KEY": "n",
        "NOWPAYMENTS_IPN_SECRET": "i",
        "PUBLIC_URL": "http://127.0.0.1:8080",
        "LINK_SECRET": "l" * 40,
        "VAULT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
        "PORT": "0",
    }
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Give a command: `run("orders", "list")`."""
    from bitloot_http.cli.program import program

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(program, list(arguments), input=typed)

    return invoke
