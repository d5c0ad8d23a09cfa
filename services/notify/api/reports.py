"""The door for reports of SMSAPI: read, noted, never answered with more than a count.

SMSAPI calls with a query or a form of `MsgId`, `status`, `idx` …, each with up to a few values between commas.
"""

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs
from uuid import UUID

from ebok.notify.v1 import reports_pb2 as pb
from ebok.notify.v1 import reports_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import NotFound
from chassis.rpc.server import Context
from services.notify.config import NotifyConfig
from services.notify.domain import reports
from services.notify.domain.reports import Fate
from services.notify.storage.messages import lock_reported

SMSAPI = "smsapi"
REPORTS_MAX = 20  # In one call; SMSAPI sends up to five.
# The numbers of SMSAPI's reports.
FATES = {
    "401": Fate.UNKNOWN,
    "402": Fate.NEVER_REACHED,
    "403": Fate.UNDERWAY,
    "404": Fate.DELIVERED,
    "405": Fate.NOT_DELIVERED,
    "406": Fate.NOT_DELIVERED,
    "407": Fate.NOT_DELIVERED,
    "408": Fate.UNKNOWN,
    "409": Fate.UNDERWAY,
    "410": Fate.UNDERWAY,
    "411": Fate.UNDERWAY,
    "412": Fate.NOT_DELIVERED,
}


class ReportRefused(NotFound):
    """Not an address of ours."""

    reason = "REPORT_REFUSED"


@dataclass(frozen=True)
class _Report:
    provider_id: str
    message_id: UUID | None
    fate: Fate


class ReportService(rpc.ReportServiceServicer):
    """Front door for what became of text messages."""

    def __init__(self, database: Database, clock: Clock, config: NotifyConfig) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    def ReceiveReports(
        self, request: pb.ReceiveReportsRequest, context: Context
    ) -> pb.ReceiveReportsResponse:
        """One transaction for all of a call: it is repeated as a whole."""
        secret = self._config.smsapi_report_token.get_secret_value()
        known = request.provider == SMSAPI and bool(secret)
        if not known or not hmac.compare_digest(request.secret.encode(), secret.encode()):
            raise ReportRefused
        given = _read(request.body)
        now, count = self._clock.now(), 0
        with self._database.transaction() as session:
            # In one order, so that two calls about the same messages do not wait for each other.
            for report in sorted(given, key=lambda one: one.provider_id):
                message = lock_reported(session, message_id=report.message_id, provider_id=report.provider_id)
                if message is not None:
                    reports.note(session, message, report.fate, now=now, ask_after=self._config.ask_after)
                    count += 1
        return pb.ReceiveReportsResponse(known_count=count)


def _read(body: bytes) -> list[_Report]:
    """The reports of a call. Refuses MALFORMED."""
    try:
        values = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=100)
        ids, words = (values[name][0].split(",") for name in ("MsgId", "status"))
    except (UnicodeDecodeError, ValueError, KeyError):
        raise wire.fault("body", "MALFORMED") from None
    own = values.get("idx", [""])[0].split(",")
    own += [""] * (len(ids) - len(own))
    if len(ids) != len(words) or len(ids) > REPORTS_MAX:
        raise wire.fault("body", "MALFORMED")
    return [
        _Report(provider_id, _read_id(idx), FATES.get(status, Fate.UNDERWAY))
        for provider_id, status, idx in zip(ids, words, own, strict=False)
    ]


def _read_id(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None
