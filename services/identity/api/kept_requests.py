"""The door for keys of writes."""

from ebok.identity.v1 import kept_requests_pb2 as pb
from ebok.identity.v1 import kept_requests_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.domain import kept_requests


class KeptRequestService(rpc.KeptRequestServiceServicer):
    """Front door for keys of writes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def KeepRequest(self, request: pb.KeepRequestRequest, context: Context) -> pb.KeepRequestResponse:
        """Remember what a key was used for."""
        with self._database.transaction() as session:
            kept_requests.keep(
                session,
                request.subject,
                request.key,
                fingerprint=request.fingerprint,
                now=self._clock.now(),
            )
        return pb.KeepRequestResponse()
