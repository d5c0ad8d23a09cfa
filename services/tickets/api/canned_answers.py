"""The door for answers that are given often."""

from ebok.tickets.v1 import canned_answers_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class CannedAnswerService(rpc.CannedAnswerServiceServicer):
    """Front door for answers that are given often: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
