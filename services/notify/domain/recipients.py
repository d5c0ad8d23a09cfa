"""Whom a campaign reaches, and how: by the first of its channels that they have and want."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.notify.domain import preferences
from services.notify.domain.preferences import NO_CHOICES, Choices
from services.notify.storage.campaigns import Campaign
from services.notify.storage.contacts import Contact
from services.notify.storage.messages import Channel, Rule
from services.notify.storage.recipients import EMAIL, NOWHERE, PORTAL, SMS

SAMPLE_SIZE = 5
NO_ADDRESS = "NO_ADDRESS"
NO_CONSENT = "NO_CONSENT"
NOT_WANTED = "NOT_WANTED"
CHANNELS = {Channel.EMAIL: EMAIL, Channel.SMS: SMS}


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of the segment; `facts` is what texts may say of them, as plain values."""

    customer_id: UUID
    number: str
    name: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reached:
    """A member with the channel that reaches them, or why none does."""

    member: Member
    channel: str
    reason: str
    language: str

    @property
    def row(self) -> dict[str, Any]:
        """As it is put down."""
        return {
            "customer_id": self.member.customer_id,
            "channel": self.channel,
            "reason": self.reason,
            "number": self.member.number,
            "name": self.member.name,
            "facts": self.member.facts,
        }


def member_of(message: Any) -> Member:
    """A member out of billing's word of them (its `AudienceMember`)."""
    due = message.next_due_on
    facts = {
        "name": message.name,
        "number": message.number,
        "address": message.premises_label,
        "town": message.town,
        "tariff_group": message.tariff_group,
        "balance": message.balance.grosze,
        "overdue": message.overdue.grosze,
        "due_on": date(due.year, due.month, due.day).isoformat() if message.HasField("next_due_on") else "",
    }
    return Member(UUID(message.customer_id), message.number, message.name, facts)


def reach(
    campaign: Campaign,
    members: Sequence[Member],
    contacts: Mapping[UUID, Contact],
    choices: Mapping[UUID, Choices],
) -> list[Reached]:
    """Each member with their channel."""
    found = []
    for member in members:
        contact = contacts.get(member.customer_id)
        channel, reason = _channel_for(campaign, contact, choices.get(member.customer_id, NO_CHOICES))
        found.append(Reached(member, channel, reason, contact.language if contact else ""))
    return found


def _channel_for(campaign: Campaign, contact: Contact | None, choices: Choices) -> tuple[str, str]:
    """The first channel that they have and want. Who agreed to advertising on no channel gets none at all."""
    marketing = campaign.is_marketing
    wanted = [
        channel
        for channel in Channel
        if preferences.may_send(Rule.CAMPAIGN, channel, choices, marketing=marketing)
    ]
    if marketing and not wanted:
        return NOWHERE, NO_CONSENT
    used = {Channel.EMAIL: campaign.by_email, Channel.SMS: campaign.by_sms}
    if contact is not None:
        addresses = {Channel.EMAIL: contact.email, Channel.SMS: contact.phone}
        for channel in (Channel.EMAIL, Channel.SMS):
            if used[channel] and channel in wanted and addresses[channel]:
                return CHANNELS[channel], ""
    if campaign.by_portal:
        return PORTAL, ""
    refused = all(channel not in wanted for channel in Channel if used[channel])
    if refused:
        return NOWHERE, NO_CONSENT if marketing else NOT_WANTED
    return NOWHERE, NO_ADDRESS


@dataclass
class Tally:
    """Counts who would be reached, with a sample of those who are: each has the same chance to be in it."""

    matched: int = 0
    without_consent: int = 0
    without_address: int = 0
    by_channel: dict[str, int] = field(default_factory=lambda: dict.fromkeys((EMAIL, SMS, PORTAL), 0))
    sample: list[Reached] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """Who gets a message."""
        return sum(self.by_channel.values())

    def add(self, found: Sequence[Reached]) -> None:
        """Count some more."""
        for one in found:
            self.matched += 1
            if one.channel == NOWHERE:
                self.without_address += one.reason == NO_ADDRESS
                self.without_consent += one.reason != NO_ADDRESS
                continue
            self.by_channel[one.channel] += 1
            place = random.randrange(self.reached)  # noqa: S311 - a sample is no secret
            if len(self.sample) < SAMPLE_SIZE:
                self.sample.append(one)
            elif place < SAMPLE_SIZE:
                self.sample[place] = one

    @property
    def stored(self) -> dict[str, Any]:
        """As it is kept with the draft."""
        return {
            "matched": self.matched,
            "without_consent": self.without_consent,
            "without_address": self.without_address,
            **self.by_channel,
            "sample": [
                {
                    "customer_id": str(one.member.customer_id),
                    "channel": one.channel,
                    "language": one.language,
                    "facts": one.member.facts,
                }
                for one in self.sample
            ],
        }
