"""The mail server. One `Courier` is one connection, used by one worker for many mails."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

IDLE_S_MAX = 20.0  # Many servers end a silent connection after half a minute or so.
DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
PERMANENT_FROM = 500
SERVICE_ENDS = 421


class MailServerAway(Exception):
    """The server is not reached or does not let us in: no mail can be handed over, whichever it is."""


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

    def hand_over(self, sender: str, recipient: str, content: bytes) -> Receipt:
        """Give one mail to the server and say what it made of it. Raises MailServerAway."""
        address = _wire_address(recipient)
        if address is None:
            return Receipt(Outcome.NEVER, ADDRESS_MALFORMED)
        reused = self._smtp is not None
        try:
            return self._attempt(sender, address, content)
        except (smtplib.SMTPException, OSError):
            self.close()
            if not reused:
                return Receipt(Outcome.LATER, SERVER_BUSY)
        # A kept connection may end between our look at it and our first word: once more over a new one.
        try:
            return self._attempt(sender, address, content)
        except (smtplib.SMTPException, OSError):
            self.close()
            return Receipt(Outcome.LATER, SERVER_BUSY)

    def _attempt(self, sender: str, recipient: str, content: bytes) -> Receipt:
        smtp = self._connection()
        options = []
        if not recipient.isascii():
            if not smtp.has_extn("smtputf8"):
                return Receipt(Outcome.NEVER, ADDRESS_MALFORMED)
            options = ["SMTPUTF8"]
        receipt = self._converse(smtp, sender, recipient, content, options)
        self._used_at = time.monotonic()
        self._mails += 1
        if receipt.code == SERVICE_ENDS:
            self.close()
        return receipt

    def _converse(
        self, smtp: smtplib.SMTP, sender: str, recipient: str, content: bytes, options: list[str]
    ) -> Receipt:
        if smtp.has_extn("pipelining") and not options:
            return self._converse_ahead(smtp, sender, recipient, content)
        code, _ = smtp.mail(sender, options)
        if code >= 400:
            # The operator's to mend, so no mail is given up for it at once.
            smtp.rset()
            return Receipt(Outcome.LATER, SENDER_REFUSED, code)
        code, _ = smtp.rcpt(recipient)
        if code >= 400:
            return self._declined(smtp, code)
        try:
            code, _ = smtp.data(content)
        except smtplib.SMTPDataError as refused:  # Refused at the word DATA, before the content.
            return self._declined(smtp, int(refused.smtp_code))
        except (smtplib.SMTPServerDisconnected, TimeoutError, OSError):
            # The content may have been taken; nobody can know. It is sent again under the same Message-ID.
            self.close()
            return Receipt(Outcome.LATER, IN_DOUBT)
        return TAKEN if code < 400 else self._declined(smtp, code)

    def _converse_ahead(self, smtp: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> Receipt:
        """The same in two exchanges instead of four, with a server that reads ahead (RFC 2920)."""
        smtp.send(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
        of_mail, of_rcpt, of_data = (smtp.getreply()[0] for _ in range(3))
        if max(of_mail, of_rcpt) >= 400 and of_data < 400:
            # It waits for a content that is for nobody: an empty one ends it, and is refused.
            smtp.send(b".\r\n")
            smtp.getreply()
        if of_mail >= 400:
            smtp.rset()
            return Receipt(Outcome.LATER, SENDER_REFUSED, of_mail)
        if max(of_rcpt, of_data) >= 400:
            return self._declined(smtp, of_rcpt if of_rcpt >= 400 else of_data)
        try:
            smtp.send(_dotted(content))
            code, _ = smtp.getreply()
        except (smtplib.SMTPServerDisconnected, TimeoutError, OSError):
            # As above: it may have been taken.
            self.close()
            return Receipt(Outcome.LATER, IN_DOUBT)
        return TAKEN if code < 400 else self._declined(smtp, code)

    @staticmethod
    def _declined(smtp: smtplib.SMTP, code: int) -> Receipt:
        if code != SERVICE_ENDS:
            smtp.rset()
        if code >= PERMANENT_FROM:
            return Receipt(Outcome.NEVER, REFUSED_BY_SERVER, code)
        return Receipt(Outcome.LATER, SERVER_BUSY, code)

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
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (smtplib.SMTPException, OSError):
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


def _dotted(content: bytes) -> bytes:
    """Content as it goes over the wire: a dot at the start of a line is doubled, one alone ends it."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"." if ended.startswith(b".") else b"") + ended.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def _wire_address(address: str) -> str | None:
    """The address as it goes over the wire, its domain in ASCII; None when it cannot be one."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or not address.isprintable() or set(address) & set(' <>"\\,;:()[]'):
        return None
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
