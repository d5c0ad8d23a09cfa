"""Campaigns under way: each customer of the segment gets one message, whatever dies; pace, pause, end."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import announcements_pb2, preferences_pb2
from ebok.notify.v1 import campaigns_pb2 as pb
from ebok.notify.v1.announcements_pb2_grpc import AnnouncementServiceStub
from ebok.notify.v1.events_pb2 import MessageSent
from ebok.notify.v1.preferences_pb2_grpc import PreferenceServiceStub

from chassis.errors import FailedPrecondition, Unavailable
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.server import SmsApiServer
from services.billing.__main__ import part as billing_part
from services.notify.__main__ import part
from services.notify.domain import campaign_runs, preferences
from services.notify.domain.preferences import Topic
from services.notify.jobs.journals import Journal
from services.notify.storage.messages import Channel, Message
from services.notify.storage.preferences import find_choices, keep_choices
from tests.notify.conftest import Given
from tests.notify.town import Town


@pytest.fixture
def town(serving, mailbox, as_edward, clock, keys_dir) -> Town:
    billing = serving(billing_part)
    notify = serving(part, peers={"billing": billing.address}, smtp_url=mailbox.smtp_url)
    Given(notify, keys_dir).settings()
    return Town(billing, notify, as_edward, clock)


E_INVOICE = segments_pb2.SegmentCondition(
    field=segments_pb2.SEGMENT_FIELD_E_INVOICE, operator=segments_pb2.SEGMENT_OPERATOR_IS, values=["yes"]
)


def arrived(mailbox) -> list[str]:
    """Addresses of the mails that came, sorted."""
    return sorted(one.recipients[0] for one in mailbox.mails.find(to="", limit=10_000))


def test_one_street_gets_it_once_and_nobody_else(town, mailbox):
    anna = town.customer("Anna", source_email="anna@poczta.example")
    town.customer("Bartek", source_email="bartek@poczta.example")
    town.customer("Celina", "ul. Wodna", source_email="celina@poczta.example")
    campaign = town.started()
    for _ in range(3):
        town.run()

    assert arrived(mailbox) == ["anna@poczta.example", "bartek@poczta.example"]
    [mail] = mailbox.mails.find(to="anna@poczta.example", limit=10)
    assert mail.subject == "Woda wyłączona: ul. Lipowa 7/2, Zdrój"
    assert "Dzień dobry Anna," in mail.text()
    assert "https://ebok.wodociagi-zdroj.example/strona/awarie" in mail.text()
    assert 'href="https://ebok.wodociagi-zdroj.example/strona/awarie"' in mail.html()
    done = town.get(campaign)
    assert (done.status, done.progress.sent, done.progress.waiting) == (pb.CAMPAIGN_STATUS_DONE, 2, 0)
    assert done.HasField("began_at")
    assert done.HasField("ended_at")
    recipients = town.recipients(campaign)
    assert {one.name for one in recipients} == {"Anna", "Bartek"}
    assert {one.status for one in recipients} == {pb.RECIPIENT_STATUS_SENT}
    assert all(one.reference and one.HasField("sent_at") for one in recipients)
    assert str(anna.customer_id) in {one.customer_id for one in recipients}


def test_each_is_reached_by_one_channel_and_who_by_none_is_told_with_the_reason(
    town, mailbox, as_anna, as_celina
):
    town.customer("Bartek", source_email="bartek@poczta.example", phone="+48600100200")
    town.customer("Daria", source_email="", phone="+48600100201")
    town.customer("Anna", source_email="", customer_id=ANNA_CUSTOMER)
    town.customer("Celina", "ul. Wodna", source_email="", customer_id=CELINA_CUSTOMER)
    campaign = town.started(by_sms=True, by_portal=True)
    town.run()

    assert {(one.name, one.channel) for one in town.recipients(campaign)} == {
        ("Bartek", "email"),
        ("Daria", "sms"),
        ("Anna", "portal"),
    }
    assert arrived(mailbox) == ["bartek@poczta.example"]

    def board(who: Any, customer_id: Any) -> list[Any]:
        wanted = announcements_pb2.ListAnnouncementsRequest(customer_id=str(customer_id))
        stub = town.notify.stub(AnnouncementServiceStub, who)
        return [
            stub.GetAnnouncement(
                announcements_pb2.GetAnnouncementRequest(
                    customer_id=str(customer_id), announcement_id=one.announcement_id
                )
            ).announcement
            for one in stub.ListAnnouncements(wanted).announcements
        ]

    [shown] = board(as_anna, ANNA_CUSTOMER)
    assert shown.titles["pl"] == "Przerwa w dostawie"
    assert "<strong>wody</strong>" in shown.bodies_html["pl"]
    assert board(as_celina, CELINA_CUSTOMER) == []
    town.run("announcements.gather")
    assert len(board(as_anna, ANNA_CUSTOMER)) == 1

    by_mail_alone = town.started(name="Druga")
    town.run()
    skipped = town.recipients(by_mail_alone, "SKIPPED")
    assert {(one.name, one.reason) for one in skipped} == {("Daria", "NO_ADDRESS"), ("Anna", "NO_ADDRESS")}


def test_marketing_goes_only_to_who_agreed(town, mailbox, as_anna):
    town.customer("Anna", source_email="anna@poczta.example", customer_id=ANNA_CUSTOMER)
    town.customer("Bartek", source_email="bartek@poczta.example")
    with town.notify.database.transaction() as session:
        preferences.keep_consent(
            session, ANNA_CUSTOMER, Channel.EMAIL, is_given=True, version=1, said_at=town.clock.now()
        )
    campaign = town.started(is_marketing=True)
    town.run()
    assert arrived(mailbox) == ["anna@poczta.example"]
    [skipped] = town.recipients(campaign, "SKIPPED")
    assert (skipped.name, skipped.reason) == ("Bartek", "NO_CONSENT")


def test_an_offer_by_text_message_ends_with_a_link_that_takes_consent_back(
    serving, mailbox, as_edward, as_system, clock, keys_dir
):
    clock.set(datetime(2026, 3, 18, 11, 0, tzinfo=UTC))  # No quiet hours.
    billing = serving(billing_part)
    with SmsApiServer(SmsApiConfig(deliver_s=0)) as smsapi:
        notify = serving(
            part,
            peers={"billing": billing.address},
            smtp_url=mailbox.smtp_url,
            smsapi_url=smsapi.url,
            smsapi_token=smsapi.provider.config.token,
            smsapi_sender="Wodociagi",
        )
        Given(notify, keys_dir).settings()
        town = Town(billing, notify, as_edward, clock)
        town.customer("Anna", customer_id=ANNA_CUSTOMER, phone="+48600100200")
        with notify.database.transaction() as session:
            keep_choices(
                session, ANNA_CUSTOMER, {(Topic.MARKETING.value, Channel.SMS): True}, now=clock.now()
            )
        town.started(is_marketing=True, by_email=False, by_sms=True)
        town.run("campaigns.gather", "campaigns.release", "sms.send")
        [sent] = requests.get(f"{smsapi.url}/sandbox/messages", timeout=5).json()

    text, _word, link = str(sent).partition("Rezygnacja: ")
    found = re.match(r"(https://[^/]+)/r/([0-9A-Z]{16})", link)
    assert found is not None
    portal, token = found.groups()
    assert "nie będzie wody" in text or "nie bedzie wody" in text
    assert portal == "https://ebok.wodociagi-zdroj.example"
    gateway = notify.stub(PreferenceServiceStub, as_system("gateway"))
    answer = gateway.Unsubscribe(preferences_pb2.UnsubscribeRequest(token=token))
    assert answer.channel == "sms"
    with notify.database.reading() as session:
        assert not find_choices(session, [ANNA_CUSTOMER])[ANNA_CUSTOMER]["marketing", Channel.SMS].is_on


def test_who_takes_consent_back_before_it_leaves_gets_nothing(town, mailbox, as_anna):
    town.customer("Anna", source_email="anna@poczta.example", customer_id=ANNA_CUSTOMER)

    def say(is_given: bool, version: int) -> None:
        with town.notify.database.transaction() as session:
            preferences.keep_consent(
                session,
                ANNA_CUSTOMER,
                Channel.EMAIL,
                is_given=is_given,
                version=version,
                said_at=town.clock.now(),
            )

    say(True, 1)
    campaign = town.started(is_marketing=True)
    town.run("campaigns.gather", "campaigns.release")
    say(False, 2)
    town.run("messages.send", "campaigns.release")
    assert arrived(mailbox) == []
    assert [one.reason for one in town.recipients(campaign, "SKIPPED")] == ["NO_CONSENT"]


def test_gathering_that_dies_goes_on_after_the_last_put_down(town, mailbox, monkeypatch):
    """The audience comes in pieces of 500; the second one dies with the process, before its transaction ends."""
    for place in range(1_203):
        town.given.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    campaign = town.draft(E_INVOICE, by_email=False, by_portal=True)
    assert town.count(campaign).portal == 1_203
    town.schedule(campaign, confirmed_count=1_203)
    put_down, pieces = campaign_runs.put_down, []

    def die_at_second(*args: Any, **values: Any) -> bool:
        pieces.append(1)
        answer = put_down(*args, **values)
        if len(pieces) == 2:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(campaign_runs, "put_down", die_at_second)
    with pytest.raises(KeyboardInterrupt):
        town.run("campaigns.gather")
    assert town.get(campaign).progress.recipients == 500
    assert not town.get(campaign).progress.is_gathered
    monkeypatch.setattr(campaign_runs, "put_down", put_down)
    town.run("campaigns.gather")
    assert town.get(campaign).progress.recipients == 1_203
    assert town.get(campaign).progress.is_gathered


def test_releasing_that_dies_plans_each_message_once(town, mailbox, monkeypatch):
    for place in range(3):
        town.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    town.started()
    town.run("campaigns.gather")
    plan = campaign_runs.batches.plan_recipients

    def die(*args: Any, **values: Any) -> None:
        assert plan(*args, **values).total == 3
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign_runs.batches, "plan_recipients", die)
    with pytest.raises(KeyboardInterrupt):
        town.run("campaigns.release")
    with town.notify.database.reading() as session:
        assert session.scalars(sa.select(Message)).all() == []
    monkeypatch.setattr(campaign_runs.batches, "plan_recipients", plan)
    for _ in range(3):
        town.run()
    assert arrived(mailbox) == [f"k{place}@poczta.example" for place in range(3)]


def test_the_audience_is_frozen_when_it_starts(town, mailbox):
    town.customer("Anna", source_email="anna@poczta.example")
    town.started()
    town.run("campaigns.gather")
    town.customer("Bartek", source_email="bartek@poczta.example")
    town.run()
    assert arrived(mailbox) == ["anna@poczta.example"]


def test_a_scheduled_one_starts_at_its_time(town, mailbox, clock):
    town.customer("Anna", source_email="anna@poczta.example")
    draft = town.draft(starts_at=pb.Campaign().starts_at)
    draft.starts_at.FromDatetime(clock.now() + timedelta(hours=2))
    draft = town.save(draft)
    town.count(draft)
    town.schedule(draft, at_once=False)
    town.run()
    assert arrived(mailbox) == []
    clock.advance(timedelta(hours=2, seconds=1))
    town.run()
    assert arrived(mailbox) == ["anna@poczta.example"]


def test_the_pace_is_kept_and_nothing_leaves_in_quiet_hours(town, mailbox, clock):
    for place in range(5):
        town.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    town.started(rate_per_hour=60)
    town.run()
    assert len(arrived(mailbox)) == 1
    clock.advance(timedelta(seconds=30))
    town.run()
    assert len(arrived(mailbox)) == 1
    clock.advance(timedelta(seconds=31))
    town.run()
    assert len(arrived(mailbox)) == 2
    clock.advance(timedelta(hours=11))  # At nine in the evening.
    town.run()
    assert len(arrived(mailbox)) == 2
    clock.advance(timedelta(hours=12))
    town.run()
    assert len(arrived(mailbox)) == 3, "a night is not made up for at once"


@pytest.mark.repeats("CampaignService/PauseCampaign", "CampaignService/ResumeCampaign")
def test_a_pause_holds_back_what_has_not_left_and_a_resume_lets_it_go(town, mailbox, clock):
    for place in range(3):
        town.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    campaign = town.started()
    with pytest.raises(FailedPrecondition):
        town.call("PauseCampaign", campaign)
    town.run("campaigns.gather", "campaigns.release")
    paused = town.call("PauseCampaign", campaign).campaign
    assert town.call("PauseCampaign", campaign).campaign.version == paused.version
    town.run()
    clock.advance(timedelta(days=8))
    town.run()
    assert arrived(mailbox) == []
    assert town.get(campaign).progress.waiting == 3

    town.call("ResumeCampaign", campaign)
    town.call("ResumeCampaign", campaign)
    town.run()
    assert len(arrived(mailbox)) == 3
    assert town.get(campaign).status == pb.CAMPAIGN_STATUS_DONE


@pytest.mark.repeats("CampaignService/CancelCampaign")
def test_a_cancelled_one_sends_nothing_more(town, mailbox):
    for place in range(3):
        town.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    campaign = town.started(rate_per_hour=1)
    town.run()
    assert len(arrived(mailbox)) == 1
    cancelled = town.call("CancelCampaign", campaign).campaign
    assert town.call("CancelCampaign", campaign).campaign == cancelled
    town.run()
    assert len(arrived(mailbox)) == 1
    skipped = town.recipients(campaign, "SKIPPED")
    assert [one.reason for one in skipped] == ["CANCELLED", "CANCELLED"]
    with pytest.raises(FailedPrecondition):
        town.call("ResumeCampaign", campaign)
    progress = town.get(campaign).progress
    assert (progress.sent, progress.skipped, progress.recipients) == (1, 2, 3)


def test_what_was_planned_and_not_sent_is_cancelled_too(town, mailbox):
    town.customer("Anna", source_email="anna@poczta.example")
    campaign = town.started()
    town.run("campaigns.gather", "campaigns.release")
    town.call("CancelCampaign", campaign)
    town.run("messages.send")
    assert arrived(mailbox) == []
    assert [one.reason for one in town.recipients(campaign)] == ["CANCELLED"]


def test_while_billing_is_away_it_waits(serving, town, mailbox):
    town.customer("Anna", source_email="anna@poczta.example")
    town.started()
    away = serving(part, database=town.notify.database, peers={"billing": "127.0.0.1:1"})
    with pytest.raises(Unavailable):
        away.run_job("campaigns.gather")
    town.run()
    assert arrived(mailbox) == ["anna@poczta.example"]


def test_a_faulty_server_is_seen_in_the_list(town, mailbox, faults):
    town.customer("Anna", source_email="anna@poczta.example")
    campaign = town.started()
    faults(refuse_recipients=["anna@poczta.example"])
    town.run()
    assert [one.reason for one in town.recipients(campaign, "FAILED")] == ["REFUSED_BY_SERVER"]
    assert town.get(campaign).progress.failed == 1


def test_recipients_are_forgotten_long_after_the_end(town, clock):
    town.customer("Anna")
    campaign = town.started()
    town.run()
    town.run("campaigns.forget")
    assert len(town.recipients(campaign)) == 1
    clock.advance(timedelta(days=1_831))
    town.run("campaigns.forget")
    assert town.recipients(campaign) == []


def journaled(serving, mailbox, town, tmp_path, **knobs: Any) -> Any:
    """Notify again, with a journal: as another process on the same machine and database."""
    return serving(
        part,
        database=town.notify.database,
        peers={"billing": town.billing.address},
        smtp_url=mailbox.smtp_url,
        send_journal_dir=tmp_path / "journal",
        **knobs,
    )


def test_with_a_journal_mails_are_reported_together_and_it_is_empty_afterwards(
    serving, town, mailbox, tmp_path
):
    for place in range(12):
        town.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    campaign = town.started()
    town.run("campaigns.gather", "campaigns.release")
    notify = journaled(serving, mailbox, town, tmp_path)
    notify.run_job("messages.send")
    assert len(arrived(mailbox)) == 12
    assert town.get(campaign).progress.sent == 12
    assert list((tmp_path / "journal").iterdir()) == []
    assert len(notify.announced(MessageSent)) == 12


def test_what_a_process_that_died_had_handed_over_is_not_sent_again(
    serving, town, mailbox, tmp_path, monkeypatch, clock
):
    for place in range(8):
        town.customer(f"Klient {place}", source_email=f"k{place}@poczta.example")
    campaign = town.started()
    town.run("campaigns.gather", "campaigns.release")
    dying = journaled(serving, mailbox, town, tmp_path, send_workers=1)
    handed_over: list[int] = []
    note = Journal.note

    def die_after_five(self: Journal, message_id: Any) -> None:
        note(self, message_id)
        handed_over.append(1)
        if len(handed_over) == 5:
            raise SystemExit

    monkeypatch.setattr(Journal, "note", die_after_five)
    with pytest.raises(SystemExit):
        dying.run_job("messages.send")
    monkeypatch.setattr(Journal, "note", note)
    assert len(arrived(mailbox)) == 5
    assert town.get(campaign).progress.sent == 0
    with town.notify.database.transaction() as session:  # The lease of the dead ends.
        session.execute(sa.text("UPDATE messages SET leased_until = now() WHERE status = 'SENDING'"))

    alive = journaled(serving, mailbox, town, tmp_path)
    alive.run_job("messages.send")
    town.run("campaigns.release")

    assert arrived(mailbox) == sorted(f"k{place}@poczta.example" for place in range(8))
    done = town.get(campaign)
    assert (done.progress.sent, done.status) == (8, pb.CAMPAIGN_STATUS_DONE)
    assert list((tmp_path / "journal").iterdir()) == []
