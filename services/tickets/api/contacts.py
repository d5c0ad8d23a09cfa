"""The door for the contact log."""

from ebok.tickets.v1 import contacts_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class ContactService(rpc.ContactServiceServicer):
    """Front door for the contact log: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
