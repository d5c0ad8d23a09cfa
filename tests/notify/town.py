"""A town for campaigns: billing with its customers, notify that heard of them, and Edward who writes."""

from collections.abc import Callable
from typing import Any

from ebok.billing.v1 import events_pb2 as billing_events
from ebok.common.v1 import segments_pb2 as segments
from ebok.notify.v1 import campaigns_pb2 as pb
from ebok.notify.v1 import templates_pb2
from ebok.notify.v1.campaigns_pb2_grpc import CampaignServiceStub

from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from services.billing.storage.customers import Customer
from tests.billing.given import Given as GivenBilling

POLISH = templates_pb2.Text(
    language="pl",
    subject="Woda wyłączona: {{ customer.address }}",
    email="Dzień dobry {{ customer.name }},\n\nw środę nie będzie wody.{% if customer.overdue %} Zaległość: "
    "{{ customer.overdue }}.{% endif %}\nWięcej: {{ provider.portal }}/strona/awarie.",
    sms="{{ provider.name }}: w środę nie będzie wody. {{ customer.address }}",
    portal_title="Przerwa w dostawie",
    portal="W środę nie będzie **wody**. Telefon: {{ provider.phone }}",
)
STREET = segments.SegmentCondition(
    field=segments.SEGMENT_FIELD_STREET, operator=segments.SEGMENT_OPERATOR_IS, values=["Zdrój, ul. Lipowa"]
)
STATUSES: Any = pb.RecipientStatus


class Town:
    """Billing and notify, and what Edward does with campaigns."""

    def __init__(self, billing: Served, notify: Served, edward: Persona, clock: Any) -> None:
        self.billing = billing
        self.notify = notify
        self.clock = clock
        self.given = GivenBilling(billing.database, clock)
        self.campaigns: Any = notify.stub(CampaignServiceStub, edward)

    def customer(self, name: str, street: str = "ul. Lipowa", *, phone: str = "", **columns: Any) -> Customer:
        """A customer with water in a street of Zdrój, of whom notify has heard."""
        customer = self.given.customer(name, source_phone=phone, **columns)
        premises = self.given.premises(street=street)
        self.given.contract(customer, self.given.service_point(premises))
        self.tell(customer)
        return customer

    def tell(self, customer: Customer, **changes: Any) -> None:
        """Notify hears of a customer."""
        values = {
            "customer_id": str(customer.customer_id),
            "version": 1,
            "number": customer.number,
            "name": customer.name,
            "email": customer.email,
            "phone": customer.phone,
            "language": customer.language,
            "e_invoice": customer.e_invoice,
            "premises_label": customer.premises_label,
        }
        self.notify.deliver(billing_events.CustomerChanged(**{**values, **changes}))

    def draft(self, *conditions: segments.SegmentCondition, **fields: Any) -> pb.Campaign:
        """A draft to one street by e-mail, saved."""
        values: dict[str, Any] = {
            "campaign_id": str(new_id()),
            "name": "Przerwa w dostawie wody",
            "segment": segments.Segment(conditions=conditions or (STREET,)),
            "by_email": True,
            "texts": [POLISH],
        } | fields
        return self.save(pb.Campaign(**values))

    def save(self, campaign: pb.Campaign) -> pb.Campaign:
        saved: pb.Campaign = self.campaigns.SaveCampaign(pb.SaveCampaignRequest(campaign=campaign)).campaign
        return saved

    def count(self, campaign: pb.Campaign) -> pb.RecipientCounts:
        wanted = pb.CountRecipientsRequest(campaign_id=campaign.campaign_id)
        counts: pb.RecipientCounts = self.campaigns.CountRecipients(wanted).counts
        return counts

    def schedule(self, campaign: pb.Campaign, **fields: Any) -> pb.Campaign:
        wanted = pb.ScheduleCampaignRequest(
            campaign_id=campaign.campaign_id, version=campaign.version, **({"at_once": True} | fields)
        )
        scheduled: pb.Campaign = self.campaigns.ScheduleCampaign(wanted).campaign
        return scheduled

    def started(self, *conditions: segments.SegmentCondition, **fields: Any) -> pb.Campaign:
        """A draft that was counted and scheduled for now."""
        draft = self.draft(*conditions, **fields)
        self.count(draft)
        return self.schedule(draft)

    def run(self, *jobs: str) -> None:
        """Run jobs of notify; all that a campaign needs unless some are named."""
        for name in jobs or ("campaigns.gather", "campaigns.release", "messages.send", "campaigns.release"):
            assert self.notify.run_job(name)

    def get(self, campaign: pb.Campaign) -> pb.Campaign:
        wanted = pb.GetCampaignRequest(campaign_id=campaign.campaign_id)
        found: pb.Campaign = self.campaigns.GetCampaign(wanted).campaign
        return found

    def recipients(self, campaign: pb.Campaign, status: str = "UNSPECIFIED") -> list[pb.Recipient]:
        wanted = pb.ListRecipientsRequest(
            campaign_id=campaign.campaign_id, status=STATUSES.Value(f"RECIPIENT_STATUS_{status}")
        )
        return list(self.campaigns.ListRecipients(wanted).recipients)

    def call(self, method: str, campaign: pb.Campaign) -> Any:
        """`PauseCampaign` and its like."""
        request: Callable[..., Any] = getattr(pb, f"{method}Request")
        return getattr(self.campaigns, method)(request(campaign_id=campaign.campaign_id))
