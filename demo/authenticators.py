"""The app with codes on somebody's telephone, for tests and demonstrations: RFC 6238, six digits, 30 seconds."""

import json
import os
from datetime import datetime
from pathlib import Path

import pyotp

STEP_S = 30


class Authenticator:
    """One account in the app. It gives no code twice: of the steps that count at an instant the first not given."""

    def __init__(self, secret: str, *, last_step: int = 0) -> None:
        self.secret = secret
        self.last_step = last_step

    def code(self, now: datetime) -> str:
        """A code that is let in at the instant. Three can be had at one instant; the fourth is refused."""
        present = int(now.timestamp()) // STEP_S
        step = max(present - 1, self.last_step + 1)
        if step > present + 1:
            # The clock was set back, and what was used then is behind; or the codes of this instant are used up.
            step = present
        self.last_step = step
        return self.at(step)

    def is_used_up(self, now: datetime) -> bool:
        """Whether no code of this instant is left: 30 seconds later there is one."""
        return int(now.timestamp()) // STEP_S < self.last_step <= int(now.timestamp()) // STEP_S + 2

    def at(self, step: int) -> str:
        """The code of a step."""
        return str(pyotp.TOTP(self.secret).generate_otp(step))


class Telephone:
    """The apps of everybody in a suite: a file that only its owner may read, beside the suite's data."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def code(self, email: str, now: datetime) -> str:
        """A code of somebody's app that was not given yet; empty when those of this instant are used up."""
        kept = self._read()
        app = Authenticator(str(kept[email]["secret"]), last_step=int(kept[email]["last_step"]))
        if app.is_used_up(now):
            return ""
        code = app.code(now)
        self._write(kept | {email: {"secret": app.secret, "last_step": app.last_step}})
        return code

    def shown(self, email: str, now: datetime) -> str:
        """The code that the app shows at an instant, for somebody who reads it off."""
        return Authenticator(str(self._read()[email]["secret"])).at(int(now.timestamp()) // STEP_S)

    def secrets(self) -> dict[str, str]:
        """What was told to each app, for whoever puts it on a telephone of their own."""
        return {email: str(one["secret"]) for email, one in self._read().items()}

    def keep(self, email: str, secret: str) -> None:
        """A new account in the app, in place of the one there was."""
        self._write(self._read() | {email: {"secret": secret, "last_step": 0}})

    def _read(self) -> dict[str, dict[str, str | int]]:
        try:
            found: dict[str, dict[str, str | int]] = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def _write(self, apps: dict[str, dict[str, str | int]]) -> None:
        fresh = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(apps, file, indent=1)
        fresh.replace(self._file)
