"""Devices: browsers that somebody logs in with. Their owner is told of a new one; a trusted one is spared codes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.database import Transaction
from services.identity.domain.links import hash_secret
from services.identity.domain.owners import Account
from services.identity.storage import devices as stored
from services.identity.storage.sessions import Realm

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


def is_new(transaction: Transaction, account: Account, browser: Browser, *, now: datetime) -> bool:
    """Whether the owner has to be told of this browser; it is known from here on. Nobody is told of the very first.

    The console trusts no browser.
    """
    if not browser.device_token:
        return stored.has_devices(transaction, account.owner_id)
    trusted = browser.is_trusted and account.realm is Realm.PORTAL
    had_devices, known = stored.put_device(
        transaction,
        account.owner_id,
        hash_secret(browser.device_token),
        trusted_until=now + TRUST_LASTS if trusted else None,
        now=now,
    )
    return had_devices and not known
