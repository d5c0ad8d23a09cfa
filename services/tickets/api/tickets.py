"""The door for a customer's own cases."""

from ebok.tickets.v1 import tickets_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class TicketService(rpc.TicketServiceServicer):
    """Front door for a customer's own cases: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
