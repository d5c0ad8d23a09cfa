"""Devices: browsers that somebody logs in with. Their owner is told of a new one; a trusted one is spared codes."""

from dataclasses import dataclass
from datetime import timedelta

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
