"""The courier over the kinds of connections that mail servers want."""

import datetime
import ipaddress
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.server import Mailbox
from services.notify.clients.smtp import TAKEN, Courier, MailServerAway, Outcome

CONTENT = b"From: a@x.example\r\nSubject: x\r\n\r\n.\r\nline\r\n"
SENDER, ANNA = "bok@zdroj.example", "anna@poczta.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailbox")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mailbox.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def served_with(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def courier(url: str, **knobs) -> Courier:
    return Courier(url, **{"timeout_s": 3.0, **knobs})


@pytest.mark.parametrize("at_once", [False, True])
def test_mail_goes_over_tls_and_is_refused_when_the_certificate_is_not_trusted(certificate, at_once):
    scheme = "smtps" if at_once else "smtp+starttls"
    with Mailbox(MailboxConfig(), tls=served_with(certificate), tls_at_once=at_once) as mailbox:
        url = mailbox.smtp_url.replace("smtp://", f"{scheme}://")

        assert courier(url, ca_file=certificate).hand_over(SENDER, ANNA, CONTENT) == TAKEN
        with pytest.raises(MailServerAway):
            courier(url).hand_over(SENDER, ANNA, CONTENT)

        assert len(mailbox.mails.find()) == 1


def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for():
    with Mailbox(MailboxConfig()) as mailbox:
        url = mailbox.smtp_url.replace("smtp://", "smtp+starttls://")

        with pytest.raises(MailServerAway):
            courier(url).hand_over(SENDER, ANNA, CONTENT)

        assert mailbox.mails.find() == []


def test_login_with_a_user_and_a_password():
    with Mailbox(MailboxConfig()) as mailbox:
        good = mailbox.smtp_url.replace("smtp://", "smtp://bok%40zdroj.example:p%3Aw@")
        bad = mailbox.smtp_url.replace("smtp://", "smtp://bok:wrong@")

        assert courier(good).hand_over(SENDER, ANNA, CONTENT) == TAKEN
        with pytest.raises(MailServerAway, match="SMTPAuthenticationError"):
            courier(bad).hand_over(SENDER, ANNA, CONTENT)


def test_content_arrives_byte_for_byte():
    with Mailbox(MailboxConfig()) as mailbox:
        courier(mailbox.smtp_url).hand_over(SENDER, ANNA, CONTENT)

        assert mailbox.mails.find()[0].content == CONTENT


def test_domains_and_names_beyond_ascii_reach_a_server_that_knows_them():
    with Mailbox(MailboxConfig()) as mailbox:
        one = courier(mailbox.smtp_url)

        assert one.hand_over(SENDER, "anna@żółć.example", CONTENT) == TAKEN
        assert one.hand_over(SENDER, "żółć@poczta.example", CONTENT) == TAKEN

        assert [mail.recipients for mail in mailbox.mails.find()] == [
            ("żółć@poczta.example",),
            ("anna@xn--kda4b0koi.example",),
        ]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@poczta.example",
        "anna@",
        "a\r\nRCPT TO:<x@y.example>@z.example",
        "a@b,c@d",
        "<a>@b",
        "a@" + "x" * 70,
    ],
)
def test_what_is_no_address_never_meets_the_server(address):
    receipt = courier("smtp://127.0.0.1:9").hand_over(SENDER, address, CONTENT)

    assert (receipt.outcome, receipt.reason) == (Outcome.NEVER, "ADDRESS_MALFORMED")


def test_a_silent_server_is_given_up_after_the_timeout():
    with Mailbox(MailboxConfig()) as mailbox:
        mailbox.faults.set(type(mailbox.faults.current())(answer_delay_s=5))

        receipt = courier(mailbox.smtp_url, timeout_s=0.5).hand_over(SENDER, ANNA, CONTENT)

    assert (receipt.outcome, receipt.reason) == (Outcome.LATER, "IN_DOUBT")


def test_connections_are_renewed_after_so_many_mails():
    with Mailbox(MailboxConfig()) as mailbox:
        one = courier(mailbox.smtp_url, mails_max=2)

        for _ in range(5):
            assert one.hand_over(SENDER, ANNA, CONTENT) == TAKEN

        assert mailbox.connections == 3


class ReadsAhead(socketserver.StreamRequestHandler):
    """A mail server with PIPELINING that answers each command by what its address says."""

    taken: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        wanted = True
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 PIPELINING\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.wfile.write(b"250 taken\r\n" if wanted else b"554 nobody\r\n")
                self.taken.extend([content] if wanted else [])
            elif b"nobody@" in line or b"never@" in line:
                wanted = False
                self.wfile.write(b"550 unknown\r\n")
            else:
                wanted = wanted or word == b"RSET"
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def ahead() -> Iterator[str]:
    """The URL of a server that reads ahead."""
    ReadsAhead.taken.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), ReadsAhead) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_server_that_reads_ahead_gets_the_very_content(ahead):
    sending = courier(ahead)
    for content in (CONTENT, b".\r\n..\r\nx", b"a\r\n.b"):
        assert sending.hand_over(SENDER, ANNA, content) == TAKEN
    sending.close()
    undotted = [re.sub(rb"(?m)^\.", b"", content) for content in ReadsAhead.taken]
    assert undotted == [CONTENT, b".\r\n..\r\nx\r\n", b"a\r\n.b\r\n"]


def test_a_refusal_in_the_middle_leaves_the_connection_fit_for_the_next(ahead):
    sending = courier(ahead)
    assert sending.hand_over(SENDER, "nobody@poczta.example", CONTENT).outcome is Outcome.NEVER
    assert sending.hand_over(SENDER, ANNA, CONTENT) == TAKEN
    assert sending.hand_over("never@zdroj.example", ANNA, CONTENT).outcome is Outcome.LATER
    assert sending.hand_over(SENDER, ANNA, CONTENT) == TAKEN
    sending.close()
    assert len(ReadsAhead.taken) == 2
