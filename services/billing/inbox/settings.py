"""What billing does about identity's settings: it keeps what documents print, and what staff may change."""

from datetime import datetime

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis.messaging.inbox import Handlers
from services.billing.storage import settings as stored

handlers = Handlers()


@handlers.on(events_pb2.SettingsChanged)
def on_settings_changed(session: Session, event: events_pb2.SettingsChanged, *, now: datetime) -> None:
    """Keep the newest version, in whatever order they arrive."""
    settings = event.settings
    stored.keep_newest(
        session,
        {
            "version": settings.version,
            "name": settings.provider_name,
            "line": settings.provider_line,
            "nip": settings.nip,
            "address_line": settings.address_line,
            "town_line": settings.town_line,
            "account_number": settings.account_number,
            "phone": settings.phone,
            "phone_hours": settings.phone_hours,
            "emergency_phone": settings.emergency_phone,
            "email": settings.email,
            "portal_url": settings.portal_url,
            "provider_data_editable": settings.provider_data_editable,
        },
    )
