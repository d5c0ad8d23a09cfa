"""The door for campaigns."""

from typing import Any
from uuid import UUID

from ebok.notify.v1 import campaigns_pb2 as pb
from ebok.notify.v1 import campaigns_pb2_grpc as rpc

from chassis import segments, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.money import Money
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.notify.api import campaign_packing as packing
from services.notify.api.lengths import pack_length
from services.notify.api.texts import unpack_texts
from services.notify.clients.billing import Audiences
from services.notify.config import NotifyConfig
from services.notify.documents import campaigns as written
from services.notify.domain import batches, campaigns, messages
from services.notify.domain.campaigns import Draft, SettingsMissing
from services.notify.domain.recipients import Tally, member_of, reach
from services.notify.storage import campaigns as stored
from services.notify.storage import contacts as stored_contacts
from services.notify.storage import preferences as stored_preferences
from services.notify.storage import recipients as stored_recipients
from services.notify.storage.campaigns import Campaign
from services.notify.storage.messages import Rule
from services.notify.storage.recipients import PORTAL, SMS
from services.notify.storage.settings import ProviderSettings, get_settings

LIST, RECIPIENTS = "campaigns", "recipients"


class TextMissing(campaigns.FailedPrecondition):
    """There is no text of that channel in any language."""

    reason = "TEXT_MISSING"


class CampaignService(rpc.CampaignServiceServicer):
    """Front door for campaigns: unpack, one transaction, pack. Billing is asked outside of transactions."""

    def __init__(self, database: Database, clock: Clock, config: NotifyConfig, audiences: Audiences) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._audiences = audiences

    def ListCampaigns(self, request: pb.ListCampaignsRequest, context: Context) -> pb.ListCampaignsResponse:
        window = unpack_window(request.page, of=LIST, kinds=[UUID])
        with self._database.reading() as session:
            page = stored.list_campaigns(session, status=packing.status_of(request.status), window=window)
            states = stored_recipients.count_states(session, [one.campaign_id for one in page.rows])
        return pb.ListCampaignsResponse(
            campaigns=[packing.pack_campaign(one, states[one.campaign_id]) for one in page.rows],
            page=pack_page(page, of=LIST, key_of=lambda one: (one.campaign_id,)),
        )

    def GetCampaign(self, request: pb.GetCampaignRequest, context: Context) -> pb.GetCampaignResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        with self._database.reading() as session:
            found = campaigns.get(session, campaign_id)
            states = stored_recipients.count_states(session, [campaign_id])[campaign_id]
        return pb.GetCampaignResponse(
            campaign=packing.pack_campaign(found, states, part_price=self._part_price),
            confirm_above=self._config.campaign_confirm_above,
            sms_part_price=wire.pack_optional_money(self._part_price),
        )

    def SaveCampaign(self, request: pb.SaveCampaignRequest, context: Context) -> pb.SaveCampaignResponse:
        wanted = request.campaign
        segments.unpack_segment(wanted.segment, field="campaign.segment")
        draft = Draft(
            name=wanted.name.strip(),
            segment=segments.to_stored(wanted.segment),
            is_marketing=wanted.is_marketing,
            by_email=wanted.by_email,
            by_sms=wanted.by_sms,
            by_portal=wanted.by_portal,
            texts=unpack_texts(wanted.texts, field="campaign.texts"),
            starts_at=wire.unpack_optional_instant(wanted.starts_at, field="campaign.starts_at"),
            rate_per_hour=wanted.rate_per_hour,
            version=wanted.version,
        )
        campaign_id = wire.unpack_id(wanted.campaign_id, field="campaign.campaign_id")
        with self._database.transaction() as session:
            saved = campaigns.save(session, campaign_id, draft, by=context.actor, now=self._clock.now())
            return pb.SaveCampaignResponse(campaign=packing.pack_campaign(saved, {}))

    def RemoveCampaign(
        self, request: pb.RemoveCampaignRequest, context: Context
    ) -> pb.RemoveCampaignResponse:
        with self._database.transaction() as session:
            campaigns.remove(session, wire.unpack_id(request.campaign_id, field="campaign_id"))
        return pb.RemoveCampaignResponse()

    def CountRecipients(
        self, request: pb.CountRecipientsRequest, context: Context
    ) -> pb.CountRecipientsResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        with self._database.reading() as session:
            campaign, settings = campaigns.get_draft(session, campaign_id), get_settings(session)
        tally = Tally()
        for piece in self._audiences.stream(campaign.segment):
            members = [member_of(one) for one in piece]
            ids = [member.customer_id for member in members]
            with self._database.reading() as session:
                contacts = stored_contacts.find_contacts(session, ids)
                choices = stored_preferences.find_choices(session, ids)
            tally.add(reach(campaign, members, contacts, choices))
        counts = {
            **tally.stored,
            "counted_at": self._clock.now().isoformat(),
            "sms_parts": self._sms_parts(campaign, tally, settings),
        }
        with self._database.transaction() as session:
            campaigns.keep_counts(session, campaign_id, counts, of_version=campaign.version)
        return pb.CountRecipientsResponse(counts=packing.pack_counts(counts, self._part_price))

    def PreviewCampaign(
        self, request: pb.PreviewCampaignRequest, context: Context
    ) -> pb.PreviewCampaignResponse:
        with self._database.reading() as session:
            campaign = campaigns.get(session, wire.unpack_id(request.campaign_id, field="campaign_id"))
            settings = _known(get_settings(session))
        person = campaigns.sampled(campaign, request.position)
        channel = request.channel or person["channel"]
        language = request.language or person["language"]
        answer = pb.PreviewCampaignResponse(recipient=packing.pack_sampled(person), channel=channel)
        if channel == SMS:
            answer.language = _language(campaign, "sms", language)
            text = written.write_sms(
                person["facts"], campaign.texts, settings, language, refusal=_refusal(campaign)
            )
            answer.text = text
            answer.sms.CopyFrom(pack_length(text, normalize=self._config.smsapi_normalize))
        else:
            part = "portal" if channel == PORTAL else "email"
            answer.language = _language(campaign, part, language)
            letter = (
                written.write_portal(campaign.texts, settings, language)
                if channel == PORTAL
                else written.write_mail(person["facts"], campaign.texts, settings, language)
            )
            answer.subject, answer.text = letter.subject, letter.text
        return answer

    def SendTestMessage(
        self, request: pb.SendTestMessageRequest, context: Context
    ) -> pb.SendTestMessageResponse:
        now = self._clock.now()
        with self._database.transaction() as session:
            campaign = campaigns.get(session, wire.unpack_id(request.campaign_id, field="campaign_id"))
            person = campaigns.sampled(campaign, request.position)
            language = _language(campaign, "email", request.language or person["language"])
            messages.plan_for_user(
                session,
                Rule.CAMPAIGN_TEST,
                user_id=context.actor.actor_id,
                address=request.email,
                language=language,
                subject_id=request.request_id,
                facts={"customer": person["facts"], "texts": campaign.texts},
                now=now,
                expires_at=now + batches.LIFE,
            )
        return pb.SendTestMessageResponse()

    def ScheduleCampaign(
        self, request: pb.ScheduleCampaignRequest, context: Context
    ) -> pb.ScheduleCampaignResponse:
        with self._database.transaction() as session:
            campaign = campaigns.schedule(
                session,
                wire.unpack_id(request.campaign_id, field="campaign_id"),
                version=request.version,
                at_once=request.at_once,
                confirmed_count=request.confirmed_count,
                confirm_above=self._config.campaign_confirm_above,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.ScheduleCampaignResponse(campaign=packing.pack_campaign(campaign, {}))

    def UnscheduleCampaign(
        self, request: pb.UnscheduleCampaignRequest, context: Context
    ) -> pb.UnscheduleCampaignResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        with self._database.transaction() as session:
            campaign = campaigns.unschedule(session, campaign_id)
            return pb.UnscheduleCampaignResponse(campaign=packing.pack_campaign(campaign, {}))

    def PauseCampaign(self, request: pb.PauseCampaignRequest, context: Context) -> pb.PauseCampaignResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        with self._database.transaction() as session:
            campaign = campaigns.pause(session, campaign_id)
            return pb.PauseCampaignResponse(campaign=packing.pack_campaign(campaign, {}))

    def ResumeCampaign(
        self, request: pb.ResumeCampaignRequest, context: Context
    ) -> pb.ResumeCampaignResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        with self._database.transaction() as session:
            campaign = campaigns.resume(session, campaign_id, now=self._clock.now())
            return pb.ResumeCampaignResponse(campaign=packing.pack_campaign(campaign, {}))

    def CancelCampaign(
        self, request: pb.CancelCampaignRequest, context: Context
    ) -> pb.CancelCampaignResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        with self._database.transaction() as session:
            campaign = campaigns.cancel(session, campaign_id, now=self._clock.now())
            return pb.CancelCampaignResponse(campaign=packing.pack_campaign(campaign, {}))

    def ListRecipients(
        self, request: pb.ListRecipientsRequest, context: Context
    ) -> pb.ListRecipientsResponse:
        campaign_id = wire.unpack_id(request.campaign_id, field="campaign_id")
        window = unpack_window(request.page, of=RECIPIENTS, kinds=[UUID])
        with self._database.reading() as session:
            campaigns.get(session, campaign_id)
            page = stored_recipients.list_recipients(
                session, campaign_id, status=packing.recipient_status_of(request.status), window=window
            )
        return pb.ListRecipientsResponse(
            recipients=[packing.pack_recipient(row) for row in page.rows],
            page=pack_page(page, of=RECIPIENTS, key_of=lambda row: (row.customer_id,)),
        )

    @property
    def _part_price(self) -> Money | None:
        return Money(self._config.sms_part_grosze) if self._config.sms_part_grosze else None

    def _sms_parts(self, campaign: Campaign, tally: Tally, settings: ProviderSettings | None) -> int:
        """Parts of the longest text message among the sample; of nobody's when nobody gets one."""
        if settings is None or not tally.by_channel[SMS] or not campaign.texts.get("pl", {}).get("sms"):
            return 0
        texts = [
            written.write_sms(
                one.member.facts, campaign.texts, settings, one.language, refusal=_refusal(campaign)
            )
            for one in tally.sample
        ]
        return max(
            (pack_length(text, normalize=self._config.smsapi_normalize).parts for text in texts), default=0
        )


def _known(settings: ProviderSettings | None) -> ProviderSettings:
    if settings is None:
        raise SettingsMissing
    return settings


def _refusal(campaign: Campaign) -> str:
    return written.REFUSAL_SHOWN if campaign.is_marketing else ""


def _language(campaign: Campaign, part: str, wanted: str) -> str:
    texts: Any = campaign.texts
    if not any(parts.get(part) for parts in texts.values()):
        raise TextMissing(part=part)
    return written.choose_language(texts, part, wanted)
