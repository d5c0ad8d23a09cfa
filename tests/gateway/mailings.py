"""What the town's provider sends to many: a template; a segment; a campaign as draft, waiting, under way and done."""

from typing import Any

from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import (
    campaigns_pb2,
    campaigns_pb2_grpc,
    segments_pb2_grpc,
    templates_pb2,
    templates_pb2_grpc,
)
from ebok.notify.v1 import (
    segments_pb2 as kept_pb2,
)

from chassis import wire
from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served

WRITTEN = templates_pb2.Text(
    language="pl",
    subject="Przerwa w dostawie wody: {{ customer.address }}",
    email="Dzień dobry {{ customer.name }},\n\nw środę od 8:00 do 12:00 nie będzie wody.{% if customer.overdue %}\n\n"
    "Przy okazji: po terminie jest {{ customer.overdue }}.{% endif %}\n\nPrzepraszamy za kłopot.",
    sms="Wodociągi Zdrój: w środę 8–12 nie będzie wody. {{ customer.address }}",
    portal_title="Przerwa w dostawie wody",
    portal="W środę od 8:00 do 12:00 nie będzie wody. Pytania: {{ provider.phone }}.",
)

IN_ZDROJ = segments_pb2.SegmentCondition(
    field=segments_pb2.SEGMENT_FIELD_TOWN, operator=segments_pb2.SEGMENT_OPERATOR_IS, values=["Zdrój"]
)


class Mailings:
    """Written by Edward, to customers of Zdrój."""

    def __init__(self, notify: Served, edward: Persona) -> None:
        self._notify = notify
        self.campaigns: Any = notify.stub(campaigns_pb2_grpc.CampaignServiceStub, edward)
        self.templates: Any = notify.stub(templates_pb2_grpc.TemplateServiceStub, edward)
        self.segments: Any = notify.stub(segments_pb2_grpc.SegmentServiceStub, edward)
        self.segment_id = ""
        self.template_id = self.draft_id = self.scheduled_id = self.running_id = self.paused_id = (
            self.done_id
        ) = ""

    def write(self) -> None:
        """One of each; messages themselves are sent by whoever runs that job."""
        template = templates_pb2.Template(
            template_id=str(new_id()), name="Przerwa w dostawie", texts=[WRITTEN]
        )
        request = templates_pb2.SaveTemplateRequest(template=template)
        self.template_id = self.templates.SaveTemplate(request).template.template_id
        kept = kept_pb2.SavedSegment(
            segment_id=str(new_id()), name="Całe Zdrój", segment=segments_pb2.Segment(conditions=[IN_ZDROJ])
        )
        self.segment_id = self.segments.SaveSegment(
            kept_pb2.SaveSegmentRequest(segment=kept)
        ).segment.segment_id
        self.done_id = self._started("Zmiana godzin biura", by_email=False, by_portal=True)
        self._notify.run_job("campaigns.gather")
        self._notify.run_job("campaigns.release")
        self._notify.run_job("campaigns.release")
        self.running_id = self._started("Włącz e-fakturę", rate_per_hour=1)
        self.paused_id = self._started("Ankieta o obsłudze", rate_per_hour=1)
        self._notify.run_job("campaigns.gather")
        self.campaigns.PauseCampaign(campaigns_pb2.PauseCampaignRequest(campaign_id=self.paused_id))
        later = wire.pack_instant(self._notify.clock.now().replace(hour=9, minute=0))
        later.seconds += 30 * 86_400
        self.scheduled_id = self._started("Nowe ceny od stycznia", starts_at=later)
        self.draft_id = self.draft("Przerwa w dostawie wody", by_sms=True, by_portal=True).campaign_id

    def draft(self, name: str, **values: Any) -> campaigns_pb2.Campaign:
        """Written and counted."""
        wanted = campaigns_pb2.Campaign(
            **{
                "campaign_id": str(new_id()),
                "name": name,
                "segment": segments_pb2.Segment(conditions=[IN_ZDROJ]),
                "by_email": True,
                "texts": [WRITTEN],
                **values,
            }
        )
        request = campaigns_pb2.SaveCampaignRequest(campaign=wanted)
        saved: campaigns_pb2.Campaign = self.campaigns.SaveCampaign(request).campaign
        self.campaigns.CountRecipients(campaigns_pb2.CountRecipientsRequest(campaign_id=saved.campaign_id))
        return saved

    def _started(self, name: str, **values: Any) -> str:
        draft = self.draft(name, **values)
        request = campaigns_pb2.ScheduleCampaignRequest(
            campaign_id=draft.campaign_id, version=draft.version, at_once="starts_at" not in values
        )
        self.campaigns.ScheduleCampaign(request)
        return draft.campaign_id
