"""The door for audiences: who is in a segment."""

from ebok.billing.v1 import audiences_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class AudienceService(rpc.AudienceServiceServicer):
    """Front door for audiences: unpack, ask, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
