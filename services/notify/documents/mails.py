"""A letter as a mail: headers and two parts, as bytes that go over the wire."""

import binascii
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from chassis.clock import WARSAW
from services.notify.documents.formats import one_line
from services.notify.documents.messages import Letter
from services.notify.storage.messages import Message
from services.notify.storage.settings import ProviderSettings

NAME_LENGTH_MAX = 100


class AddressMalformed(ValueError):
    """The sender's or the recipient's address cannot stand in a header."""


@dataclass(frozen=True)
class Sender:
    """Who mails are from; answers go to the office when that is another address."""

    name: str
    address: str
    reply_to: str

    @property
    def domain(self) -> str:
        """What Message-IDs and list names end in."""
        return self.address.rpartition("@")[2]


def sender_of(settings: ProviderSettings, address: str = "") -> Sender:
    """The office of the settings, or another address of the configuration in its name."""
    return Sender(one_line(settings.name, NAME_LENGTH_MAX), address or settings.email, settings.email)


def render_mail(letter: Letter, message: Message, sender: Sender, *, now: datetime) -> bytes:
    """The bytes of a mail. The same message always has the same Message-ID. Raises AddressMalformed."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(sender.name, sender.address)
    mail["To"] = _address(one_line(message.name, NAME_LENGTH_MAX), message.address)
    if sender.reply_to and sender.reply_to != sender.address:
        mail["Reply-To"] = _address("", sender.reply_to)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now.astimezone(WARSAW))
    mail["Message-ID"] = f"<{message.message_id}@{sender.domain}>"
    # Written by a machine: holiday notices and the like are not to answer it.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"<{message.rule.value.replace('_', '-')}.{sender.domain}>"
    if letter.one_click_url:
        # One click in the mail program (RFC 8058), without opening anything.
        mail["List-Unsubscribe"] = f"<{letter.one_click_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Content-Language"] = letter.language
    boundary = f"=_{message.message_id.hex}"  # Cannot occur in quoted-printable, where = is =3D.
    kind = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    edge = f"--{boundary}\r\n".encode()
    parts = (_part("plain", letter.text), _part("html", letter.html))
    head = mail.as_bytes().rstrip(b"\r\n") + b"\r\n" + kind.encode()
    return head + edge + edge.join(parts) + f"--{boundary}--\r\n".encode()


def _part(kind: str, text: str) -> bytes:
    """A body part. The library's own encoder takes ten times as long, which a mail to every customer feels."""
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    )
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    return head.encode() + binascii.b2a_qp(lines.encode(), istext=True) + b"\r\n"


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=name, addr_spec=address)
    except Exception as fault:  # The header parser answers odd input with many kinds of exceptions.
        raise AddressMalformed from fault
