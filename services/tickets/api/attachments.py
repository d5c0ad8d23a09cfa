"""The door for files of cases."""

from ebok.tickets.v1 import attachments_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class AttachmentService(rpc.AttachmentServiceServicer):
    """Front door for files of cases: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
