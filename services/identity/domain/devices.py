"""Devices: browsers that somebody logs in with. Their owner is told of a new one; a trusted one is spared codes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.identity.domain import owners
from services.identity.domain.links import hash_secret
from services.identity.domain.owners import Owner
from services.identity.storage import devices as stored
from services.identity.storage.staff import StaffMember
from services.identity.storage.users import User

TRUST_LASTS = timedelta(days=30)


@dataclass(frozen=True)
class Browser:
    """Where a log-in comes from. `device_token` is the secret that the gateway knows the browser by; `is_trusted` asks
    that it be spared codes for a while.
    """

    address: str
    user_agent: str
    device_token: str = ""
    is_trusted: bool = False


def is_trusted(session: Session, owner: Owner, browser: Browser, *, now: datetime) -> bool:
    """Whether the browser is spared codes. Never in the console."""
    if not browser.device_token or isinstance(owner, StaffMember):
        return False
    device = stored.find_device(session, owner.user_id, hash_secret(browser.device_token))
    return device is not None and device.trusted_until is not None and device.trusted_until > now


def is_new(session: Session, owner: Owner, browser: Browser, *, now: datetime) -> bool:
    """Whether the owner has to be told of this browser; it is known from here on. Nobody is told of the very first."""
    owner_id = owners.owner_id(owner)
    if not browser.device_token:
        return stored.has_devices(session, owner_id)
    trusted = browser.is_trusted and isinstance(owner, User)
    had_devices, known = stored.put_device(
        session,
        owner_id,
        hash_secret(browser.device_token),
        trusted_until=now + TRUST_LASTS if trusted else None,
        now=now,
    )
    return had_devices and not known
