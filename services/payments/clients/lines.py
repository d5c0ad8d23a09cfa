"""The line to one provider: a question is sent, its answer stored as it came, and only then read by the client.

Redirects are never followed: a provider's redirect is an answer. No secret reaches a log line or a stored row:
credentials travel in headers that are not kept.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from chassis.clock import Clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.telemetry import logger
from services.payments.storage import exchanges
from services.payments.storage.exchanges import BODY_BYTES_MAX, Direction, Verdict

ASKING_S_MAX = 15.0  # For an answer that trickles in.
ANSWER_BYTES_MAX = 1024 * 1024
CHUNK_BYTES = 16 * 1024
KEPT_HEADERS = ("content-type", "location", "correlation-id", "x-correlation-id")
TEXT_LENGTH_MAX = 1000
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BUSY = frozenset({408, 425, 429})  # Of 4xx those that do not say no.


@dataclass(frozen=True)
class Question:
    """What is asked. `values` go as JSON, or as a form with `as_form`; `kind` names it in the console."""

    kind: str
    method: str
    path: str
    values: Mapping[str, Any] | None = None
    as_form: bool = False
    payment_id: UUID | None = None


@dataclass(frozen=True)
class Reply:
    """What came back: HTTP status 0 when nothing did. `sent` is false when the question never left."""

    exchange_id: UUID | None
    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: bool = True

    @property
    def data(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        return read_object(self.body) or {}

    @property
    def verdict(self) -> Verdict:
        """What the HTTP status says by itself: ACCEPTED below 400, REFUSED in the 400s, else nobody knows."""
        if self.status == 0:
            return Verdict.NO_ANSWER
        if self.status >= 500 or self.status in BUSY:
            return Verdict.PROVIDER_FAULT
        return Verdict.REFUSED if self.status >= 400 else Verdict.ACCEPTED


def read_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object in UTF-8; None for anything else."""
    found = _read_json(body)
    return found if isinstance(found, dict) else None


def read_rows(body: bytes) -> list[Any] | None:
    """A JSON list in UTF-8; None for anything else."""
    found = _read_json(body)
    return found if isinstance(found, list) else None


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


class Line:
    """How one provider is asked."""

    def __init__(
        self, provider: str, url: str, database: Database, clock: Clock, *, timeouts_s: tuple[float, float]
    ) -> None:
        self.provider = provider
        self._timeouts_s = timeouts_s  # To connect, and between two pieces of an answer.
        self.asking_s_max = ASKING_S_MAX + sum(timeouts_s)  # The longest that one question takes.
        self.url = url.rstrip("/")
        self._database = database
        self._clock = clock
        self._log = logger("providers")

    def ask(self, question: Question, auth: AuthBase | None = None, *, kept: bool = True) -> Reply:
        """Send a question and store what was said, unless it consists of secrets (`kept`). Never in a transaction."""
        content = _pack(question)
        started = time.perf_counter()
        reply = self._send(question, content, auth)
        self._log.info(
            "asked",
            provider=self.provider,
            kind=question.kind,
            status=reply.status,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return replace(reply, exchange_id=self._store(question, content, reply)) if kept else reply

    def judge(self, reply: Reply, verdict: Verdict) -> None:
        """Say what was made of an answer that is about no payment."""
        if reply.exchange_id is not None:
            with self._database.transaction() as session:
                exchanges.give_verdict(session, reply.exchange_id, verdict)

    def _send(self, question: Question, content: bytes, auth: AuthBase | None) -> Reply:
        headers = {"Accept": "application/json", "User-Agent": "eBOK"}
        if content:
            headers["Content-Type"] = FORM if question.as_form else JSON
        until = time.monotonic() + ASKING_S_MAX
        # A connection for each question: of one that was kept open nobody could say, when it breaks, whether the
        # provider had heard us.
        with requests.Session() as session:
            session.trust_env = False  # Neither a proxy nor a .netrc of the machine's comes between.
            try:
                answer = session.request(
                    question.method,
                    self.url + question.path,
                    data=content or None,
                    headers=headers,
                    auth=auth,
                    timeout=self._timeouts_s,
                    allow_redirects=False,
                    stream=True,
                )
            except requests.exceptions.RequestException as fault:
                return Reply(None, sent=not _never_left(fault))
            body = _read(answer, until=until)
        if body is None:
            return Reply(None)
        kept = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        return Reply(
            None, answer.status_code, body, {name: text[:TEXT_LENGTH_MAX] for name, text in kept.items()}
        )

    def _store(self, question: Question, content: bytes, reply: Reply) -> UUID:
        exchange_id = new_id()
        line = f"{question.method} {question.path}\n".encode()
        with self._database.transaction() as session:
            exchanges.add_exchange(
                session,
                {
                    "exchange_id": exchange_id,
                    "happened_at": self._clock.now(),
                    "direction": Direction.OUT,
                    "provider": self.provider,
                    "kind": question.kind,
                    "payment_id": question.payment_id,
                    "http_status": reply.status,
                    "asked": (line + content)[:BODY_BYTES_MAX],
                    "body": reply.body[:BODY_BYTES_MAX],
                    "headers": dict(reply.headers),
                },
            )
        return exchange_id


class Bearer(AuthBase):
    """An access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put it into the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def is_web_address(text: str, *, secure: bool) -> bool:
    """Whether a browser may be sent there: https, and http only where the provider itself is asked by http."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    schemes = ("https",) if secure else ("https", "http")
    plain = text.isascii() and text.isprintable() and " " not in text
    return plain and parts.scheme in schemes and bool(parts.hostname) and len(text) <= TEXT_LENGTH_MAX


def _pack(question: Question) -> bytes:
    if question.values is None:
        return b""
    if question.as_form:
        return urlencode(question.values).encode()
    return json.dumps(question.values, ensure_ascii=False, separators=(",", ":")).encode()


def _read(answer: requests.Response, *, until: float) -> bytes | None:
    """The body; None when it breaks off, is too long or takes too long."""
    parts: list[bytes] = []
    size = 0
    try:
        for part in answer.iter_content(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > ANSWER_BYTES_MAX or time.monotonic() > until:
                return None
    except requests.exceptions.RequestException:
        return None
    return b"".join(parts)


def _never_left(fault: requests.exceptions.RequestException) -> bool:
    """Whether no connection came about, by the cause of the fault: then nothing was sent."""
    if isinstance(fault, requests.exceptions.ConnectTimeout):
        return True
    cause: Any = fault.args[0] if fault.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
