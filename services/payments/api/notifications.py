"""The door for what payment providers send: stored as it came, judged afterwards."""

from collections.abc import Sequence
from contextlib import suppress

from ebok.payments.v1 import notifications_pb2 as pb
from ebok.payments.v1 import notifications_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Refusal, Unavailable
from chassis.ids import new_id
from chassis.rpc.server import Context
from chassis.together import Together
from services.payments.clients.desk import Desk
from services.payments.storage import exchanges
from services.payments.storage.exchanges import KINDS_OF_ADDRESSES, Received

TOGETHER_MAX = 64


class NotificationService(rpc.NotificationServiceServicer):
    """Front door for notifications: one insert. It waits for its judge, who looks several times a second."""

    def __init__(self, database: Database, clock: Clock, desk: Desk) -> None:
        self._clock = clock
        self._desk = desk
        self._intake = Intake(database)

    def ReceiveNotification(
        self, request: pb.ReceiveNotificationRequest, context: Context
    ) -> pb.ReceiveNotificationResponse:
        message = self._read(request)
        [fault] = self._intake.keep([message])
        if fault is not None:
            raise fault
        return pb.ReceiveNotificationResponse(exchange_id=wire.pack_id(message.exchange_id))

    def KeepNotifications(
        self, request: pb.KeepNotificationsRequest, context: Context
    ) -> pb.KeepNotificationsResponse:
        exchange_ids = [""] * len(request.notifications)
        messages: dict[int, Received] = {}
        for place, one in enumerate(request.notifications):
            with suppress(Refusal):  # Whoever sends it alone hears it.
                messages[place] = self._read(one)
        faults = self._intake.keep(list(messages.values()))
        for (place, message), fault in zip(messages.items(), faults, strict=True):
            if fault is None:
                exchange_ids[place] = wire.pack_id(message.exchange_id)
        return pb.KeepNotificationsResponse(exchange_ids=exchange_ids)

    def _read(self, request: pb.ReceiveNotificationRequest) -> Received:
        """Refuses METHOD_NOT_OFFERED, and a kind of address that there is not."""
        provider = self._desk.provider(request.provider)
        if request.kind not in KINDS_OF_ADDRESSES:
            raise wire.fault("kind", "UNKNOWN")
        return Received(
            exchange_id=new_id(),
            happened_at=self._clock.now(),
            provider=provider.name,
            kind=KINDS_OF_ADDRESSES[request.kind],
            body=request.body,
            headers={header.name.lower(): header.value for header in request.headers},
            sender=request.sender_address,
        )


class Intake:
    """Keeps messages, those that come at the same moment in one statement, which is one commit.

    Nobody returns before his own messages are committed, and nobody fails for what is wrong with another's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together = Together(self._insert, items_max=TOGETHER_MAX)

    def keep(self, messages: Sequence[Received]) -> Sequence[Exception | None]:
        """Return when they are stored; for each None, or what kept it out. Raises DatabaseAway, DatabaseBusy."""
        return self._together.do(messages)

    def _insert(self, messages: Sequence[Received]) -> Sequence[Exception | None]:
        try:
            with self._database.asking() as reader:
                exchanges.receive(reader, messages)
        except Unavailable:
            raise  # Nobody's message could be kept.
        except Exception as bug:  # noqa: BLE001 - told him whose message it is
            if len(messages) == 1:
                return [bug]
            return [fault for one in messages for fault in self._insert([one])]
        return [None] * len(messages)
