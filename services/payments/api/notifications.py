"""The door for what payment providers send: stored as it came, judged afterwards."""

import threading

from ebok.payments.v1 import notifications_pb2 as pb
from ebok.payments.v1 import notifications_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.rpc.server import Context
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
        provider = self._desk.provider(request.provider)
        if request.kind not in KINDS_OF_ADDRESSES:
            raise wire.fault("kind", "UNKNOWN")
        message = Received(
            exchange_id=new_id(),
            happened_at=self._clock.now(),
            provider=provider.name,
            kind=KINDS_OF_ADDRESSES[request.kind],
            body=request.body,
            headers={header.name.lower(): header.value for header in request.headers},
            sender=request.sender_address,
        )
        self._intake.keep(message)
        return pb.ReceiveNotificationResponse(exchange_id=wire.pack_id(message.exchange_id))


class _Waiting:
    """A message that is on its way into the table, and what became of it."""

    def __init__(self, message: Received) -> None:
        self.message = message
        self.ended = False
        self.fault: Exception | None = None


class Intake:
    """Keeps messages. Those that come while an insert runs go together into the next: one statement, one commit.

    Whoever gets the lock keeps all that wait; the others find theirs kept when their turn comes. Nobody returns before
    his own message is committed, and nobody fails for what is wrong with another's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def keep(self, message: Received) -> None:
        """Return when it is stored. Raises DatabaseAway, DatabaseBusy."""
        mine = _Waiting(message)
        self._waiting.append(mine)
        with self._lock:
            while not mine.ended:  # More than once only behind a crowd that does not fit into one statement.
                together = self._waiting[:TOGETHER_MAX]
                del self._waiting[: len(together)]
                self._insert(together)
        if mine.fault is not None:
            raise mine.fault

    def _insert(self, together: list[_Waiting]) -> None:
        fault: Exception | None = None
        try:
            with self._database.asking() as reader:
                exchanges.receive(reader, [one.message for one in together])
        except Unavailable as refusal:
            fault = refusal  # Nobody's message could be kept.
        except Exception as bug:  # noqa: BLE001 - raised to him whose message it is
            if len(together) > 1:
                for one in together:
                    self._insert([one])
                return
            fault = bug
        for one in together:
            one.fault, one.ended = fault, True
