"""Campaigns through their door: written, counted, previewed, scheduled; what is refused and why."""

from datetime import timedelta
from typing import Any

import pytest
from ebok.common.v1 import segments_pb2 as segments
from ebok.notify.v1 import campaigns_pb2 as pb
from ebok.notify.v1 import templates_pb2
from ebok.notify.v1.campaigns_pb2_grpc import CampaignServiceStub

from chassis import wire
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied, Unavailable
from chassis.ids import new_id
from services.billing.__main__ import part as billing_part
from services.notify.__main__ import part
from services.notify.domain.preferences import Topic
from services.notify.storage.messages import Channel
from services.notify.storage.preferences import keep_choices
from tests.notify.conftest import NOBODY, Given
from tests.notify.town import POLISH, STREET, Town

DRAFT, SCHEDULED = pb.CAMPAIGN_STATUS_DRAFT, pb.CAMPAIGN_STATUS_SCHEDULED


@pytest.fixture
def town(serving, mailbox, as_edward, clock, keys_dir) -> Town:
    billing = serving(billing_part)
    notify = serving(
        part,
        peers={"billing": billing.address},
        smtp_url=mailbox.smtp_url,
        campaign_confirm_above=3,
        smsapi_normalize=False,
    )
    Given(notify, keys_dir).settings()
    return Town(billing, notify, as_edward, clock)


@pytest.mark.repeats("CampaignService/SaveCampaign")
def test_a_draft_is_kept_and_changed_by_who_saw_it(town):
    draft = town.draft()
    assert (draft.version, draft.status, draft.written_by) == (1, DRAFT, "Edward")
    assert town.save(draft) == draft
    draft.name = "Inna nazwa"
    changed = town.save(draft)
    assert (changed.version, changed.name) == (2, "Inna nazwa")
    draft.name = "Jeszcze inna"
    with pytest.raises(Conflict) as refused:
        town.save(draft)
    assert refused.value.reason == "CAMPAIGN_CHANGED"
    assert [one.name for one in town.campaigns.ListCampaigns(pb.ListCampaignsRequest()).campaigns] == [
        "Inna nazwa"
    ]


def test_recipients_are_counted_by_the_first_channel_that_reaches_them(town):
    town.customer("Anna")
    town.customer("Bartek", source_email="", phone="+48600100200")
    town.customer("Celina", source_email="")
    town.customer("Daria", "ul. Wodna")

    counts = town.count(town.draft(by_sms=True))
    assert (counts.matched, counts.email, counts.sms, counts.portal) == (3, 1, 1, 0)
    assert (counts.without_address, counts.without_consent) == (1, 0)
    assert sorted((one.name, one.channel) for one in counts.sample) == [("Anna", "email"), ("Bartek", "sms")]
    assert counts.sms_parts == 1
    assert counts.sms_cost.grosze == 7

    counts = town.count(town.draft(by_sms=True, by_portal=True))
    assert (counts.email, counts.sms, counts.portal, counts.without_address) == (1, 1, 1, 0)
    counts = town.count(town.draft(by_sms=False))
    assert (counts.email, counts.sms, counts.without_address) == (1, 0, 2)


def test_a_change_of_whom_forgets_the_count_and_a_change_of_words_does_not(town):
    town.customer("Anna")
    draft = town.draft()
    town.count(draft)
    draft.texts[0].email = "Inna treść"
    draft = town.save(draft)
    assert town.get(draft).HasField("counts")
    draft.is_marketing = True
    draft = town.save(draft)
    assert not town.get(draft).HasField("counts")
    with pytest.raises(FailedPrecondition) as refused:
        town.schedule(draft)
    assert refused.value.reason == "NOT_COUNTED"


def test_marketing_counts_only_who_agreed(town):
    town.customer("Anna")
    counts = town.count(town.draft(is_marketing=True))
    assert (counts.matched, counts.email, counts.without_consent) == (1, 0, 1)


def test_a_preview_is_made_out_to_somebody_of_the_sample(town):
    anna = town.customer("Anna", language="uk", phone="+48600100200")
    draft = town.draft(by_portal=True)
    with pytest.raises(FailedPrecondition) as refused:
        town.call("PreviewCampaign", draft)
    assert refused.value.reason == "NOT_COUNTED"
    town.count(draft)

    mail = town.call("PreviewCampaign", draft)
    assert (mail.recipient.name, mail.channel, mail.language) == ("Anna", "email", "pl")
    assert mail.subject == "Woda wyłączona: ul. Lipowa 7/2, Zdrój"
    assert "Dzień dobry Anna," in mail.text
    assert "Zaległość" not in mail.text

    wanted = pb.PreviewCampaignRequest(campaign_id=draft.campaign_id, channel="sms", position=4)
    text = town.campaigns.PreviewCampaign(wanted)
    assert text.text == "Wodociągi Zdrój: w środę nie będzie wody. ul. Lipowa 7/2, Zdrój"
    assert (text.sms.characters, text.sms.parts, text.sms.is_unicode) == (63, 1, True)
    offer = town.draft(is_marketing=True, by_sms=True)
    agreed = {(Topic.MARKETING.value, Channel.SMS): True}
    with town.notify.database.transaction() as session:
        keep_choices(session, anna.customer_id, agreed, now=town.clock.now())
    town.count(offer)
    asked = pb.PreviewCampaignRequest(campaign_id=offer.campaign_id, channel="sms")
    text = town.campaigns.PreviewCampaign(asked)
    assert text.text.endswith(f"Rezygnacja: https://ebok.wodociagi-zdroj.example/r/{'0' * 16}")
    assert text.sms.parts == 2, "the link is paid for"
    wanted = pb.PreviewCampaignRequest(campaign_id=draft.campaign_id, channel="portal")
    assert town.campaigns.PreviewCampaign(wanted).subject == "Przerwa w dostawie"


@pytest.mark.repeats("CampaignService/SendTestMessage")
def test_a_test_goes_to_oneself_once(town, mailbox):
    town.customer("Anna")
    draft = town.draft()
    town.count(draft)
    wanted = pb.SendTestMessageRequest(
        campaign_id=draft.campaign_id, email="edward@zdroj.example", request_id=str(new_id())
    )
    for _ in range(2):
        town.campaigns.SendTestMessage(wanted)
    draft.texts[0].email = "Później zmienione"
    town.save(draft)
    town.run("messages.send")

    [mail] = mailbox.mails.find(to="", limit=10)
    assert mail.recipients == ("edward@zdroj.example",)
    assert "Dzień dobry Anna," in mail.text()
    assert "próba" in mail.text()


@pytest.mark.repeats("CampaignService/ScheduleCampaign", "CampaignService/UnscheduleCampaign")
def test_a_campaign_is_scheduled_once_and_taken_back(town, clock):
    town.customer("Anna")
    starts_at = clock.now() + timedelta(hours=2)
    draft = town.draft(starts_at=wire.pack_instant(starts_at))
    town.count(draft)
    scheduled = town.schedule(draft, at_once=False)
    assert town.schedule(draft, at_once=False) == scheduled
    assert (scheduled.status, scheduled.scheduled_by) == (SCHEDULED, "Edward")
    with pytest.raises(FailedPrecondition) as refused:
        town.save(scheduled)
    assert refused.value.reason == "CAMPAIGN_NOT_DRAFT"

    taken_back = town.call("UnscheduleCampaign", scheduled).campaign
    assert town.call("UnscheduleCampaign", scheduled).campaign == taken_back
    assert taken_back.status == DRAFT
    town.run()
    assert town.get(draft).status == DRAFT


def test_nobody_reached_is_refused(town):
    town.customer("Anna", "ul. Wodna")
    draft = town.draft()
    town.count(draft)
    with pytest.raises(FailedPrecondition) as refused:
        town.schedule(draft)
    assert refused.value.reason == "NOBODY_REACHED"


def test_many_recipients_are_confirmed_by_their_number(town):
    for place in range(4):
        town.customer(f"Klient {place}")
    draft = town.draft()
    town.count(draft)
    assert town.call("GetCampaign", draft).confirm_above == 3
    for count in (0, 3, 100_000):
        with pytest.raises(FailedPrecondition) as refused:
            town.schedule(draft, confirmed_count=count)
        assert refused.value.reason == "COUNT_NOT_CONFIRMED"
        assert refused.value.metadata["count"] == "4"
    assert town.schedule(draft, confirmed_count=4).status == SCHEDULED


def test_what_is_not_finished_is_not_scheduled(town, clock):
    town.customer("Anna")

    def refusal(**fields: Any) -> Any:
        draft = town.draft(**fields)
        town.count(draft)
        with pytest.raises((FailedPrecondition, Invalid)) as refused:
            town.schedule(draft, at_once=False)
        return refused.value

    assert refusal(by_email=False).reason == "NO_CHANNEL"
    english = templates_pb2.Text(language="en", subject="s", email="e")
    missing = refusal(texts=[english], by_sms=True)
    assert [(one.field, one.reason) for one in missing.violations] == [
        ("campaign.texts[pl].subject", "TEXT_MISSING"),
        ("campaign.texts[pl].email", "TEXT_MISSING"),
        ("campaign.texts[pl].sms", "TEXT_MISSING"),
    ]
    late = refusal(starts_at=wire.pack_instant(clock.now() - timedelta(minutes=1)))
    assert [(one.field, one.reason) for one in late.violations] == [("campaign.starts_at", "TOO_LATE")]
    draft = town.draft()
    town.count(draft)
    draft.version += 1
    with pytest.raises(Conflict):
        town.schedule(draft)


@pytest.mark.repeats("CampaignService/RemoveCampaign")
def test_a_draft_is_thrown_away(town):
    draft = town.draft()
    town.call("RemoveCampaign", draft)
    for method in ("RemoveCampaign", "GetCampaign", "CountRecipients", "PauseCampaign"):
        with pytest.raises(NotFound):
            town.call(method, draft)


def test_a_condition_and_a_text_that_cannot_be_are_refused_where_they_stand(town):
    wrong = segments.SegmentCondition(
        field=segments.SEGMENT_FIELD_KIND, operator=segments.SEGMENT_OPERATOR_IS, values=["ghost"]
    )
    with pytest.raises(Invalid) as refused:
        town.draft(STREET, wrong)
    assert [one.field for one in refused.value.violations] == ["campaign.segment.conditions[1]"]
    loop = templates_pb2.Text(language="pl", subject="s", email="{% for a in b %}{% endfor %}")
    with pytest.raises(Invalid) as refused:
        town.draft(texts=[loop])
    assert [(one.field, one.reason) for one in refused.value.violations] == [
        ("campaign.texts[pl].email", "TEMPLATE_LOOP")
    ]
    with pytest.raises(Invalid):
        town.draft(texts=[POLISH, POLISH])


def test_while_billing_is_away_nobody_is_counted(serving, town, as_edward):
    draft = town.draft()
    away = serving(part, database=town.notify.database, peers=NOBODY)
    with pytest.raises(Unavailable):
        away.stub(CampaignServiceStub, as_edward).CountRecipients(
            pb.CountRecipientsRequest(campaign_id=draft.campaign_id)
        )


def test_who_prepares_may_not_send_and_customers_see_nothing(town, as_daria, as_celina):
    town.customer("Anna")
    draft = town.draft()
    town.count(draft)
    clerk = town.notify.stub(CampaignServiceStub, as_daria.without("notify.campaigns.send"))
    for method in ("Schedule", "Unschedule", "Pause", "Resume", "Cancel"):
        request = getattr(pb, f"{method}CampaignRequest")(campaign_id=draft.campaign_id)
        with pytest.raises(PermissionDenied):
            getattr(clerk, f"{method}Campaign")(request)
    with pytest.raises(PermissionDenied):
        town.notify.stub(CampaignServiceStub, as_celina).ListRecipients(
            pb.ListRecipientsRequest(campaign_id=draft.campaign_id)
        )
