"""
How our mails look, ready for whoever brings them: to a buyer, with a text part and an HTML part; to the staff, plain.

Rule: a mail carries a link and never a key. What stands in it from outside (titles, the address) is escaped or refused.
"""

from __future__ import annotations

import hashlib
import html
import quopri
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from typing import Self

import attrs

from bitloot_core.ports.mailer import Mail, Notice
from bitloot_core.values.errors import InvalidInput, Rejected

_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;,\\\"@]{1,64}@[^\s\x00-\x20\x7f()<>\[\]:;,\\\"@]{1,253}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_NAMED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]+)>\s*")
_LONGEST_LINE = 900
"""In characters; SMTP admits 998 bytes a line (RFC 5321, section 4.5.3.1.6)."""
_LINE_END = "\r\n"
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
"""A name that needs no quotes."""


@attrs.frozen(kw_only=True)
class Sender:
    """
    Who our mails are from.

    Attributes:
        name: what a mail program shows; may be empty.
        address: where answers go; its domain ends our Message-IDs.
    """

    name: str
    address: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `shop@example.com` or `The Shop <shop@example.com>`; name and domain may have letters beyond ASCII.

        The mailbox may not: each mail would need servers that know such senders, all the way to the buyer.

        Raises:
            InvalidInput: it is neither.
        """
        found = _NAMED.fullmatch(text)
        name, address = (found["name"].strip('"'), found["address"]) if found else ("", text)
        try:
            address = _usable(address.strip())
        except ValueError:
            raise InvalidInput("MAIL_FROM", "is not a mail address") from None
        if not address.isascii():
            raise InvalidInput("MAIL_FROM", "has a mailbox beyond ASCII, which many mail servers refuse")
        # Half of a character pair, too: what a shell in another encoding left there, and no mail could be written with.
        if not name.isprintable():
            raise InvalidInput("MAIL_FROM", "has a name with a sign that cannot be printed")
        return cls(name=name, address=address)

    @property
    def domain(self) -> str:
        """The part of the address behind the at sign."""
        return self.address.rpartition("@")[2]


@attrs.frozen(kw_only=True)
class Message:
    """
    A mail as it goes over the wire.

    Attributes:
        sender: its address, and nothing else.
        recipient: the same of whom it is for.
        content: headers and both parts, the lines ended as on the wire.
    """

    sender: str
    recipient: str
    content: bytes = attrs.field(repr=False)

    @property
    def is_international(self) -> bool:
        """Whether a mailbox holds more than ASCII, and with it the headers (RFC 6532)."""
        return not (self.sender + self.recipient).isascii()


def render(mail: Mail, *, key: str, sender: Sender, at: datetime) -> Message:
    """
    Make the message.

    It is put together by hand: the standard library's own way takes as long as all other work on the mail.

    Args:
        mail: what it says.
        key: the name of this mail among all; equal keys give equal Message-IDs.
        sender: who it is from.
        at: the date that it bears.

    Raises:
        Rejected: no mail can go to this address (`mail-refused`).
    """
    to = _recipient(mail.to, "the buyer's address cannot be used")
    # Made from the key and not by chance, so that a repeat is the same message.
    edge = f"=_{digest_of(key)}"
    lines = (
        *_headers(to, _subject(mail), key=key, sender=sender, at=at),
        f'Content-Type: multipart/alternative; boundary="{edge}"',
        "",
        f"--{edge}",
        *_part("plain", _text(mail)),
        f"--{edge}",
        *_part("html", _html(mail)),
        f"--{edge}--",
    )
    return _message(to, sender, lines)


def render_notice(notice: Notice, *, key: str, sender: Sender, at: datetime) -> Message:
    """
    Make the message of a notice to the staff; the rest is as for `render`.

    Raises:
        Rejected: no mail can go to this address (`mail-refused`).
    """
    to = _recipient(notice.to, "the operator's address cannot be used")
    headers = _headers(to, _one_line(notice.subject), key=key, sender=sender, at=at)
    return _message(to, sender, (*headers, *_part("plain", notice.text)))


def _recipient(address: str, refusal: str) -> str:
    try:
        return _usable(address)
    except ValueError:
        # The reason is left out: it could repeat what somebody wrote into the address.
        raise Rejected("mailer", refusal, code="mail-refused") from None


def _headers(to: str, subject: str, *, key: str, sender: Sender, at: datetime) -> tuple[str, ...]:
    """The headers that all our mails have."""
    return (
        f"Date: {format_datetime(at)}",
        f"From: {_phrase(sender.name)}<{_on_the_wire(sender.address)}>",
        f"To: {_on_the_wire(to)}",
        f"Subject: {subject}",
        f"Message-ID: <{digest_of(key)}@{sender.domain}>",
        # Holiday notes and the like need not answer a machine. Source: RFC 3834, section 5.
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    )


def _one_line(subject: str) -> str:
    """A subject as a header takes it: nothing in it ends the line, and letters beyond ASCII are encoded."""
    line = "".join(character for character in " ".join(subject.split()) if character.isprintable())
    return line if line.isascii() else Header(line, "utf-8", header_name="Subject").encode(linesep=_LINE_END)


def _message(to: str, sender: Sender, lines: tuple[str, ...]) -> Message:
    return Message(
        sender=_on_the_wire(sender.address),
        recipient=_on_the_wire(to),
        content="".join(f"{line}\r\n" for line in lines).encode(),
    )


def digest_of(key: str) -> str:
    """A short name made from a mail's key: safe in a header and as a file's name, and says nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _usable(address: str) -> str:
    """
    An address as it goes on the wire: its domain in ASCII.

    Raises:
        ValueError: it is none, or holds what could end a header.
    """
    # Half a character pair, which JSON can carry, is not printable, and could not be encoded either.
    if _ADDRESS.fullmatch(address) is None or not address.isprintable():
        raise ValueError("not a mail address")
    mailbox, _, domain = address.rpartition("@")
    # UnicodeError, which an impossible domain raises, is a ValueError.
    host = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    # Writing it in ASCII turns wide forms into plain ones: what was a letter can be a bracket or an at sign now.
    if _HOST.fullmatch(host) is None:
        raise ValueError("not a host's name")
    return f"{mailbox}@{host}"


def _on_the_wire(address: str) -> str:
    """
    An address as it stands in a header and is said to a mail server.

    A mailbox with dots where none may stand is quoted; the other signs that would need it are not let in.
    **Source:** RFC 5322, section 3.4.1.
    """
    mailbox, _, domain = address.rpartition("@")
    return address if all(mailbox.split(".")) else f'"{mailbox}"@{domain}'


def _phrase(name: str) -> str:
    """A name in front of an address, if there is one: quoted or encoded where it must be."""
    if not name:
        return ""
    if not name.isascii():
        return f"{Header(name, 'utf-8', header_name='From').encode(linesep=_LINE_END)} "
    quoted = re.sub(r'(["\\])', r"\\\1", name)
    return f"{name} " if _ATOMS.fullmatch(name) else f'"{quoted}" '


def _part(subtype: str, text: str) -> tuple[str, ...]:
    """One form of the text, with what a mail program must know to read it."""
    lines = text.splitlines()
    # Plain where it can be, so that a link stays in one piece for whoever reads the raw message.
    plain = text.isascii() and all(len(line) <= _LONGEST_LINE for line in lines)
    if not plain:
        lines = quopri.encodestring(text.encode()).decode("ascii").splitlines()
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"',
        f"Content-Transfer-Encoding: {'7bit' if plain else 'quoted-printable'}",
        "",
        *lines,
        "",
    )


def _subject(mail: Mail) -> str:
    if mail.owed:
        return f"{mail.ready} of your {mail.ready + mail.owed} keys can be opened"
    return "Your key is ready" if mail.ready == 1 else f"Your {mail.ready} keys are ready"


def _lead(mail: Mail) -> str:
    if mail.owed:
        rest = "one is" if mail.owed == 1 else f"{mail.owed} are"
        return (
            f"{mail.ready} of your {mail.ready + mail.owed} keys can be opened now; {rest} still on the way. "
            "The same page shows the rest as soon as it is there, and we write to you then."
        )
    return "Thank you for your order. Everything that you bought is ready."


_CARE = (
    "Whoever has this link can see your keys, so keep it to yourself. "
    "Opening the page shows nothing yet: you choose when."
)


def _titles(mail: Mail) -> list[str]:
    """The titles, each on one line and without anything that is not printed."""
    lines = (" ".join(title.split()) for title in mail.titles)
    return ["".join(character for character in line if character.isprintable()) for line in lines]


def _text(mail: Mail) -> str:
    titles = "\n".join(f"  - {title}" for title in _titles(mail))
    parts = (_lead(mail), titles, "Open your keys here:", mail.link.reveal(), _CARE, f"Order {mail.order_id}")
    return "\n\n".join(parts) + "\n"


# Mail programs drop style sheets, so each element carries its own style.
_PAGE = (
    "margin:0;padding:24px 12px;background:#f4f4f6;color:#1d1d22;"
    "font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif"
)
_CARD = (
    "max-width:520px;margin:0 auto;padding:28px 28px 20px;background:#ffffff;border:1px solid #e2e2e8;"
    "border-radius:10px"
)
_BUTTON = (
    "display:inline-block;padding:12px 28px;background:#3b3fd8;color:#ffffff;font-weight:600;text-decoration:none;"
    "border-radius:8px"
)
_SMALL = "margin:0 0 12px;color:#62626e;font-size:13px"


def _html(mail: Mail) -> str:
    link = html.escape(mail.link.reveal())
    titles = "\n".join(f'<li style="margin:4px 0">{html.escape(title)}</li>' for title in _titles(mail))
    button = "Open my key" if mail.ready == 1 else "Open my keys"
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(_subject(mail))}</title>
</head>
<body style="{_PAGE}">
<div style="{_CARD}">
<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">{html.escape(_subject(mail))}</h1>
<p style="margin:0 0 16px">{html.escape(_lead(mail))}</p>
<ul style="margin:0 0 24px;padding-left:20px">
{titles}
</ul>
<p style="margin:0 0 24px">
<a href="{link}" style="{_BUTTON}">{button}</a>
</p>
<p style="{_SMALL}">If the button does not work, copy this address into your browser:<br>
<span style="color:#1d1d22;word-break:break-all">{link}</span></p>
<p style="{_SMALL}">{html.escape(_CARE)}</p>
<p style="{_SMALL}">Order {html.escape(mail.order_id)}</p>
</div>
</body>
</html>
"""
