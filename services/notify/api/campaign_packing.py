"""Rows of campaigns and their recipients as protobuf."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ebok.notify.v1 import campaigns_pb2 as pb

from chassis import segments, wire
from chassis.money import Money
from services.notify.api.texts import pack_texts
from services.notify.domain.messages import reference
from services.notify.storage.campaigns import Campaign, CampaignStatus
from services.notify.storage.recipients import RecipientStatus

STATUSES: dict[CampaignStatus, Any] = {
    status: pb.CampaignStatus.Value(f"CAMPAIGN_STATUS_{status}") for status in CampaignStatus
}
RECIPIENT_STATUSES: dict[RecipientStatus, Any] = {
    status: pb.RecipientStatus.Value(f"RECIPIENT_STATUS_{status}") for status in RecipientStatus
}
_OF_NUMBER = {number: status for status, number in STATUSES.items()}
_RECIPIENT_OF_NUMBER = {number: status for status, number in RECIPIENT_STATUSES.items()}


def status_of(number: Any) -> CampaignStatus | None:
    """Our word of an enum's number; None for UNSPECIFIED."""
    return _OF_NUMBER.get(number)


def recipient_status_of(number: Any) -> RecipientStatus | None:
    """Our word of an enum's number; None for UNSPECIFIED."""
    return _RECIPIENT_OF_NUMBER.get(number)


def pack_campaign(
    campaign: Campaign, states: Mapping[RecipientStatus, int], *, part_price: Money | None = None
) -> pb.Campaign:
    """A campaign with how far it is by the states of its recipients."""
    packed = pb.Campaign(
        campaign_id=wire.pack_id(campaign.campaign_id),
        name=campaign.name,
        segment=segments.from_stored(campaign.segment),
        is_marketing=campaign.is_marketing,
        by_email=campaign.by_email,
        by_sms=campaign.by_sms,
        by_portal=campaign.by_portal,
        texts=pack_texts(campaign.texts),
        starts_at=wire.pack_optional_instant(campaign.starts_at),
        rate_per_hour=campaign.rate_per_hour,
        status=STATUSES[campaign.status],
        version=campaign.version,
        written_by=campaign.written_by,
        written_at=wire.pack_instant(campaign.written_at),
        scheduled_by=campaign.scheduled_by,
        scheduled_at=wire.pack_optional_instant(campaign.scheduled_at),
        began_at=wire.pack_optional_instant(campaign.began_at),
        ended_at=wire.pack_optional_instant(campaign.ended_at),
    )
    if campaign.counts is not None:
        packed.counts.CopyFrom(pack_counts(campaign.counts, part_price))
    if campaign.status is not CampaignStatus.DRAFT:
        packed.progress.CopyFrom(
            pb.CampaignProgress(
                is_gathered=campaign.gathered_at is not None,
                recipients=sum(states.values()),
                **{status.value.lower(): count for status, count in states.items()},
            )
        )
    return packed


def pack_counts(counts: Mapping[str, Any], part_price: Money | None) -> pb.RecipientCounts:
    """What was counted, with what the text messages cost when their price is known."""
    names = ("matched", "without_consent", "without_address", "email", "sms", "portal", "sms_parts")
    cost = None
    if part_price is not None:
        cost = wire.pack_money(Money(part_price.grosze * counts["sms"] * counts["sms_parts"]))
    return pb.RecipientCounts(
        **{name: counts[name] for name in names},
        counted_at=wire.pack_instant(datetime.fromisoformat(counts["counted_at"])),
        sample=[pack_sampled(person) for person in counts["sample"]],
        sms_cost=cost,
    )


def pack_sampled(person: Mapping[str, Any]) -> pb.SampleRecipient:
    """One of a sample."""
    facts = person["facts"]
    return pb.SampleRecipient(
        customer_id=person["customer_id"],
        number=facts["number"],
        name=facts["name"],
        town=facts["town"],
        channel=person["channel"],
    )


def pack_recipient(row: Any) -> pb.Recipient:
    """A recipient with `status`, `why` and `sent_at` of its message."""
    return pb.Recipient(
        customer_id=wire.pack_id(row.customer_id),
        number=row.number,
        name=row.name,
        channel=row.channel,
        status=RECIPIENT_STATUSES[RecipientStatus(row.status)],
        reason=row.why,
        sent_at=wire.pack_optional_instant(row.sent_at),
        reference=reference(row.message_id) if row.message_id else "",
    )
