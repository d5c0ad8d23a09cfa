"""What identity says about the provider: who mails are from and where their links lead."""

from datetime import datetime

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis.messaging.inbox import Handlers
from services.notify.storage import settings

handlers = Handlers()


@handlers.on(events_pb2.SettingsChanged)
def on_settings_changed(session: Session, event: events_pb2.SettingsChanged, *, now: datetime) -> None:
    """Keep the newest."""
    given = event.settings
    settings.keep_newest(
        session,
        {
            "version": given.version,
            "name": given.provider_name,
            "line": given.provider_line,
            "nip": given.nip,
            "address_line": given.address_line,
            "town_line": given.town_line,
            "brand_colour": given.brand_colour,
            "phone": given.phone,
            "phone_hours": given.phone_hours,
            "emergency_phone": given.emergency_phone,
            "email": given.email,
            "portal_url": given.portal_url.rstrip("/"),
            "languages": list(given.languages),
        },
    )
