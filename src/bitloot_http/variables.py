"""
The forms that an environment variable can have: one parser each, from text to a value.

A parser raises `ValueError` with a clause that completes "NAME ...". The clause never repeats what was read: it may be
a secret. Nothing here reads the environment.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

import attrs

from bitloot_core.order.policy import Repost
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

KEY_BYTES = 32
MOST_TOLERANCE = 20
LEVELS = ("debug", "info", "warning", "error", "critical")
_DESCRIPTION = "variable"
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_VERSION_AT_END = re.compile(r"/v[0-9]+/?\Z")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_FROM_URL_SAFE = str.maketrans("-_", "+/")
_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})
_LONGEST_SECONDS = Decimal(10 * 365 * 24 * 3600)


@attrs.frozen(kw_only=True)
class Variable:
    """
    What is known of one variable: enough to read it and to explain it.

    Attributes:
        name: as it stands in the environment.
        parse: from its text to its value.
        help: a sentence or two for `.env.example`.
        default: the text that stands for an absent variable; None if it has no default.
        required: whether it must be set. One that is neither required nor has a default is None when absent.
        secret: whether its value must never be shown.
    """

    name: str
    parse: Callable[[str], Any]
    help: str
    default: str | None = None
    required: bool = False
    secret: bool = False


def variable(
    name: str,
    parse: Callable[[str], Any],
    text: str,
    *,
    default: str | None = None,
    required: bool = False,
    secret: bool = False,
) -> dict[str, Variable]:
    """Describe a variable, as the metadata of the attrs field that holds its value."""
    return {
        _DESCRIPTION: Variable(name=name, parse=parse, help=text, default=default, required=required, secret=secret),
    }


def variable_of(metadata: Mapping[Any, Any]) -> Variable:
    """Read the description back from the metadata of a field."""
    described = metadata[_DESCRIPTION]
    assert isinstance(described, Variable)  # noqa: S101 - a field without one is a mistake of ours, seen by every test
    return described


def plain(text: str) -> str:
    """Any text."""
    return text


def folder(text: str) -> Path:
    """A folder; a relative one starts where the program does."""
    return Path(text).expanduser()


def secret(text: str) -> Secret:
    """
    Any text that must not be shown; several, where that is said, separated by commas.
    """
    if not all(part.strip() for part in text.split(",")):
        raise ValueError("must not be empty, nor any of several separated by commas")
    return Secret(text)


def long_secret(characters: int) -> Callable[[str], Secret]:
    """Make a parser of a secret that has at least so many characters."""

    def parse(text: str) -> Secret:
        if len(text) < characters:
            raise ValueError(f"must have {characters} characters or more")
        return Secret(text)

    return parse


def several_secrets(characters: int) -> Callable[[str], tuple[Secret, ...]]:
    """Make a parser of secrets separated by commas, each with at least so many characters."""

    def parse(text: str) -> tuple[Secret, ...]:
        parts = tuple(part.strip() for part in text.split(","))
        if any(len(part) < characters for part in parts):
            raise ValueError(f"must have {characters} characters or more, each one if separated by commas")
        return tuple(Secret(part) for part in parts)

    return parse


def master_keys(text: str) -> Secret:
    """
    Master keys, `id:base64-32-bytes,...`, checked and handed on as they are.

    Only the shape is judged here; what seals and opens with them is the vault's business.
    """
    read_master_keys(text)
    return Secret(text)


def read_master_keys(text: str) -> Mapping[str, bytes]:
    """
    The bytes of each master key by its id, the sealing one first: for whoever judges them.

    Raises:
        ValueError: they are not of this form.
    """
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), start=1):
        key_id, colon, encoded = (part.strip() for part in entry.partition(":"))
        if not colon or _KEY_ID.fullmatch(key_id) is None:
            raise ValueError(f"entry {number} is not of the form id:base64")
        if key_id in keys:
            raise ValueError(f"entry {number} repeats an id")
        try:
            keys[key_id] = base64.b64decode(encoded.translate(_FROM_URL_SAFE), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"entry {number} is not base64") from None
        if len(keys[key_id]) != KEY_BYTES:
            raise ValueError(f"entry {number} does not hold {KEY_BYTES} bytes")
    return keys


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make a parser of whole numbers between two bounds, both included."""

    def parse(text: str) -> int:
        if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def percent(text: str) -> Decimal:
    """Per cent, exact; more than a few would let a payment settle that is none."""
    if _NUMBER.fullmatch(text) is None or not 0 <= Decimal(text) <= MOST_TOLERANCE:
        raise ValueError(f"must be a number from 0 to {MOST_TOLERANCE}")
    return Decimal(text)


def euros(least: str) -> Callable[[str], Money]:
    """Make a parser of amounts of EUR, the currency that the supplier charges in."""

    def parse(text: str) -> Money:
        try:
            amount = Money.of(text, "EUR")
        except InvalidInput as refusal:
            raise ValueError("must be an amount of EUR, with two digits after the point at most") from refusal
        if amount < Money.of(least, "EUR"):
            raise ValueError(f"must be {least} (EUR) or more")
        return amount

    return parse


def rate(text: str) -> float:
    """So many a second; 0 for no limit."""
    if _NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
        raise ValueError("must be a number, 0 or more")
    return float(text)


def seconds(text: str) -> timedelta:
    """A length of time above zero; fractions are welcome."""
    if _NUMBER.fullmatch(text) is None or not 0 < Decimal(text) <= _LONGEST_SECONDS:
        raise ValueError("must be a number of seconds above 0")
    return timedelta(seconds=float(text))


def ladder(text: str) -> tuple[timedelta, ...]:
    """Pauses separated by commas, in seconds; the last one repeats."""
    try:
        return tuple(seconds(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("must be numbers of seconds above 0, separated by commas") from None


def days(text: str) -> timedelta:
    """So many whole days."""
    return timedelta(days=whole(1, 3650)(text))


def minutes(text: str) -> timedelta:
    """So many whole minutes."""
    return timedelta(minutes=whole(1, 1_000_000)(text))


def level(text: str) -> str:
    """The name of a log level, in any case."""
    if text.lower() not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return text.lower()


def repost(text: str) -> Repost:
    """What follows a quiet window without a find."""
    try:
        return Repost(text.lower())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Repost)}") from None


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks (10.0.0.0/8), separated by commas") from None


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if any(character.isspace() for character in text):
        raise ValueError("is not a URL")
    return parts


def is_loopback(host: str) -> bool:
    """
    Whether a host name means this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("shop.example")
    (True, True, False)
    """
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def web_address(text: str) -> str:
    """An http(s) URL; plain http only where nothing leaves this machine."""
    parts = _split(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an https:// address")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must have no user, no query and no fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("may be plain http on loopback only; use https://")
    return text.rstrip("/")


def origin(text: str) -> str:
    """An http(s) URL without a path: where the outside reaches us."""
    address = web_address(text)
    if _split(address).path:
        raise ValueError("must be scheme and host alone, without a path")
    return address


def versionless(text: str) -> str:
    """An http(s) URL to which the adapter adds the API's version."""
    address = web_address(text)
    if _VERSION_AT_END.search(address):
        raise ValueError("must not end in a version (/v1, /v2): calls of both versions are made")
    return address


def database(text: str) -> Secret:
    """A SQLite file or a PostgreSQL server; secret, since it may hold a password."""
    if text.startswith("sqlite:///"):
        if not text.removeprefix("sqlite:///").strip("/") or ":memory:" in text:
            raise ValueError("must name a file: sqlite:///bitloot.db, or sqlite:////absolute/path")
        return Secret(text)
    parts = _split(text)
    if parts.scheme.partition("+")[1]:
        raise ValueError("must not name a driver: write postgresql://..., the driver is ours to choose")
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise ValueError("must be sqlite:///FILE or postgresql://user:password@host:port/name")
    return Secret(text)


def redis(text: str) -> Secret:
    """A Redis server; secret, since it may hold a password."""
    parts = _split(text)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.hostname or parts.path):
        raise ValueError("must be redis://, rediss:// or unix://")
    return Secret(text)


def smtp(text: str) -> Secret:
    """A mail server; secret, since it may hold a password."""
    parts = _split(text)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be smtp://user:password@host:port")
    return Secret(text)


def mail_address(text: str) -> str:
    """A sender: `shop@example.com`, or `The Shop <shop@example.com>`."""
    address = text.rpartition("<")[2].removesuffix(">").strip()
    name, at, host = address.partition("@")
    if not (name and at and host) or not text.isprintable():
        raise ValueError("is not an e-mail address")
    if not name.isascii():
        raise ValueError("must have a mailbox in ASCII: many mail servers refuse others")
    return text
