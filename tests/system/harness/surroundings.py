"""The environment that a service is started in: a folder of its own, fresh secrets, short clocks."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from harness.ports import HOST, kept_port

SHORT_CLOCKS: Mapping[str, str] = {
    "JOB_LEASE_SECONDS": "2",
    "RELAY_SECONDS": "0.1",
    "SUPPLIER_QUIET_SECONDS": "3",
    "SUPPLIER_POLL_SECONDS": "0.3,0.5,1",
    "PAYMENT_POLL_SECONDS": "0.5,1",
    "RETRY_BASE_SECONDS": "0.1",
}
_OF_THIS_PROCESS = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV")


@attrs.frozen(kw_only=True)
class Surroundings:
    """
    Where a service lives.

    Attributes:
        folder: everything that it keeps is in here.
        url: where it is reached; the same over all its lives.
        settings: its variables, secrets included.
    """

    folder: Path
    url: str
    settings: Mapping[str, str] = attrs.field(repr=False)

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / "bitloot.db"

    @property
    def mail(self) -> Path:
        """Where mails are written."""
        return self.folder / "mail"

    @property
    def vault(self) -> Path:
        """Where sealed keys lie."""
        return self.folder / "vault"

    @property
    def logs(self) -> Path:
        """What all lives of the service have said."""
        return self.folder / "service.log"

    @property
    def environ(self) -> dict[str, str]:
        """The child's environment: its settings, and of ours only what a program needs to run at all."""
        inherited = {name: os.environ[name] for name in _OF_THIS_PROCESS if name in os.environ}  # noqa: TID251 - a child
        return {**inherited, "PYTHONUNBUFFERED": "1", **self.settings}


@contextmanager
def surroundings(folder: Path, **changes: str) -> Iterator[Surroundings]:
    """
    Prepare a place for a service, and keep its port for it.

    Args:
        folder: made if it is not there.
        changes: settings that differ; an empty one is taken for absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with kept_port() as port:
        url = f"http://127.0.0.1:{port}"
        settings = {
            **SHORT_CLOCKS,
            "KINGUIN_API_KEY": secrets.token_hex(16),
            "KINGUIN_BASE_URL": "http://127.0.0.1:9",
            "KINGUIN_WEBHOOK_SECRET": secrets.token_hex(16),
            "NOWPAYMENTS_API_KEY": secrets.token_hex(16),
            "NOWPAYMENTS_BASE": "http://127.0.0.1:9/v1",
            "NOWPAYMENTS_IPN_SECRET": secrets.token_hex(16),
            "NOWPAYMENTS_RATE_PER_SECOND": "0",
            "ORDERS_PER_MINUTE_PER_ADDRESS": "0",
            "PUBLIC_URL": url,
            "HOST": HOST,
            "PORT": str(port),
            "DATABASE_URL": f"sqlite:///{folder / 'bitloot.db'}",
            "VAULT_DIR": str(folder / "vault"),
            "VAULT_KEYS": f"test:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "MAIL_DIR": str(folder / "mail"),
            "LINK_SECRET": secrets.token_hex(32),
            "ADMIN_TOKEN": secrets.token_hex(24),
            "LOG_LEVEL": "debug",
            **changes,
        }
        yield Surroundings(folder=folder, url=url, settings=settings)
