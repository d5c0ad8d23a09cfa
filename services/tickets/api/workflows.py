"""The door for how cases go."""

from ebok.tickets.v1 import workflows_pb2_grpc as rpc

from chassis.clock import Clock
from chassis.database import Database


class WorkflowService(rpc.WorkflowServiceServicer):
    """Front door for how cases go: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
