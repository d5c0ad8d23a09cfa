"""The door of reading windows."""

from ebok.billing.v1 import reading_windows_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class ReadingWindowService(rpc.ReadingWindowServiceServicer):
    """Front door for reading windows: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
