"""The door for what cases can be about."""

from ebok.tickets.v1 import categories_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class CategoryService(rpc.CategoryServiceServicer):
    """Front door for what cases can be about: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
