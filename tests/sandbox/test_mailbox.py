"""The mailbox keeps its word: it takes mail as a real server does, shows it, and fails when told to."""

import json
import os
import re
import smtplib
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from sandbox.mailbox.config import MailboxConfig, read_config
from sandbox.mailbox.server import Mailbox

ANNA = "anna@poczta.example"
BARTEK = "bartek@poczta.example"
HTML = "<!doctype html><html lang='pl'><head><title>x</title></head><body><p>Zażółć</p></body></html>"


@pytest.fixture
def mailbox():
    with Mailbox(MailboxConfig()) as running:
        yield running


def letter(to: str = ANNA, subject: str = "Zażółć gęślą jaźń", html: str = HTML) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Wodociągi Zdrój <ebok@zdroj.example>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Dzień dobry,\nhttps://ebok.example/potwierdzenie?token=abc\n")
    message.add_alternative(html, subtype="html")
    return message


def connect(mailbox: Mailbox) -> smtplib.SMTP:
    host, port = mailbox.smtp_url.removeprefix("smtp://").split(":")
    return smtplib.SMTP(host, int(port), timeout=5)


def send(mailbox: Mailbox, *letters: EmailMessage) -> None:
    with connect(mailbox) as smtp:
        for one in letters:
            smtp.send_message(one)


def listed(mailbox: Mailbox, **query: str) -> list[dict]:
    answer = requests.get(f"{mailbox.http_url}/api/messages", params=query, timeout=5)
    assert answer.status_code == 200
    return answer.json()


def test_a_mail_is_kept_with_its_text_html_and_headers(mailbox):
    send(mailbox, letter())

    [kept] = listed(mailbox)

    assert kept["to"] == [ANNA]
    assert kept["from"] == "ebok@zdroj.example"
    assert kept["subject"] == "Zażółć gęślą jaźń"
    assert kept["text"].startswith("Dzień dobry,\n")
    assert "Zażółć" in kept["html"]
    assert kept["headers"]["From"] == "Wodociągi Zdrój <ebok@zdroj.example>"
    assert datetime.now(UTC) - datetime.fromisoformat(kept["received_at"]) < timedelta(seconds=10)


def test_mails_are_found_by_address_and_instant_the_newest_first(mailbox):
    send(mailbox, letter(subject="1"), letter(to=BARTEK, subject="2"), letter(subject="3"))
    middle = listed(mailbox, to=BARTEK)[0]["received_at"]

    assert [mail["subject"] for mail in listed(mailbox, to="ANNA@poczta.example")] == ["3", "1"]
    assert [mail["subject"] for mail in listed(mailbox, since=middle)] == ["3", "2"]
    assert listed(mailbox, to=ANNA, since="2999-01-01T00:00:00+00:00") == []
    raw = urllib.request.urlopen(f"{mailbox.http_url}/api/messages?since={middle}", timeout=5)  # noqa: S310
    assert len(json.load(raw)) == 2, "a plus that was not escaped is understood too"
    assert requests.get(f"{mailbox.http_url}/api/messages?since=jutro", timeout=5).status_code == 400


def test_deleting_empties_the_box(mailbox):
    send(mailbox, letter())

    assert requests.delete(f"{mailbox.http_url}/api/messages", timeout=5).json() == {"deleted": 1}

    assert listed(mailbox) == []
    assert requests.get(f"{mailbox.http_url}/health", timeout=5).json() == {
        "status": "ok",
        "kept": 0,
        "received": 1,
    }


def test_the_oldest_leave_first():
    with Mailbox(MailboxConfig(kept_max=3)) as mailbox:
        send(mailbox, *(letter(subject=str(number)) for number in range(5)))

        assert [mail["subject"] for mail in listed(mailbox)] == ["4", "3", "2"]


def test_a_restart_keeps_the_mail(tmp_path: Path):
    with Mailbox(MailboxConfig(store=tmp_path / "box")) as mailbox:
        send(mailbox, letter(subject="przed"))
    with Mailbox(MailboxConfig(store=tmp_path / "box")) as mailbox:
        send(mailbox, letter(subject="po"))

        assert [mail["subject"] for mail in listed(mailbox)] == ["po", "przed"]


def test_a_refused_recipient_is_refused_for_good_and_others_are_not(mailbox):
    set_faults(mailbox, refuse_recipients=["Anna@poczta.example"])

    with connect(mailbox) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        smtp.send_message(letter())
    send(mailbox, letter(to=BARTEK))

    assert refused.value.recipients[ANNA][0] == 550
    assert [mail["to"] for mail in listed(mailbox)] == [[BARTEK]]


def test_a_temporary_fault_runs_out(mailbox):
    set_faults(mailbox, temporary_for=2)

    codes = []
    with connect(mailbox) as smtp:
        for _ in range(3):
            try:
                smtp.send_message(letter())
                codes.append(250)
            except smtplib.SMTPDataError as fault:
                codes.append(fault.smtp_code)

    assert codes == [451, 451, 250]
    assert len(listed(mailbox)) == 1


def test_a_lost_answer_leaves_the_mail_kept_and_the_sender_in_doubt(mailbox):
    set_faults(mailbox, lose_answer_for=1)

    smtp = connect(mailbox)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.send_message(letter())

    assert len(listed(mailbox)) == 1
    send(mailbox, letter())
    assert len(listed(mailbox)) == 2


def test_a_connection_is_closed_after_so_many_mails(mailbox):
    set_faults(mailbox, close_after=1)

    smtp = connect(mailbox)
    smtp.send_message(letter())
    assert smtp.sock is not None
    while smtp.sock.recv(1024):
        pass
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.docmd("NOOP")


def test_a_wish_that_cannot_be_understood_changes_nothing(mailbox):
    set_faults(mailbox, temporary_for=1)

    wishes: list[object] = [
        {"temporary_for": -1},
        {"delay_s": 1e9},
        {"refuse_recipients": "x"},
        {"nonsense": 1},
    ]
    for wish in [*wishes, []]:
        answer = requests.post(f"{mailbox.http_url}/api/faults", json=wish, timeout=5)
        assert answer.status_code == 400, wish

    current = requests.get(f"{mailbox.http_url}/api/faults", timeout=5).json()
    assert current["temporary_for"] == 1
    set_faults(mailbox)
    assert requests.get(f"{mailbox.http_url}/api/faults", timeout=5).json()["temporary_for"] == 0


def set_faults(mailbox: Mailbox, **wish) -> None:
    assert requests.post(f"{mailbox.http_url}/api/faults", json=wish, timeout=5).status_code == 200


def test_a_mail_cannot_run_anything_on_the_page(mailbox):
    nasty = "<!doctype html><html><head></head><body><script>alert(1)</script></body></html>"
    send(mailbox, letter(subject="<script>alert(1)</script>", html=nasty))
    [mail] = listed(mailbox)

    page = requests.get(f"{mailbox.http_url}/wiadomosci/{mail['id']}", timeout=5)
    frame = requests.get(f"{mailbox.http_url}/wiadomosci/{mail['id']}/html", timeout=5)

    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "allow-scripts" not in page.text + frame.headers["Content-Security-Policy"]
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in frame.headers["Content-Security-Policy"]


def test_pages_lead_from_the_list_to_the_mail_and_its_source(mailbox):
    send(mailbox, letter())

    page = requests.get(mailbox.http_url, timeout=5).text
    [path] = re.findall(r'href="(/wiadomosci/\d+)"', page)
    mail = requests.get(mailbox.http_url + path, timeout=5).text

    assert "Zażółć gęślą jaźń" in page
    assert 'href="https://ebok.example/potwierdzenie?token=abc"' in mail, "links of the text can be followed"
    assert "Subject:" in requests.get(f"{mailbox.http_url}{path}/zrodlo", timeout=5).text
    assert requests.get(f"{mailbox.http_url}/wiadomosci/999", timeout=5).status_code == 404
    assert "Nie ma wiadomości" in requests.get(f"{mailbox.http_url}/?do={BARTEK}", timeout=5).text


def test_a_form_of_a_foreign_page_cannot_empty_the_box(mailbox):
    send(mailbox, letter())

    foreign = requests.post(f"{mailbox.http_url}/usun", headers={"Sec-Fetch-Site": "cross-site"}, timeout=5)
    assert foreign.status_code == 403
    assert len(listed(mailbox)) == 1
    requests.post(f"{mailbox.http_url}/usun", timeout=5)
    assert listed(mailbox) == []


def test_the_process_starts_says_where_it_listens_and_stops_when_told():
    command = [sys.executable, "-m", "sandbox.mailbox", "--smtp", "127.0.0.1:0"]
    env = {**os.environ, "EBOK_MAILBOX_HTTP": "127.0.0.1:0"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        assert requests.get(f"{found[0]}/health", timeout=5).json()["status"] == "ok"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_the_command_line_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("EBOK_MAILBOX_SMTP", "127.0.0.1:2600")
    monkeypatch.setenv("EBOK_MAILBOX_HTTP", "127.0.0.1:8600")

    config = read_config(["--http", "127.0.0.1:8700"])

    assert (config.smtp, config.http) == (("127.0.0.1", 2600), ("127.0.0.1", 8700))
    with pytest.raises(SystemExit):
        read_config(["--smtp", "nowhere"])
