"""What identity tells of the provider's settings."""

from ebok.identity.v1 import events_pb2, settings_pb2
from sqlalchemy.orm import Session

from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow
from services.identity.storage.settings import Settings

KEY = "settings"


def settings_changed(session: Session, settings: Settings) -> None:
    """The settings in force; readers keep the highest version."""
    event = events_pb2.SettingsChanged(
        settings=settings_pb2.Settings(
            provider_name=settings.provider_name,
            provider_line=settings.provider_line,
            nip=settings.nip,
            address_line=settings.address_line,
            town_line=settings.town_line,
            account_number=settings.account_number,
            brand_colour=settings.brand_colour,
            phone=settings.phone,
            phone_hours=settings.phone_hours,
            emergency_phone=settings.emergency_phone,
            email=settings.email,
            portal_url=settings.portal_url,
            languages=settings.languages,
            version=settings.version,
            provider_data_editable=settings.provider_data_editable,
        )
    )
    outbox.announce(session, OutboxRow, event, key=KEY)
