"""The doors the demo goes through: the same RPCs as gateway and connector use, the operator's jobs, the mailbox."""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from ebok.billing.v1 import imports_pb2
from ebok.identity.v1 import sessions_pb2, sessions_pb2_grpc

from chassis.clock import LOOKS_EVERY_S, SystemClock
from chassis.config import load_config
from chassis.errors import Refusal
from chassis.rpc.client import Channel, Metadata, as_actor
from chassis.rpc.tokens import SystemCredential
from connector.config import ConnectorConfig
from connector.mapping import read_mapping
from connector.sending import Order, send
from connector.sources import CsvFiles, check_columns
from demo.authenticators import Telephone

WAIT_S = 60.0
Found = TypeVar("Found")


class DemoStuck(Exception):
    """A part of the suite did not do in time what the demo waits for."""


@dataclass(frozen=True)
class Suite:
    """A running suite, as `run.json` describes it."""

    info: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Suite":
        """The suite whose start wrote the file."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @property
    def offset_file(self) -> Path:
        """The shared clock's offset."""
        return Path(self.info["clock_offset_file"])

    @property
    def clock(self) -> SystemClock:
        """The suite's clock."""
        return SystemClock(self.offset_file)

    def set_clock(self, offset: timedelta) -> None:
        """Move the whole suite's clock; every part has seen it afterwards."""
        fresh = self.offset_file.with_suffix(".new")
        fresh.write_text(f"{int(offset.total_seconds())}\n")
        fresh.replace(self.offset_file)
        time.sleep(LOOKS_EVERY_S)

    def channel(self, part: str, *, speaking_for: str) -> Channel:
        """A connection to a part under another part's credential; the demo is of the operator's household."""
        config = load_config(
            ConnectorConfig,
            part=speaking_for,
            keys_dir=Path(self.info["keys_dir"]),
            environment="demo",
            clock_offset_file=self.offset_file,
        )
        return Channel(
            self.info["parts"][part], credential=SystemCredential(config, self.clock), timeout_s=30
        )

    def job(self, part: str, name: str, /, **arguments: str) -> None:
        """One of a part's jobs, as the operator starts it. Raises DemoStuck with what it said."""
        launch = json.loads(Path(self.info["launch"][part]).read_text(encoding="utf-8"))
        command = [
            *launch["command"][:-1],
            "job",
            name,
            *(f"{key}={value}" for key, value in arguments.items()),
        ]
        done = subprocess.run(command, env=launch["environment"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoStuck(f"{part} {name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    def log_in(self, email: str, password: str, realm: "sessions_pb2.Realm") -> Metadata:
        """Somebody's token for calls, as the gateway gets it; good for five minutes of the suite's clock."""
        stub = self.channel("identity", speaking_for="gateway").stub(sessions_pb2_grpc.SessionServiceStub)
        device, words = f"doors-of-the-demo-{email}", "eBOK demo"
        asked = sessions_pb2.LogInRequest(
            email=email, password=password, realm=realm, device_token=device, user_agent=words
        )
        opened = stub.LogIn(asked)
        secret = opened.session_token
        if not secret:
            if opened.challenge.secret:
                self.telephone.keep(email, opened.challenge.secret)
            answer_of = sessions_pb2.CompleteLogInRequest(
                challenge_token=opened.challenge.challenge_token,
                code=self.code(email),
                realm=realm,
                device_token=device,
                user_agent=words,
            )
            secret = stub.CompleteLogIn(answer_of).session_token
        answer = stub.CheckSession(sessions_pb2.CheckSessionRequest(session_token=secret, realm=realm))
        return as_actor(answer.actor_token)

    @property
    def telephone(self) -> Telephone:
        """Where the apps with codes of its people are."""
        return Telephone(Path(self.info["log"]).parent / "authenticators.json")

    def code(self, email: str) -> str:
        """A code of somebody's app that was not given yet; waits for one when those of this half minute are used up."""
        return until(lambda: self.telephone.code(email, self.clock.now()), f"a code for {email}")

    def bring_in(self, directory: Path, mapping: Path) -> imports_pb2.Import:
        """Files through the connector. Raises DemoStuck when a row is refused: the demo's own data are sound."""
        what = read_mapping(mapping)
        files = CsvFiles(directory)
        check_columns(files, what)
        order = Order(files, what, import_id=None, dry_run=False, batch_rows=1000, as_of=self.clock.now())
        state = send(self.channel("billing", speaking_for="connector"), order, lambda _: None)
        if state.rejected_count:
            raise DemoStuck(
                f"{state.rejected_count} rows of {directory} were refused: import {state.import_id}"
            )
        return state

    def token_mailed_to(self, email: str, part_of_link: str) -> str:
        """The token in the newest mail to an address."""
        query = urllib.parse.urlencode({"to": email})
        url = f"{self.info['mailbox']}/api/messages?{query}"

        def find() -> str:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own mailbox
                messages = json.load(answer)
            for message in messages:
                _, found, rest = message["text"].partition(f"/{part_of_link}?token=")
                if found:
                    return str(rest.split()[0])
            return ""

        return until(find, f"a mail with a link to {part_of_link}")


def until(look: Callable[[], Found | None], what: str, *, wait_s: float = WAIT_S) -> Found:
    """Look again until something is there. Raises DemoStuck."""
    end = time.monotonic() + wait_s
    while True:
        try:
            if found := look():
                return found
        except (Refusal, OSError):
            if time.monotonic() > end:
                raise
        if time.monotonic() > end:
            raise DemoStuck(f"waited {wait_s:.0f} s for {what}")
        time.sleep(0.1)
