"""Text messages: handed over once, whatever breaks, and followed until it is known what became of them."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from ebok.notify.v1 import events_pb2, reports_pb2, reports_pb2_grpc
from sqlalchemy import update

from chassis.errors import Invalid, NotFound, PermissionDenied, Unavailable
from chassis.testing.cast import ANNA_CUSTOMER
from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.server import SmsApiServer
from services.notify.__main__ import part
from services.notify.domain.preferences import Topic
from services.notify.storage.messages import Channel, Message, MessageStatus
from services.notify.storage.preferences import keep_choices
from tests.notify.conftest import NOBODY, PORTAL, Given

PHONE = "+48600100200"
SECRET = "secret-of-the-address"
ARRIVED_S_MAX = 10.0
NOON = datetime(2026, 3, 18, 11, 0, tzinfo=UTC)


@pytest.fixture
def sandbox():
    with SmsApiServer(SmsApiConfig(deliver_s=0)) as running:
        yield running


@pytest.fixture
def served(serving, mailbox, sandbox, clock):
    """Notify, sending texts to the sandbox; it is noon, and nothing is reported unless a test says where to."""
    clock.set(NOON)
    return serving(
        part,
        peers=NOBODY,
        smtp_url=mailbox.smtp_url,
        smsapi_url=sandbox.url,
        smsapi_token=sandbox.provider.config.token,
        smsapi_sender="Wodociagi",
        smsapi_timeout_s=1,
        smsapi_report_token=SECRET,
        send_attempts_max=4,
    )


@pytest.fixture
def given(served, keys_dir):
    there = Given(served, keys_dir)
    there.settings()
    there.customer(phone=PHONE)
    with served.database.transaction() as session:
        keep_choices(session, ANNA_CUSTOMER, {(Topic.INVOICES.value, Channel.SMS): True}, now=NOON)
    return there


@pytest.fixture
def told(sandbox):
    """What SMSAPI took, the oldest first."""
    return lambda: requests.get(f"{sandbox.url}/sandbox/messages", timeout=5).json()[::-1]


@pytest.fixture
def text(rows):
    """The one text message there is."""

    def only():
        [found] = [row for row in rows() if row.channel is Channel.SMS]
        return found

    return only


def break_it(sandbox, **fault):
    requests.post(f"{sandbox.url}/sandbox/behaviour", json=fault, timeout=5).raise_for_status()


def refuse_with(sandbox, code, times=1):
    wish = {"code": code, "times": times}
    requests.post(f"{sandbox.url}/sandbox/errors", json=wish, timeout=5).raise_for_status()


def test_who_wants_texts_of_a_topic_gets_one_beside_the_mail(served, given, told, rows, text):
    given.invoice()
    assert served.run_job("sms.send")

    [taken] = told()
    assert (taken["number"], taken["sender"]) == (PHONE.removeprefix("+"), "Wodociagi")
    assert taken["message"].startswith("Wodociagi Zdroj: Nowa faktura: 243,78 zl do 4 kwietnia. ")
    assert PORTAL in taken["message"]
    assert (text().status, text().address, text().provider_id) == (MessageStatus.SENT, PHONE, taken["id"])
    assert {row.channel for row in rows()} == {Channel.EMAIL, Channel.SMS}
    [event] = served.announced(events_pb2.MessageSent)
    assert event.message_id == str(text().message_id)


def test_nobody_gets_texts_of_what_they_did_not_ask_for(served, given, told, rows):
    given.missing()
    assert served.run_job("sms.send")
    assert told() == []
    assert [row.channel for row in rows()] == [Channel.EMAIL]


def test_in_quiet_hours_telephones_are_left_alone_until_the_morning(served, given, told, clock, text):
    clock.set(datetime(2026, 3, 18, 20, 30, tzinfo=UTC))  # 21:30 in Poland.
    given.invoice()
    assert served.run_job("sms.send")
    assert (told(), text().status) == ([], MessageStatus.PLANNED)
    clock.set(datetime(2026, 3, 19, 7, 1, tzinfo=UTC))
    assert served.run_job("sms.send")
    assert len(told()) == 1


def test_without_an_account_or_a_telephone_it_is_held_back_and_says_why(
    serving, served, given, mailbox, rows, told
):
    given.invoice()
    without = serving(part, database=served.database, peers=NOBODY, smtp_url=mailbox.smtp_url)
    assert without.run_job("sms.send")
    given.customer(phone="", version=2)
    given.invoice()
    assert served.run_job("sms.send")

    texts = [row for row in rows() if row.channel is Channel.SMS]
    assert [(row.status, row.reason) for row in texts] == [
        (MessageStatus.SUPPRESSED, "CHANNEL_OFF"),
        (MessageStatus.SUPPRESSED, "NO_PHONE"),
    ]
    assert told() == []


def test_who_switched_it_off_meanwhile_gets_none(served, given, told, text):
    given.invoice()
    with served.database.transaction() as session:
        keep_choices(session, ANNA_CUSTOMER, {(Topic.INVOICES.value, Channel.SMS): False}, now=NOON)
    assert served.run_job("sms.send")
    assert (text().status, text().reason) == (MessageStatus.SUPPRESSED, "NOT_WANTED")
    assert told() == []


@pytest.mark.parametrize("how", ["after", "timeout_after", "malformed"])
def test_a_text_whose_answer_was_lost_is_asked_about_and_not_sent_twice(
    served, given, sandbox, told, text, clock, how
):
    given.invoice()
    break_it(sandbox, call="send", how=how, **({"seconds": 2} if how == "timeout_after" else {}))
    assert served.run_job("sms.send")
    assert (text().status, text().reason) == (MessageStatus.PLANNED, "IN_DOUBT")
    assert text().doubtful_since == NOON

    clock.advance(timedelta(minutes=5))
    assert served.run_job("sms.send")
    assert text().status is MessageStatus.SENT
    assert len(told()) == 1


def test_after_a_day_in_doubt_it_is_given_up_rather_than_sent_again(
    served, given, sandbox, told, text, clock
):
    given.invoice()
    break_it(sandbox, call="send", how="after")
    assert served.run_job("sms.send")
    clock.advance(timedelta(hours=23, minutes=5))
    assert served.run_job("sms.send")
    assert (text().status, text().reason) == (MessageStatus.FAILED, "IN_DOUBT")
    assert len(told()) == 1


def test_a_worker_that_died_after_handing_over_sends_nobody_a_second_one(served, given, told, text):
    given.invoice()
    assert served.run_job("sms.send")
    taken = text()
    with served.database.transaction() as session:  # As if it had died before its report.
        session.execute(
            update(Message)
            .where(Message.message_id == taken.message_id)
            .values(status="SENDING", sent_at=None, leased_until=datetime(2020, 1, 1, tzinfo=UTC))
        )
    assert served.run_job("sms.send")
    assert text().status is MessageStatus.SENT
    assert len(told()) == 1


def test_a_busy_provider_is_tried_again_and_a_wrong_number_is_not(served, given, sandbox, told, text, clock):
    given.invoice()
    refuse_with(sandbox, 201)
    assert served.run_job("sms.send")
    assert (text().status, text().reason, text().attempts) == (MessageStatus.PLANNED, "SERVER_BUSY", 1)
    refuse_with(sandbox, 13)
    clock.advance(timedelta(minutes=5))
    assert served.run_job("sms.send")
    assert (text().status, text().reason) == (MessageStatus.FAILED, "NUMBER_REFUSED")
    assert told() == []
    [event] = served.announced(events_pb2.MessageFailed)
    assert event.reason == "NUMBER_REFUSED"


@pytest.mark.parametrize("code", [101, 103])
def test_an_account_that_lets_nothing_through_costs_no_attempts(
    serving, served, given, mailbox, sandbox, told, text, code
):
    given.invoice()
    refuse_with(sandbox, code)
    assert served.run_job("sms.send")
    assert (text().status, text().attempts) == (MessageStatus.PLANNED, 0)
    assert served.runtime.resources["room"].text_door.closed
    assert served.run_job("sms.send"), "it is left alone for a while"
    assert told() == []
    time.sleep(1.1)
    assert served.run_job("sms.send")
    assert text().status is MessageStatus.SENT


# what became of it


def report(text, status, **changes):
    values = {"MsgId": text.provider_id, "status": status, "idx": text.message_id.hex, "username": "x"}
    query = "&".join(f"{name}={value}" for name, value in {**values, **changes}.items())
    return reports_pb2.ReceiveReportsRequest(provider="smsapi", secret=SECRET, body=query.encode())


@pytest.mark.repeats("ReportService/ReceiveReports")
def test_a_report_says_that_it_arrived_once_however_often_it_comes(served, given, text, as_system):
    given.invoice()
    served.run_job("sms.send")
    reports = served.stub(reports_pb2_grpc.ReportServiceStub, as_system("gateway"))

    for _ in range(2):
        assert reports.ReceiveReports(report(text(), 404)).known_count == 1
    assert (text().status, text().reason, text().ask_at) == (MessageStatus.DELIVERED, "", None)
    reports.ReceiveReports(report(text(), 405))
    assert text().status is MessageStatus.DELIVERED, "the first end stays"


def test_a_report_by_the_providers_id_alone_is_understood_and_strange_ones_are_passed_over(
    served, given, text, as_system
):
    given.invoice()
    served.run_job("sms.send")
    reports = served.stub(reports_pb2_grpc.ReportServiceStub, as_system("gateway"))
    several = report(text(), "402,404", MsgId=f"{text().provider_id},FFFF", idx=",")
    assert reports.ReceiveReports(several).known_count == 1
    assert (text().status, text().reason) == (MessageStatus.FAILED, "NEVER_REACHED")
    [event] = served.announced(events_pb2.MessageFailed)
    assert event.reason == "NEVER_REACHED"
    reports.ReceiveReports(report(text(), 404))
    assert text().status is MessageStatus.DELIVERED, "that it arrived after all is believed"


def test_reports_are_taken_from_who_knows_the_address_and_can_be_read(served, given, text, as_system):
    given.invoice()
    reports = served.stub(reports_pb2_grpc.ReportServiceStub, as_system("gateway"))
    early = report(text(), 404, MsgId="A1")
    with pytest.raises(Unavailable) as refusal:
        reports.ReceiveReports(early)
    assert refusal.value.reason == "REPORT_EARLY"
    served.run_job("sms.send")

    wrong = reports_pb2.ReceiveReportsRequest(provider="smsapi", secret="guessed", body=early.body)
    with pytest.raises(NotFound):
        reports.ReceiveReports(wrong)
    for body in (b"MsgId=1", b"\xff\xfe", b"MsgId=1,2&status=404", b"MsgId=" + b"1," * 30 + b"&status=4"):
        with pytest.raises(Invalid):
            reports.ReceiveReports(
                reports_pb2.ReceiveReportsRequest(provider="smsapi", secret=SECRET, body=body)
            )
    assert text().status is MessageStatus.SENT


def test_what_nobody_reported_is_asked_for(served, given, sandbox, text, clock):
    given.invoice()
    served.run_job("sms.send")
    served.run_job("sms.ask")
    assert text().status is MessageStatus.SENT, "it is early yet"
    clock.advance(timedelta(minutes=16))
    served.run_job("sms.ask")
    deadline = time.monotonic() + ARRIVED_S_MAX  # The sandbox takes its own time to deliver.
    while text().status is MessageStatus.SENT and time.monotonic() < deadline:
        time.sleep(0.05)
        clock.set(text().ask_at)
        served.run_job("sms.ask")
    assert text().status is MessageStatus.DELIVERED


def test_one_that_stays_under_way_is_asked_for_more_and_more_rarely_and_not_for_ever(
    served, given, sandbox, text, clock
):
    wish = {"number": PHONE, "status": "SENT"}
    requests.post(f"{sandbox.url}/sandbox/fates", json=wish, timeout=5).raise_for_status()
    given.invoice()
    served.run_job("sms.send")
    asked = []
    while text().ask_at is not None:
        clock.set(text().ask_at)
        served.run_job("sms.ask")
        asked.append(clock.now())
    assert text().status is MessageStatus.SENT
    assert asked[-1] - NOON >= timedelta(hours=72)
    assert len(asked) < 25


def test_customers_tell_nothing_of_what_became_of_texts(served, given, as_anna):
    stub = served.stub(reports_pb2_grpc.ReportServiceStub, as_anna)
    with pytest.raises(PermissionDenied):
        stub.ReceiveReports(reports_pb2.ReceiveReportsRequest(provider="smsapi", secret="x", body=b"x"))
