"""The EBOK_* environment of each part of a local suite. Nothing of the caller's own EBOK_* comes through."""

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.parts import Part, hearers, services
from deploy.local.supervising import write_private

INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "TZ")


class Environments:
    """What each part is told: addresses, keys, database, clock. `databases` is filled once they exist."""

    def __init__(
        self, root: Path, directory: Path, addresses: Mapping[str, str], *, broker_url: str = ""
    ) -> None:
        self._root = root
        self._directory = directory
        self._broker_url = broker_url
        self.addresses = dict(addresses)
        self.databases: dict[str, str] = {}
        self.keys_dir = directory / "keys"
        self.clock_file = directory / "clock"

    @property
    def gateway_url(self) -> str:
        """Where people go. By name: a passkey cannot be bound to an IP address."""
        return f"http://localhost:{self.addresses['gateway'].rpartition(':')[2]}"

    def command(self, part: Part) -> list[str]:
        """The command line of a part."""
        return [sys.executable, *(self._filled(word) for word in part.command)]

    def of(self, part: Part) -> dict[str, str]:
        """The environment of a part."""
        environment = self._common() | {
            "EBOK_LISTEN": self.addresses[part.name],
            **{name: self._filled(value) for name, value in part.environment.items()},
        }
        if f"{part.name}.metrics" in self.addresses:
            environment["EBOK_METRICS_LISTEN"] = self.addresses[f"{part.name}.metrics"]
        if part.is_service:
            environment |= {
                "EBOK_BROKER_URL": self._broker_url,
                "EBOK_SUBSCRIBERS": "" if self._broker_url else self._pairs(hearers(part.name)),
                "EBOK_PEERS": self._pairs(part.peers),
            }
            if part.name in self.databases:
                environment["EBOK_DATABASE_URL"] = self.databases[part.name]
        if part.name == "gateway":
            environment |= {"EBOK_SECRET_KEY": self._secret_key(), "EBOK_PUBLIC_URL": self.gateway_url}
        return environment

    def of_visitor(self, name: str) -> dict[str, str]:
        """The environment of a command that calls the suite under a key of its own: demo, connector."""
        return self._common() | {
            "EBOK_PART": name,
            "EBOK_PEERS": self._pairs(services()),
            "EBOK_GATEWAY_URL": self.gateway_url,
            "EBOK_MAILBOX_URL": f"http://{self.addresses['mailbox']}",
            **{f"EBOK_{service.upper()}": self.addresses[service] for service in services()},
        }

    def _common(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return inherited | {
            "PYTHONPATH": os.pathsep.join([str(self._root), str(self._root / "gen")]),
            "PYTHONUNBUFFERED": "1",
            "EBOK_ENVIRONMENT": "demo",
            "EBOK_KEYS_DIR": str(self.keys_dir),
            "EBOK_CLOCK_OFFSET_FILE": str(self.clock_file),
        }

    def _filled(self, text: str) -> str:
        """`{billing}` → its address, `{mailbox.directory}` → a directory of its own below the suite's."""
        places = {f"{name}.directory": str(self._directory / name) for name in self.addresses}
        for name, value in {**self.addresses, **places, "gateway.url": self.gateway_url}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _pairs(self, names: Sequence[str]) -> str:
        return ",".join(f"{name}={self.addresses[name]}" for name in names)

    def _secret_key(self) -> str:
        """Signs cookies; the same over a restart, so that nobody is logged out by it."""
        path = self._directory / "secret_key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="utf-8")
