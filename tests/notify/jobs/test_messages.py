"""Sending: each message once, whatever the mail server and the worker do."""

import io
import logging
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog
from ebok.notify.v1 import events_pb2

from chassis.telemetry import configure_logging
from services.notify.__main__ import part
from services.notify.jobs.messages import send_messages
from services.notify.storage.messages import Message, MessageStatus
from tests.notify.conftest import ANNA, NOBODY, OFFICE, PORTAL, TOKEN


def test_a_new_invoice_reaches_its_customer(given, send, mails, rows, announced):
    given.customer()
    invoice = given.invoice()

    send()

    [mail] = mails()
    assert mail.recipients == (ANNA,)
    assert mail.sender == OFFICE
    assert mail.subject == "Nowa faktura: 243,78 zł do 4 kwietnia"
    assert f"{PORTAL}/faktury/{invoice.invoice_id}" in mail.text()
    [row] = rows()
    assert row.status is MessageStatus.SENT
    assert row.subject == mail.subject
    written_to = (row.address, row.name, row.language, row.facts["customer_number"])
    assert written_to == (ANNA, "Anna Żółć", "pl", "20411085")
    [event] = announced(events_pb2.MessageSent)
    assert (event.message_id, event.rule) == (str(row.message_id), "invoice_issued")


def test_the_token_is_opened_for_the_mail_and_then_erased(given, send, mails, rows):
    given.confirmation()
    assert rows()[0].sealed_token

    send()

    [mail] = mails()
    assert f"{PORTAL}/potwierdzenie?token={TOKEN}" in mail.text()
    assert rows()[0].sealed_token is None


def test_a_second_run_sends_nothing_again(given, send, mails):
    given.confirmation()

    send()
    send()

    assert len(mails()) == 1


def test_a_refused_recipient_is_given_up_and_the_others_get_theirs(
    given, send, mails, rows, faults, announced
):
    faults(refuse_recipients=["nikt@poczta.example"])
    given.confirmation(email="nikt@poczta.example")
    given.confirmation()

    send()

    assert [mail.recipients for mail in mails()] == [(ANNA,)]
    failed, sent = rows()
    assert (failed.status, failed.reason, failed.sealed_token) == (
        MessageStatus.FAILED,
        "REFUSED_BY_SERVER",
        None,
    )
    assert sent.status is MessageStatus.SENT
    [event] = announced(events_pb2.MessageFailed)
    assert event.reason == "REFUSED_BY_SERVER"


def test_a_temporary_refusal_is_tried_again_after_growing_waits(given, send, mails, rows, faults, clock):
    given.customer()
    given.invoice()
    faults(temporary_for=2)

    send()
    first = rows()[0]
    send()
    assert mails() == []
    assert (first.status, first.reason, first.attempts) == (MessageStatus.PLANNED, "SERVER_BUSY", 1)
    clock.advance(timedelta(seconds=15))
    send()
    second = rows()[0]
    assert second.attempts == 2
    assert second.next_attempt_at - clock.now() > first.next_attempt_at - first.planned_at
    clock.advance(timedelta(seconds=30))
    send()

    assert len(mails()) == 1
    assert (rows()[0].status, rows()[0].reason, rows()[0].attempts) == (MessageStatus.SENT, "", 3)


def test_attempts_are_bounded(given, send, mails, rows, faults, clock, announced):
    given.customer()
    given.invoice()
    faults(temporary_for=100)

    for _ in range(10):
        send()
        clock.advance(timedelta(hours=1))

    assert mails() == []
    assert (rows()[0].status, rows()[0].reason, rows()[0].attempts) == (
        MessageStatus.FAILED,
        "SERVER_BUSY",
        4,
    )
    assert len(announced(events_pb2.MessageFailed)) == 1


def test_a_link_that_dies_between_attempts_is_given_up_and_erased(given, send, mails, rows, faults, clock):
    given.reset()
    faults(temporary_for=1)
    send()
    clock.advance(timedelta(minutes=31))

    send()

    assert mails() == []
    assert (rows()[0].status, rows()[0].reason, rows()[0].sealed_token) == (
        MessageStatus.FAILED,
        "SERVER_BUSY",
        None,
    )


def test_a_lost_answer_is_sent_again_under_the_same_message_id(given, send, mails, rows, faults, clock):
    given.customer()
    given.invoice()
    faults(lose_answer_for=1)

    send()
    assert rows()[0].reason == "IN_DOUBT"
    clock.advance(timedelta(minutes=1))
    send()

    first, second = mails()
    assert first.headers()["Message-ID"] == second.headers()["Message-ID"]
    assert rows()[0].status is MessageStatus.SENT


def test_a_server_that_is_away_costs_no_attempts(serving, database, given, mailbox, rows, mails):
    away = serving(part, database=database, peers=NOBODY, smtp_url="smtp://127.0.0.1:9", smtp_timeout_s=1)
    given.confirmation()

    for _ in range(5):
        assert away.run_job("messages.send")
    assert (rows()[0].status, rows()[0].attempts) == (MessageStatus.PLANNED, 0)
    assert away.runtime.resources["room"].mail_door.closed, "and is left alone for a while"

    back = serving(part, database=database, peers=NOBODY, smtp_url=mailbox.smtp_url)
    back.run_job("messages.send")
    assert len(mails()) == 1


def test_a_connection_that_ends_between_mails_is_made_anew(served, given, send, mails, rows, faults):
    faults(close_after=1)
    for _ in range(5):
        given.confirmation()

    send()
    given.confirmation()
    send()

    assert len(mails()) == 6
    assert {row.attempts for row in rows()} == {1}


def test_many_mails_go_over_few_connections(served, given, send, mails, mailbox):
    for _ in range(60):
        given.confirmation()

    send()

    assert len(mails()) == 60
    assert mailbox.connections <= served.config.send_workers


def test_several_workers_at_once_send_each_mail_once(serving, database, given, mailbox, mails, rows):
    for _ in range(80):
        given.confirmation()
    rooms = [
        serving(
            part, database=database, peers=NOBODY, smtp_url=mailbox.smtp_url, send_batch=3
        ).runtime.resources["room"]
        for _ in range(3)
    ]

    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(send_messages, database, now=room.clock.now(), room=room) for room in rooms]
        for run in runs:
            run.result()

    ids = [mail.headers()["Message-ID"] for mail in mails()]
    assert len(ids) == len(set(ids)) == 80
    assert {row.status for row in rows()} == {MessageStatus.SENT}


def test_a_message_that_cannot_be_written_does_not_stop_the_others(given, send, mails, rows, database):
    given.customer()
    given.invoice()
    given.confirmation()
    with database.transaction() as session:
        session.execute(sa.update(Message).where(Message.rule == "invoice_issued").values(facts={}))

    send()

    assert len(mails()) == 1
    assert [(row.status, row.reason) for row in rows()] == [
        (MessageStatus.PLANNED, "NOT_WRITTEN"),
        (MessageStatus.SENT, ""),
    ]


def test_a_malformed_address_is_given_up(given, send, mails, rows):
    for address in (
        "anna",
        "anna@@poczta.example",
        "a b@poczta.example",
        "anna@poczta.example\r\nBcc: x@y.example",
        "",
    ):
        given.confirmation(email=address)

    send()

    assert mails() == []
    assert {(row.status, row.reason) for row in rows()} == {(MessageStatus.FAILED, "ADDRESS_MALFORMED")}


def test_a_worker_killed_after_the_server_took_the_mail_is_replaced(
    given, database, config_for, mailbox, mails, rows, faults, clock
):
    """The real process, the real kill: what was in its hands goes again when the lease ends, recognisably."""
    given.confirmation(expires_at=None)
    faults(answer_delay_s=30)
    config = config_for(part, peers=NOBODY)
    env = {
        **os.environ,
        "EBOK_ENVIRONMENT": "test",
        "EBOK_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "EBOK_KEYS_DIR": str(config.keys_dir),
        "EBOK_PEERS": "billing=127.0.0.1:1",
        "EBOK_SMTP_URL": mailbox.smtp_url,
        "PYTHONPATH": ".:gen",
    }
    with database.transaction() as session:  # The process lives today, the tests' clock in March.
        session.execute(sa.update(Message).values(expires_at=datetime(2100, 1, 1, tzinfo=UTC)))
    worker = subprocess.Popen([sys.executable, "-m", "services.notify", "job", "messages.send"], env=env)
    wait_until(lambda: len(mails()) == 1)
    worker.kill()
    worker.wait()
    faults()
    assert rows()[0].status is MessageStatus.SENDING

    run_here = lambda: subprocess.run(  # noqa: E731
        [sys.executable, "-m", "services.notify", "job", "messages.send"], env=env, check=True
    )
    run_here()
    assert len(mails()) == 1, "while the lease lasts, nobody else sends it"
    with database.transaction() as session:
        session.execute(sa.update(Message).values(leased_until=sa.func.now() - timedelta(seconds=1)))
    run_here()

    first, second = mails()
    assert first.headers()["Message-ID"] == second.headers()["Message-ID"]
    assert (rows()[0].status, rows()[0].sealed_token) == (MessageStatus.SENT, None)


def test_the_running_part_sends_within_a_second_or_so(given, database, config_for, mailbox, mails, clock):
    config = config_for(part, peers=NOBODY, smtp_url=mailbox.smtp_url)
    runtime = part.runtime(config, clock, database)
    stop = threading.Event()
    [loop] = [run for name, run in part.workers(runtime, stop) if name == "messages.send"]
    thread = threading.Thread(target=loop)
    thread.start()
    try:
        time.sleep(0.6)
        given.confirmation()
        started = time.monotonic()
        wait_until(lambda: len(mails()) == 1)
        assert time.monotonic() - started < 2
    finally:
        stop.set()
        thread.join()


def test_what_was_done_with_long_ago_is_forgotten_and_the_rest_is_kept(served, given, send, rows, clock):
    given.customer()
    given.invoice()
    given.confirmation()
    send()
    clock.advance(timedelta(days=91))
    given.reset()

    served.run_job("messages.forget")
    assert [row.rule for row in rows()] == ["invoice_issued", "password_reset"]

    clock.advance(timedelta(days=1830))
    served.run_job("messages.forget")
    assert [row.rule for row in rows()] == ["password_reset"], "what is open is never forgotten"


@pytest.fixture
def logged(monkeypatch):
    """What a process would log, as text; the logging of the test run is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", written)
        configure_logging("notify", "DEBUG")
    yield written.getvalue
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_nothing_secret_or_personal_is_logged(logged, given, send, faults):
    faults(refuse_recipients=[ANNA])
    given.customer()
    given.invoice()
    given.confirmation()
    given.confirmation(email="inna@poczta.example")

    send()

    lines = logged()
    assert "message not taken" in lines
    for word in (ANNA, "inna@", "Żółć", TOKEN, "243,78"):
        assert word not in lines


def wait_until(true, timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
