"""The door of readings that wait for a clerk."""

from ebok.billing.v1 import reading_checks_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class ReadingCheckService(rpc.ReadingCheckServiceServicer):
    """Front door for decisions about readings: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
