"""A letter as a mail: headers and two parts, as bytes that go over the wire."""

import binascii
import functools
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from chassis.clock import WARSAW
from services.notify.documents.formats import one_line
from services.notify.documents.messages import Letter
from services.notify.storage.messages import AnyMessage, Rule
from services.notify.storage.settings import ProviderSettings

NAME_LENGTH_MAX = 100
LINE_LENGTH_MAX = 76
WORD_BYTES_MAX = 45  # As base64 60 characters, with what stands around them 72.
FOLD = "\r\n "
_ATOM = r"[A-Za-z0-9_+-]+"
_PLAIN_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ]+")


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


@dataclass(frozen=True, slots=True)
class Encoded:
    """A letter whose texts are as they go over the wire."""

    language: str
    subject: str
    text: bytes
    html: bytes
    one_click_url: str = ""


def encode_letter(letter: Letter) -> Encoded:
    """A letter, encoded."""
    return Encoded(
        letter.language,
        letter.subject,
        encode_lines(letter.text),
        encode_lines(letter.html),
        letter.one_click_url,
    )


def encode_lines(text: str) -> bytes:
    """Lines as quoted-printable, each on its own, so that a text may be encoded piece by piece.

    The library's own encoder takes ten times as long, which a mail to every customer feels.
    """
    return encode_ended("\r\n".join(text.splitlines()) + "\r\n")


def encode_ended(lines: str) -> bytes:
    """As `encode_lines`, of lines that end as they do over the wire."""
    return binascii.b2a_qp(lines.encode(), istext=True)


def encode_open(text: str) -> bytes:
    """As `encode_ended`, of a text in the midst of a line: whatever follows goes on in the line it ends in."""
    if not text or text.endswith("\r\n"):
        return encode_ended(text)
    # Encoded as if a letter followed, a space at the end stays one and the line leaves room for its end.
    return encode_ended(text + "x\r\n").removesuffix(b"x\r\n") + b"=\r\n"


def render_mail(letter: Encoded, message: AnyMessage, sender: Sender, *, now: datetime) -> bytes:
    """The bytes of a mail. The same message always has the same Message-ID. Raises AddressMalformed."""
    own = [
        _line("To", _mailbox(one_line(message.name, NAME_LENGTH_MAX), message.address)),
        _line("Subject", _words(letter.subject, first=len("Subject: "))),
        _line("Date", _moment(now.replace(microsecond=0))),
        _line("Message-ID", f"<{message.message_id}@{sender.domain}>"),
    ]
    if letter.one_click_url:
        # One click in the mail program (RFC 8058), without opening anything.
        own.append(_line("List-Unsubscribe", f"<{letter.one_click_url}>"))
        own.append(_line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    boundary = f"=_{message.message_id.hex}"  # Cannot occur in quoted-printable, where = is =3D.
    kind = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    head = _common_head(sender, message.rule, letter.language) + "".join(own) + kind
    edge = f"--{boundary}".encode()
    parts = (
        *(head.encode("ascii", "surrogateescape"), edge),
        *(_PART_HEADS["plain"], letter.text, b"\r\n", edge),
        *(_PART_HEADS["html"], letter.html, b"\r\n", edge, b"--\r\n"),
    )
    return b"".join(parts)


_PART_HEADS = {
    kind: (
        f'\r\nContent-Type: text/{kind}; charset="utf-8"'
        "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()
    for kind in ("plain", "html")
}


@functools.lru_cache(maxsize=4)
def _moment(now: datetime) -> str:
    return format_datetime(now.astimezone(WARSAW))


@functools.lru_cache(maxsize=256)
def _common_head(sender: Sender, rule: Rule, language: str) -> str:
    """The headers that all mails of a rule share, folded by the library once."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(sender.name, sender.address)
    if sender.reply_to and sender.reply_to != sender.address:
        mail["Reply-To"] = _address("", sender.reply_to)
    # Written by a machine: holiday notices and the like are not to answer it.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"<{rule.value.replace('_', '-')}.{sender.domain}>"
    mail["Content-Language"] = language
    return mail.as_bytes().rstrip(b"\r\n").decode("ascii") + "\r\n"


def _line(name: str, value: str) -> str:
    """A header on its line. What came from people is on one line long before; this is the last look."""
    plain = value.replace(FOLD, "")
    if "\r" in plain or "\n" in plain:
        raise ValueError(f"a line break in {name}")
    return f"{name}: {value}\r\n"


def _words(text: str, *, first: int) -> str:
    """Text in a header (RFC 2047): as it is where it is short and plain, else encoded words, each on its line.

    The library's own folding takes longer than all the rest of a mail, which a mail to every customer feels.
    """
    if text.isascii() and text.isprintable() and "=?" not in text and first + len(text) <= LINE_LENGTH_MAX:
        return text
    words: list[str] = []
    rest = text
    while rest:
        piece = rest[:WORD_BYTES_MAX]
        while len(piece.encode()) > WORD_BYTES_MAX - (0 if words else max(first - 10, 0)):
            piece = piece[:-1]
        words.append(f"=?utf-8?b?{binascii.b2a_base64(piece.encode(), newline=False).decode()}?=")
        rest = rest[len(piece) :]
    return FOLD.join(words)


def _mailbox(name: str, address: str) -> str:
    """Name and address of the recipient; an address out of the ordinary is left to the library."""
    if not _PLAIN_ADDRESS.fullmatch(address):
        shown = EmailMessage(policy=SMTP)
        shown["To"] = _address(name, address)
        folded = shown.as_bytes().rstrip(b"\r\n").decode("ascii", "surrogateescape").removeprefix("To:")
        return folded.strip()
    if not name:
        return address
    shown_name = _words(name, first=len("To: "))
    if name.isascii() and not _PLAIN_NAME.fullmatch(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        shown_name = f'"{escaped}"'  # A comma or a dot stands in quotes.
    return f"{shown_name}{FOLD}<{address}>"


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=name, addr_spec=address)
    except Exception as fault:  # The header parser answers odd input with many kinds of exceptions.
        raise AddressMalformed from fault
