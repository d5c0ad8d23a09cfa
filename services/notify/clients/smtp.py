"""The mail server. One `Courier` is one connection, used by one worker for many mails."""

import functools
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from services.notify.domain.messages import (
    ADDRESS_MALFORMED,
    IN_DOUBT,
    REFUSED_BY_SERVER,
    SENDER_REFUSED,
    SERVER_BUSY,
)
from services.notify.domain.receipts import TAKEN, Outcome, Receipt
from services.notify.storage.in_hand import InHand

IDLE_S_MAX = 20.0  # Many servers end a silent connection after half a minute or so.
DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
GO_ON, REFUSED_FROM, PERMANENT_FROM = 354, 400, 500
SERVICE_ENDS = 421


class MailServerAway(Exception):
    """The server is not reached or does not let us in: no mail can be handed over, whichever it is."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as it goes over the wire, and what its subject was."""

    message: InHand
    subject: str
    content: bytes


class Courier:
    """Hands mails over, one after the other, over a connection that it opens when it is needed."""

    def __init__(
        self, url: str, *, timeout_s: float, mails_max: int = 200, ca_file: Path | None = None
    ) -> None:
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._mails_max = mails_max
        self._ca_file = ca_file
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._mails = 0
        # The next mail's addresses went out with the last content; the answers to them are still to be read.
        self._announced = False
        # The server waits for a content, or will: anything else we said would be taken for it.
        self._amid = False

    def hand_over(
        self, sender: str, mails: Iterable[Mail], *, until: float
    ) -> Iterator[tuple[Mail, Receipt]]:
        """Give mails to the server, one after the other, and say of each what it made of it. Raises MailServerAway.

        A server that reads ahead (RFC 2920) hears a mail's content and the next one's addresses at once, which is one
        exchange for each. The next content leaves when the last receipt was taken from here: whatever dies, of one mail
        at most it is not known what became of it. None is begun after `until`.
        """
        begun: Mail | None = None  # The server waits for its content.
        for mail in mails:
            if time.monotonic() > until:
                break
            recipient = _wire_address(mail.message.address)
            if recipient is None:
                yield mail, Receipt(Outcome.NEVER, ADDRESS_MALFORMED)
                continue
            if begun is not None:
                yield begun, self._finish(begun, sender, recipient)
            refused = self._begin(sender, recipient, until)
            begun = None if refused else mail
            if refused:
                yield mail, refused
        if begun is not None:
            yield begun, self._finish(begun)

    def _begin(self, sender: str, recipient: str, until: float) -> Receipt | None:
        """Say who writes to whom; None when the server waits for the content."""
        kept = self._smtp is not None
        try:
            return self._announce(sender, recipient)
        except (smtplib.SMTPException, OSError):
            self._drop()
            if not kept or time.monotonic() > until:
                return Receipt(Outcome.LATER, SERVER_BUSY)
        # A kept connection may end between our look at it and our first word: once more over a new one.
        try:
            return self._announce(sender, recipient)
        except (smtplib.SMTPException, OSError):
            self._drop()
            return Receipt(Outcome.LATER, SERVER_BUSY)

    def _announce(self, sender: str, recipient: str) -> Receipt | None:
        smtp = self._smtp if self._smtp is not None and self._announced else self._connection()
        lines = _announcement(smtp, sender, recipient)
        if lines is None:
            return Receipt(Outcome.NEVER, ADDRESS_MALFORMED)
        if _reads_ahead(smtp):
            if not self._announced:
                smtp.send(b"".join(lines))
            self._amid, self._announced = True, False
            codes = [smtp.getreply()[0] for _ in lines]
            if max(codes[:2]) >= REFUSED_FROM and codes[2] == GO_ON:
                # It waits for a content that is for nobody: an empty one ends it, and is refused.
                smtp.send(b".\r\n")
                smtp.getreply()
            self._amid = False
        else:
            codes = _ask_in_turn(smtp, lines)
        if SERVICE_ENDS in codes:
            raise smtplib.SMTPServerDisconnected("it says so itself")
        place = next((place for place, code in enumerate(codes) if code >= REFUSED_FROM), None)
        if place is None:
            self._amid = True
            return None
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()  # What it refused, it has refused.
        # A sender that is refused is the operator's to mend, so no mail is given up for it at once.
        return _declined(codes[place]) if place else Receipt(Outcome.LATER, SENDER_REFUSED, codes[place])

    def _finish(self, mail: Mail, sender: str = "", following: str = "") -> Receipt:
        """Send the content that the server waits for; with the addresses of the `following` mail, if it reads ahead."""
        smtp = self._smtp
        if smtp is None:
            raise ValueError("no mail was begun")
        ahead = None
        self._mails += 1
        if following and _reads_ahead(smtp) and self._mails < self._mails_max:
            ahead = _announcement(smtp, sender, following)
        try:
            smtp.send(_dotted(mail.content) + b"".join(ahead or ()))
            code, _ = smtp.getreply()
        except (smtplib.SMTPException, OSError):
            # The content may have been taken; nobody can know. It is sent again under the same Message-ID.
            self._drop()
            return Receipt(Outcome.LATER, IN_DOUBT)
        self._used_at = time.monotonic()
        self._amid = self._announced = ahead is not None
        if code == SERVICE_ENDS:
            self._drop()
        return TAKEN if code < REFUSED_FROM else _declined(code)

    def _connection(self) -> smtplib.SMTP:
        smtp = self._smtp
        if smtp is not None:
            stale = time.monotonic() - self._used_at > IDLE_S_MAX or self._mails >= self._mails_max
            if not stale and self._answers(smtp):
                return smtp
            self.close()
        try:
            self._smtp = self._connect()
        except (smtplib.SMTPException, OSError) as fault:
            raise MailServerAway(type(fault).__name__) from None
        self._mails = 0
        self._used_at = time.monotonic()
        return self._smtp

    @staticmethod
    def _answers(smtp: smtplib.SMTP) -> bool:
        """Whether the server has not closed meanwhile: looking costs nothing, asking would cost a round trip."""
        if smtp.sock is None:
            return False
        try:
            smtp.sock.setblocking(False)
            try:
                smtp.sock.recv(1)
            finally:
                smtp.sock.settimeout(smtp.timeout)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True  # Silence is what we want to hear.
        except OSError:
            return False
        return False  # It said goodbye, or something we did not ask for.

    def _connect(self) -> smtplib.SMTP:
        scheme, host = self._url.scheme, self._url.hostname or ""
        port = self._url.port or DEFAULT_PORTS[scheme]
        smtp: smtplib.SMTP
        if scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, port, timeout=self._timeout_s, context=self._tls())
        else:
            smtp = smtplib.SMTP(host, port, timeout=self._timeout_s)
        try:
            if scheme == "smtp+starttls":
                smtp.starttls(context=self._tls())
            smtp.ehlo_or_helo_if_needed()
            if self._url.username:
                smtp.login(unquote(self._url.username), unquote(self._url.password or ""))
            if smtp.sock is not None:
                # A mail is a handful of short lines back and forth; none of them waits for the next.
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)

    def close(self) -> None:
        """End the connection; the next mail opens another."""
        if self._smtp is not None and not self._amid:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self._drop()

    def _drop(self) -> None:
        """End the connection without a word."""
        smtp, self._smtp = self._smtp, None
        self._amid = self._announced = False
        if smtp is not None:
            smtp.close()


class Couriers:
    """Connections that are kept between runs, each used by one worker at a time."""

    def __init__(self, make: Callable[[], Courier]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._idle: list[Courier] = []

    @contextmanager
    def one(self) -> Iterator[Courier]:
        """Borrow a connection."""
        with self._lock:
            courier = self._idle.pop() if self._idle else self._make()
        try:
            yield courier
        except BaseException:
            courier.close()
            raise
        with self._lock:
            self._idle.append(courier)

    def close(self) -> None:
        """End those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for courier in idle:
            courier.close()


def _reads_ahead(smtp: smtplib.SMTP) -> bool:
    return smtp.has_extn("pipelining")


def _announcement(smtp: smtplib.SMTP, sender: str, recipient: str) -> list[bytes] | None:
    """The lines before a content; None when the server does not know addresses like these."""
    option = ""
    if not (sender + recipient).isascii():
        if not smtp.has_extn("smtputf8"):
            return None
        option = " SMTPUTF8"
    return [
        f"MAIL FROM:<{sender}>{option}\r\n".encode(),
        f"RCPT TO:<{recipient}>\r\n".encode(),
        b"DATA\r\n",
    ]


def _ask_in_turn(smtp: smtplib.SMTP, lines: Sequence[bytes]) -> list[int]:
    """The answer to each line, up to the first refusal."""
    codes: list[int] = []
    for line in lines:
        smtp.send(line)
        codes.append(smtp.getreply()[0])
        if codes[-1] >= REFUSED_FROM:
            break
    return codes


def _declined(code: int) -> Receipt:
    if code >= PERMANENT_FROM:
        return Receipt(Outcome.NEVER, REFUSED_BY_SERVER, code)
    return Receipt(Outcome.LATER, SERVER_BUSY, code)


def _dotted(content: bytes) -> bytes:
    """Content as it goes over the wire: a dot at the start of a line is doubled, one alone ends it."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"." if ended.startswith(b".") else b"") + ended.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def _wire_address(address: str) -> str | None:
    """The address as it goes over the wire, its domain in ASCII; None when it cannot be one."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or not address.isprintable() or _NO_PART_OF_ONE.search(address):
        return None
    in_ascii = _in_ascii(domain)
    return in_ascii and f"{local}@{in_ascii}"


_NO_PART_OF_ONE = re.compile(r'[ <>"\\,;:()\[\]]')


@functools.lru_cache(maxsize=1024)
def _in_ascii(domain: str) -> str | None:
    """A domain as it goes over the wire; customers have theirs at few providers."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
