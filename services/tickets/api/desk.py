"""The door for cases as staff work on them."""

from ebok.tickets.v1 import desk_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class TicketDeskService(rpc.TicketDeskServiceServicer):
    """Front door for cases as staff work on them: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
