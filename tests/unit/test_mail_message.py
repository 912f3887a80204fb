"""The mail to a buyer, as a mail program reads it."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters._shared.mail_message import Sender, render
from bitloot_core.ports.mailer import Mail
from bitloot_core.testing.contracts.mailer import LINK, MAIL
from bitloot_core.values.errors import InvalidInput, Rejected
from bitloot_core.values.secret import Secret

SENDER = Sender(name="The Shop", address="shop@example.com")
AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def read(mail: Mail, *, key: str = "order7f3k/delivery/1", sender: Sender = SENDER) -> EmailMessage:
    """The message after it went over the wire."""
    message = message_from_bytes(render(mail, key=key, sender=sender, at=AT).content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    """One of the two parts, decoded."""
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Page(HTMLParser):
    """What a mail program shows of the HTML: its links and its words."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.links: list[str | None] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and where it leads."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.words += data


def test_the_headers_say_who_writes_to_whom() -> None:
    """Date, sender, buyer and subject are there, and holiday notes are told to keep quiet."""
    message = read(MAIL)

    assert message["From"] == "The Shop <shop@example.com>"
    assert message["To"] == "buyer@example.com"
    assert message["Subject"] == "Your 3 keys are ready"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_repeat_is_the_same_message() -> None:
    """Equal keys give equal bytes; the Message-ID ends with our domain and says nothing of the key."""
    one, same, other = (render(MAIL, key=key, sender=SENDER, at=AT) for key in ("k", "k", "l"))

    assert one == same
    assert one != other
    assert read(MAIL, key="k")["Message-ID"] != read(MAIL, key="l")["Message-ID"]
    assert read(MAIL)["Message-ID"].endswith("@example.com>")
    assert "order7f3k" not in read(MAIL)["Message-ID"]


def test_the_link_is_there_once_as_a_button_and_once_as_text() -> None:
    """A mail program that shows no buttons shows the address; nothing else in the page leads anywhere."""
    message = read(MAIL)
    page = Page(part(message, "html"))

    assert page.links == [LINK]
    assert page.words.count(LINK) == 1
    assert part(message, "plain").split().count(LINK) == 1


def test_the_link_is_not_broken_in_the_raw_message() -> None:
    """As long as all is ASCII nothing is encoded, and the file can be read as it lies there."""
    raw = render(attrs.evolve(MAIL, titles=("A game",)), key="k", sender=SENDER, at=AT).content

    assert raw.count(LINK.encode()) == 3


def test_both_parts_have_the_titles_and_the_order() -> None:
    """Whoever reads only one part misses nothing."""
    message = read(MAIL)

    for text in (part(message, "plain"), Page(part(message, "html")).words):
        assert "2 x Half-Life <3> & Co" in text
        assert "1 x Ведьмак 3" in text
        assert "order7f3k" in text


def test_titles_are_text_and_nothing_else() -> None:
    """Third-party text cannot bring in a tag, a link or a line of its own."""
    sly = '</li><script>alert(1)</script><img src="https://evil.example/x">"\r\nBcc: thief@example.com\x1b[31m'

    message = read(attrs.evolve(MAIL, titles=(sly,)))

    page = Page(part(message, "html"))
    assert page.links == [LINK]
    assert not {"script", "img"} & set(page.tags)
    assert message["Bcc"] is None
    assert "\x1b" not in part(message, "plain") + part(message, "html")


@pytest.mark.parametrize(
    ("ready", "owed", "subject", "words"),
    [
        (1, 0, "Your key is ready", "Everything that you bought is ready"),
        (2, 0, "Your 2 keys are ready", "Everything that you bought is ready"),
        (1, 1, "1 of your 2 keys can be opened", "one is still on the way"),
        (3, 2, "3 of your 5 keys can be opened", "2 are still on the way"),
    ],
)
def test_the_words_count_right(ready: int, owed: int, subject: str, words: str) -> None:
    """One key, several, and a part of them."""
    message = read(attrs.evolve(MAIL, ready=ready, owed=owed))

    assert message["Subject"] == subject
    assert words in " ".join(part(message, "plain").split())


def test_letters_of_all_countries_pass() -> None:
    """A sender's name with umlauts is encoded, and a domain with umlauts becomes ASCII."""
    sender = Sender.parse("Bücher & Spiele <shop@bücher.example>")

    message = read(attrs.evolve(MAIL, to="buyer@spiel-straße.example"), sender=sender)

    assert message["From"].addresses[0].display_name == "Bücher & Spiele"
    assert message["From"].addresses[0].domain == "xn--bcher-kva.example"
    assert message["To"].addresses[0].domain.isascii()


@pytest.mark.parametrize("name", ["", "The Shop", 'Smith, Jones & Co. ("S\\J")', "Ü" * 20, "<b>@x"])
def test_a_senders_name_is_shown_as_it_is(name: str) -> None:
    """Whatever signs it holds, quoted or encoded, it stays a name and the address stays the address."""
    message = read(MAIL, sender=attrs.evolve(SENDER, name=name))

    (shown,) = message["From"].addresses
    assert (name, "shop@example.com") == (shown.display_name, shown.addr_spec)


@pytest.mark.parametrize("to", [".a@example.com", "a..b@example.com", "a.@example.com"])
def test_a_mailbox_with_strange_dots_is_quoted(to: str) -> None:
    """**Source:** RFC 5322, section 3.4.1: dots stand between words, or the mailbox is in quotes."""
    mailbox, _, domain = to.rpartition("@")

    message = render(attrs.evolve(MAIL, to=to), key="k", sender=SENDER, at=AT)

    assert message.recipient == f'"{mailbox}"@{domain}'
    assert read(attrs.evolve(MAIL, to=to))["To"].addresses[0].username == mailbox


def test_a_mailbox_with_umlauts_stays_as_it_is() -> None:
    """**Source:** RFC 6532: such a header is UTF-8, for a server with SMTPUTF8."""
    raw = render(attrs.evolve(MAIL, to="käufer@example.com"), key="k", sender=SENDER, at=AT).content

    assert "To: käufer@example.com\r\n".encode() in raw


def test_a_very_long_title_keeps_lines_within_the_limit() -> None:
    """**Source:** RFC 5321, section 4.5.3.1.6: no line has more than 998 bytes."""
    raw = render(attrs.evolve(MAIL, titles=("x" * 5_000,)), key="k", sender=SENDER, at=AT).content

    assert max(len(line) for line in raw.splitlines()) <= 998


@given(to=st.one_of(st.text(), st.emails(), st.builds("{}{}@{}".format, st.emails(), st.text(), st.text(min_size=1))))
def test_an_address_is_used_as_it_is_or_refused(to: str) -> None:
    """Whatever stands in the address, the message has one recipient and no header of somebody else's."""
    try:
        raw = render(attrs.evolve(MAIL, to=to), key="k", sender=SENDER, at=AT).content
    except Rejected:
        return

    message = message_from_bytes(raw, policy=default)
    assert len(message["To"].addresses) == 1
    assert set(message.keys()) == set(read(MAIL).keys())


@pytest.mark.parametrize(
    "to", ["\ud800@example.com", "a@\ud800.example", "a@" + "ü" * 80 + ".example", "\u202eab@example.com"]
)
def test_an_address_that_cannot_be_written_is_refused(to: str) -> None:
    """JSON can carry half a character pair; it must not blow up in the middle of a job."""
    with pytest.raises(Rejected):
        read(attrs.evolve(MAIL, to=to))


@given(titles=st.lists(st.text()), key=st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_any_title_and_key_make_a_message(titles: list[str], key: str) -> None:
    """Nothing in a catalogue can keep a buyer's mail from going out."""
    message = read(attrs.evolve(MAIL, titles=tuple(titles)), key=key)

    assert LINK in part(message, "plain")
    assert Page(part(message, "html")).links == [LINK]


def test_a_link_with_marks_of_html_stays_whole() -> None:
    """An address with a query is escaped in the page and is the same when followed."""
    link = 'https://shop.example/d?a=1&b="2"'

    message = read(attrs.evolve(MAIL, link=Secret(link)))

    assert Page(part(message, "html")).links == [link]
    assert link in part(message, "plain")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("shop@example.com", "", "shop@example.com"),
        (" The Shop <shop@example.com> ", "The Shop", "shop@example.com"),
        ('"Shop, The" <shop@example.com>', "Shop, The", "shop@example.com"),
        ("<shop@example.com>", "", "shop@example.com"),
    ],
)
def test_a_sender_is_read_with_or_without_a_name(text: str, name: str, address: str) -> None:
    """MAIL_FROM takes what people write there."""
    assert Sender.parse(text) == Sender(name=name, address=address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "a@b@c",
        "shop@example.com\nBcc: x@example.com",
        "A\nB <shop@example.com>",
        "a <b> <c@d>",
        # Each mail would have to find a server that takes such a sender.
        "büro@example.com",
        "Büro <büro@bücher.example>",
        # What a shell set in another encoding leaves in the environment: no mail could be written with it.
        "B\udcfccher <shop@example.com>",
        "The\x7fShop <shop@example.com>",
        "The\u2028Shop <shop@example.com>",
    ],
)
def test_a_sender_that_is_none_is_refused(text: str) -> None:
    """The variable is named."""
    with pytest.raises(InvalidInput, match="MAIL_FROM"):
        Sender.parse(text)
