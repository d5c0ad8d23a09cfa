"""The door of master data in the hands of staff."""

from ebok.billing.v1 import records_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class RecordService(rpc.RecordServiceServicer):
    """Front door for records: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
