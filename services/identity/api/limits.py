"""The door for permits of calls."""

from collections.abc import Mapping
from typing import Any

from ebok.identity.v1 import limits_pb2 as pb
from ebok.identity.v1 import limits_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.domain import limits
from services.identity.domain.limits import CallerKind

KINDS: dict[Any, CallerKind] = {pb.CallerKind.Value(f"CALLER_KIND_{one}"): one for one in CallerKind}


class LimitService(rpc.LimitServiceServicer):
    """Front door for permits: one statement for each batch."""

    def __init__(self, database: Database, clock: Clock, *, calls_a_minute: Mapping[CallerKind, int]) -> None:
        self._database = database
        self._clock = clock
        self._calls_a_minute = calls_a_minute

    def LeasePermits(self, request: pb.LeasePermitsRequest, context: Context) -> pb.LeasePermitsResponse:
        """Take permits out of the window that runs."""
        kind = KINDS[request.kind]
        with self._database.asking() as reader:
            leased = limits.lease(
                reader,
                kind,
                request.subject,
                wanted=request.wanted,
                limit=self._calls_a_minute[kind],
                now=self._clock.now(),
            )
        return pb.LeasePermitsResponse(
            granted=leased.granted,
            limit=leased.limit,
            remaining=leased.remaining,
            window_ends_at=wire.pack_instant(leased.window_ends_at),
        )
