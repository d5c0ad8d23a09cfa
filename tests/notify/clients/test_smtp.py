"""The courier over the kinds of connections that mail servers want."""

import datetime
import ipaddress
import re
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.server import Mailbox
from services.notify.clients.smtp import TAKEN, Courier, Mail, MailServerAway, Outcome, Receipt
from services.notify.storage.messages import Message
from tests.notify.mail_server import ReadsAhead, reads_ahead

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


def handed(one: Courier, address: str = ANNA, *, sender: str = SENDER, content: bytes = CONTENT) -> Receipt:
    """What the server made of one mail."""
    mail = Mail(Message(address=address), "", content)
    [(of, receipt)] = one.hand_over(sender, [mail], until=time.monotonic() + 60)
    assert of is mail
    return receipt


@pytest.mark.parametrize("at_once", [False, True])
def test_mail_goes_over_tls_and_is_refused_when_the_certificate_is_not_trusted(certificate, at_once):
    scheme = "smtps" if at_once else "smtp+starttls"
    with Mailbox(MailboxConfig(), tls=served_with(certificate), tls_at_once=at_once) as mailbox:
        url = mailbox.smtp_url.replace("smtp://", f"{scheme}://")

        assert handed(courier(url, ca_file=certificate)) == TAKEN
        with pytest.raises(MailServerAway):
            handed(courier(url))

        assert len(mailbox.mails.find()) == 1


def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for():
    with Mailbox(MailboxConfig()) as mailbox:
        url = mailbox.smtp_url.replace("smtp://", "smtp+starttls://")

        with pytest.raises(MailServerAway):
            handed(courier(url))

        assert mailbox.mails.find() == []


def test_login_with_a_user_and_a_password():
    with Mailbox(MailboxConfig()) as mailbox:
        good = mailbox.smtp_url.replace("smtp://", "smtp://bok%40zdroj.example:p%3Aw@")
        bad = mailbox.smtp_url.replace("smtp://", "smtp://bok:wrong@")

        assert handed(courier(good)) == TAKEN
        with pytest.raises(MailServerAway, match="SMTPAuthenticationError"):
            handed(courier(bad))


def test_content_arrives_byte_for_byte():
    with Mailbox(MailboxConfig()) as mailbox:
        handed(courier(mailbox.smtp_url))

        assert mailbox.mails.find()[0].content == CONTENT


def test_domains_and_names_beyond_ascii_reach_a_server_that_knows_them():
    with Mailbox(MailboxConfig()) as mailbox:
        one = courier(mailbox.smtp_url)

        assert handed(one, "anna@żółć.example") == TAKEN
        assert handed(one, "żółć@poczta.example") == TAKEN

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
    receipt = handed(courier("smtp://127.0.0.1:9"), address)

    assert (receipt.outcome, receipt.reason) == (Outcome.NEVER, "ADDRESS_MALFORMED")


def test_a_silent_server_is_given_up_after_the_timeout():
    with Mailbox(MailboxConfig()) as mailbox:
        mailbox.faults.set(type(mailbox.faults.current())(answer_delay_s=5))

        receipt = handed(courier(mailbox.smtp_url, timeout_s=0.5))

    assert (receipt.outcome, receipt.reason) == (Outcome.LATER, "IN_DOUBT")


def test_connections_are_renewed_after_so_many_mails():
    with Mailbox(MailboxConfig()) as mailbox:
        one = courier(mailbox.smtp_url, mails_max=2)

        for _ in range(5):
            assert handed(one) == TAKEN

        assert mailbox.connections == 3


@pytest.fixture(params=[True, False], ids=["ahead", "in turn"])
def server(request) -> Iterator[str]:
    """The URL of a server that reads ahead, and of one that does not."""
    with reads_ahead(pipelining=request.param) as url:
        yield url


def marked(*names: str) -> list[Mail]:
    """A mail to each, with the name in its content."""
    return [
        Mail(Message(address=f"{name}@poczta.example"), "", f"Subject: {name}\r\n\r\n.\r\nx\r\n".encode())
        for name in names
    ]


def outcomes(one: Courier, *names: str) -> dict[str, str]:
    """What became of the mail to each."""
    given = list(one.hand_over(SENDER, marked(*names), until=time.monotonic() + 60))
    assert len(given) == len(names)
    one.close()
    return {mail.message.address.partition("@")[0]: receipt.outcome.value for mail, receipt in given}


def kept() -> list[str]:
    """Whose mails the server has, in the order it took them."""
    return [content.split(b"\r\n")[0].removeprefix(b"Subject: ").decode() for content in ReadsAhead.kept]


def test_the_server_gets_the_very_content(server):
    sending = courier(server)
    for content in (CONTENT, b".\r\n..\r\nx", b"a\r\n.b"):
        assert handed(sending, content=content) == TAKEN
    sending.close()
    undotted = [re.sub(rb"(?m)^\.", b"", content) for content in ReadsAhead.kept]
    assert undotted == [CONTENT, b".\r\n..\r\nx\r\n", b"a\r\n.b\r\n"]


@pytest.mark.parametrize("server", [True], indirect=True, ids=["ahead"])
def test_a_content_goes_together_with_what_comes_next(server):
    assert set(outcomes(courier(server), "anna", "bartek", "celina").values()) == {"TAKEN"}
    groups = [[line[:4] for line in one.split(b"\r\n") if line] for one in ReadsAhead.heard]
    of_content = [b"Subj", b"..", b"x", b"."]
    again = [b"MAIL", b"RCPT", b"DATA"]
    assert groups[1:-1] == [again, of_content + again, of_content + again, of_content]


@pytest.mark.parametrize("careless", [False, True])
def test_a_refusal_in_the_middle_is_that_mails_alone(server, careless, monkeypatch):
    monkeypatch.setattr(ReadsAhead, "careless", careless)
    found = outcomes(courier(server), "anna", "nobody", "bartek", "refuse", "celina", "never")
    assert found == {
        "anna": "TAKEN",
        "nobody": "NEVER",
        "bartek": "TAKEN",
        "refuse": "NEVER",
        "celina": "TAKEN",
        "never": "NEVER",
    }
    assert kept() == ["anna", "bartek", "celina"]


def test_a_refused_sender_costs_no_mail_its_life_and_the_connection_goes_on(server):
    sending = courier(server)
    assert handed(sending, sender="never@zdroj.example").outcome is Outcome.LATER
    assert handed(sending) == TAKEN


@pytest.mark.parametrize("ending", ["gone", "ends"])
def test_a_connection_that_ends_at_an_address_leaves_the_mail_before_taken_and_all_others_theirs(
    server, ending
):
    found = outcomes(courier(server), "anna", ending, "bartek", "celina")
    assert found == {"anna": "TAKEN", ending: "LATER", "bartek": "TAKEN", "celina": "TAKEN"}
    assert kept() == ["anna", "bartek", "celina"]


def test_an_answer_lost_after_the_content_is_doubt_of_that_mail_alone(server):
    one = courier(server)
    given = list(one.hand_over(SENDER, marked("anna", "swallow", "bartek"), until=time.monotonic() + 60))
    assert [receipt.reason for _, receipt in given] == ["", "IN_DOUBT", ""]
    assert kept() == ["anna", "swallow", "bartek"]


def test_a_sender_that_stops_leaves_no_half_a_mail_behind(server):
    one = courier(server)
    for _ in one.hand_over(SENDER, marked("anna", "bartek", "celina"), until=time.monotonic() + 60):
        break
    one.close()
    assert outcomes(one, "daria") == {"daria": "TAKEN"}
    assert kept() == ["anna", "daria"]


def test_nothing_is_begun_after_its_time_and_what_was_begun_is_ended(server):
    one = courier(server)
    mails = iter(marked("anna", "bartek", "celina"))

    def slowly() -> Iterator[Mail]:
        yield next(mails)
        yield next(mails)
        time.sleep(1.2)
        yield next(mails)

    given = list(one.hand_over(SENDER, slowly(), until=time.monotonic() + 1))
    assert [receipt for _, receipt in given] == [TAKEN, TAKEN]
    assert kept() == ["anna", "bartek"]


def test_connections_are_renewed_in_the_middle_of_many(server):
    one = courier(server, mails_max=2)
    assert set(outcomes(one, *(f"klient{place}" for place in range(5))).values()) == {"TAKEN"}
    assert sum(piece[:4].upper() == b"EHLO" for piece in ReadsAhead.heard) == 3
    assert len(kept()) == 5
