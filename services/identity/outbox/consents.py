"""What identity tells of consents."""

from ebok.identity.v1 import consents_pb2, events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow
from services.identity.storage.consents import Consent, ConsentChannel, ConsentKind

KINDS: dict[ConsentKind, consents_pb2.ConsentKind] = {
    ConsentKind.E_INVOICE: consents_pb2.CONSENT_KIND_E_INVOICE,
    ConsentKind.MARKETING_EMAIL: consents_pb2.CONSENT_KIND_MARKETING_EMAIL,
    ConsentKind.MARKETING_SMS: consents_pb2.CONSENT_KIND_MARKETING_SMS,
    ConsentKind.MARKETING_PHONE: consents_pb2.CONSENT_KIND_MARKETING_PHONE,
}
CHANNELS: dict[ConsentChannel, consents_pb2.ConsentChannel] = {
    ConsentChannel.PORTAL: consents_pb2.CONSENT_CHANNEL_PORTAL,
    ConsentChannel.PAPER: consents_pb2.CONSENT_CHANNEL_PAPER,
    ConsentChannel.DESK: consents_pb2.CONSENT_CHANNEL_DESK,
    ConsentChannel.PHONE: consents_pb2.CONSENT_CHANNEL_PHONE,
    ConsentChannel.LINK: consents_pb2.CONSENT_CHANNEL_LINK,
}


def consent_changed(session: Session, consent: Consent) -> None:
    """A customer said yes or no."""
    event = events_pb2.ConsentChanged(
        customer_id=str(consent.customer_id),
        kind=KINDS[consent.kind],
        is_given=consent.is_given,
        said_at=wire.pack_instant(consent.said_at),
        channel=CHANNELS[consent.channel],
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id, subject_version=consent.version)
