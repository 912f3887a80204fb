"""The mails that have arrived, whoever brought them: read once, found by address."""

from __future__ import annotations

import email
import email.policy
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import attrs

Arrivals = Callable[[], Iterable[bytes]]
"""What has come since it was asked last, each mail byte for byte."""


@attrs.frozen(kw_only=True)
class Mail:
    """
    A mail to a buyer.

    Attributes:
        message_id: the same for a repeat of the same mail.
        link: the delivery link in it; empty if there is none.
    """

    to: str
    subject: str
    message_id: str
    text: str = attrs.field(repr=False)
    link: str = attrs.field(repr=False)


class Mailbox:
    """
    All buyers' mail.

    Args:
        arrivals: where mails come from.
        url: what the links in them begin with.
    """

    def __init__(self, arrivals: Arrivals, url: str) -> None:
        self._arrivals = arrivals
        self._link = re.compile(re.escape(url) + r"/delivery/[A-Za-z0-9_-]+")
        self._by_address: defaultdict[str, list[Mail]] = defaultdict(list)

    def mails(self, address: str) -> list[Mail]:
        """All mails to an address, oldest first."""
        for raw in self._arrivals():
            mail = self._read(raw)
            self._by_address[mail.to].append(mail)
        return list(self._by_address[address])

    def _read(self, raw: bytes) -> Mail:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        part = message.get_body(("plain",))
        text = "" if part is None else part.get_content()
        link = self._link.search(text)
        return Mail(
            to=str(message["To"]),
            subject=str(message["Subject"]),
            message_id=str(message["Message-ID"]),
            text=text,
            link="" if link is None else link[0],
        )


def written_to(folder: Path) -> Arrivals:
    """The mails in a folder, one file each."""
    known: set[Path] = set()

    def arrivals() -> Iterator[bytes]:
        for path in sorted(folder.glob("*.eml")):
            if path not in known:
                known.add(path)
                yield path.read_bytes()

    return arrivals
