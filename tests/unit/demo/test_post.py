"""The buyers' letter box."""

from datetime import UTC, datetime
from pathlib import Path

from bitloot_adapters._shared.mail_message import Sender, render
from bitloot_core.order.jobs import MailKind
from bitloot_core.ports.mailer import Mail
from bitloot_core.values.ids import OrderId
from bitloot_core.values.secret import Secret
from bitloot_http.demo.post import LetterBox

LINK = "http://127.0.0.1:8080/delivery/abc-DEF_123"


def put_mail(folder: Path, to: str) -> None:
    """A mail as the service writes it."""
    mail = Mail(
        kind=MailKind.DELIVERY,
        order_id=OrderId("o1"),
        to=to,
        link=Secret(LINK),
        titles=("1 x Lantern Tide",),
        ready=1,
        owed=0,
    )
    message = render(
        mail, key=to, sender=Sender.parse("shop@lantern.example"), at=datetime(2026, 1, 31, 12, tzinfo=UTC)
    )
    (folder / f"{to}.eml").write_bytes(message.content)


def test_a_mail_is_found_by_its_address(tmp_path: Path) -> None:
    """The link in it is the one that the buyer opens."""
    put_mail(tmp_path, "ada.1@buyers.example")
    box = LetterBox(tmp_path)

    box.fetch()
    letter = box.letter_to("ada.1@buyers.example")

    assert letter is not None
    assert letter.link == LINK
    assert box.letter_to("boris.2@buyers.example") is None


def test_a_mail_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    """Only whole files have the ending `.eml`."""
    (tmp_path / ".half.123").write_bytes(b"To: ada")

    LetterBox(tmp_path).fetch()
