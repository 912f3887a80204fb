"""
The buyers' letter box: the `.eml` files that the service writes, read as a mail program would.
"""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import attrs

_LINK = re.compile(r"https?://\S+/delivery/[A-Za-z0-9._~-]+")


@attrs.frozen(kw_only=True)
class Letter:
    """
    A mail that arrived.

    Attributes:
        to: the buyer's address.
        link: the delivery link in it.
        written_at: when the file appeared, as a POSIX time.
    """

    to: str
    link: str = attrs.field(repr=False)
    written_at: float


class LetterBox:
    """
    Reads each mail once.

    Args:
        folder: where the service writes its mails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self._letters: dict[str, Letter] = {}

    def letter_to(self, address: str) -> Letter | None:
        """The first mail to an address, if it has been fetched."""
        return self._letters.get(address)

    def fetch(self) -> None:
        """Read what is new."""
        for path in self._folder.glob("*.eml"):
            if path.name not in self._seen:
                self._seen.add(path.name)
                letter = _read(path)
                self._letters.setdefault(letter.to, letter)


def _read(path: Path) -> Letter:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes it one
    text = message.get_body(("plain",))
    found = None if text is None else _LINK.search(text.get_content())
    if found is None:
        raise ValueError(f"no delivery link in {path.name}")
    return Letter(to=str(message["To"]), link=found[0], written_at=path.stat().st_mtime)
