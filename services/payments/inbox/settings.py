"""What identity says about the provider: it keeps what confirmations print of who was paid."""

from datetime import datetime

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis.messaging.inbox import Handlers
from services.payments.storage import settings as stored

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
            "phone": settings.phone,
            "email": settings.email,
        },
    )
