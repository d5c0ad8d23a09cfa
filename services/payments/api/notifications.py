"""The door for what payment providers send: stored as it came, judged afterwards."""

from ebok.payments.v1 import notifications_pb2 as pb
from ebok.payments.v1 import notifications_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.rpc.server import Context
from services.payments.clients.desk import Desk
from services.payments.storage import exchanges
from services.payments.storage.exchanges import KINDS_OF_ADDRESSES


class NotificationService(rpc.NotificationServiceServicer):
    """Front door for notifications: one insert. It waits for its judge, who looks several times a second."""

    def __init__(self, database: Database, clock: Clock, desk: Desk) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk

    def ReceiveNotification(
        self, request: pb.ReceiveNotificationRequest, context: Context
    ) -> pb.ReceiveNotificationResponse:
        provider = self._desk.provider(request.provider)
        if request.kind not in KINDS_OF_ADDRESSES:
            raise wire.fault("kind", "UNKNOWN")
        exchange_id = new_id()
        with self._database.asking() as reader:
            exchanges.receive(
                reader,
                {
                    "exchange_id": exchange_id,
                    "happened_at": self._clock.now(),
                    "provider": provider.name,
                    "kind": KINDS_OF_ADDRESSES[request.kind],
                    "body": request.body,
                    "headers": {header.name.lower(): header.value for header in request.headers},
                    "sender": request.sender_address,
                },
            )
        return pb.ReceiveNotificationResponse(exchange_id=wire.pack_id(exchange_id))
