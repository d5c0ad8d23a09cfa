"""The provider's settings, remembered for a short while: every page shows them, they change once a year."""

import threading
import time
from collections.abc import Callable

from ebok.identity.v1.settings_pb2 import GetSettingsRequest, Settings

from chassis.errors import Refusal
from gateway.clients import Clients


class RememberedSettings:
    """Asks identity at most every `seconds`; while identity is away the last known settings hold."""

    def __init__(
        self, clients: Clients, *, seconds: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clients = clients
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._asked_at = 0.0

    def current(self) -> Settings:
        """The settings in force. Raises Unavailable when identity was never reached."""
        now = self._monotonic()
        settings = self._settings
        if settings is not None and now - self._asked_at < self._seconds:
            return settings
        with self._lock:
            if self._settings is not None and self._monotonic() - self._asked_at < self._seconds:
                return self._settings
            try:
                self._settings = self._clients.identity.settings.GetSettings(GetSettingsRequest()).settings
            except Refusal:
                if self._settings is None:
                    raise
            self._asked_at = self._monotonic()
            return self._settings
