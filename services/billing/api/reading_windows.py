"""The door of reading windows."""

from ebok.billing.v1 import reading_windows_pb2 as pb
from ebok.billing.v1 import reading_windows_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.errors import Invalid, Violation
from chassis.rpc.server import Context
from services.billing.api.packing import COMMODITIES, unpack_word, words_of
from services.billing.domain import reading_windows
from services.billing.domain.reading_windows import WindowStatus
from services.billing.storage import reading_windows as stored
from services.billing.storage.reading_windows import ReadingWindow

WINDOWS_MAX = 100
WINDOW_FIELD = "window_id"
WINDOW_STATUSES = words_of(pb.ReadingWindowStatus, WindowStatus, "READING_WINDOW_STATUS")


class ReadingWindowService(rpc.ReadingWindowServiceServicer):
    """Front door for reading windows: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListReadingWindows(
        self, request: pb.ListReadingWindowsRequest, context: Context
    ) -> pb.ListReadingWindowsResponse:
        commodity = unpack_word(request.commodity, COMMODITIES)
        with self._database.reading() as session:
            windows = list(stored.list_windows(session, commodity=commodity, limit=WINDOWS_MAX))
            return pb.ListReadingWindowsResponse(windows=self._pack(session, windows))

    def SaveReadingWindow(
        self, request: pb.SaveReadingWindowRequest, context: Context
    ) -> pb.SaveReadingWindowResponse:
        commodity = unpack_word(request.commodity, COMMODITIES)
        if commodity is None:
            raise Invalid(violations=[Violation("commodity", "UNKNOWN")])
        with self._database.transaction() as session:
            window = reading_windows.save(
                session,
                wire.unpack_id(request.window_id, field=WINDOW_FIELD),
                commodity=commodity,
                opens_on=wire.unpack_date(request.opens_on, field="opens_on"),
                closes_on=wire.unpack_date(request.closes_on, field="closes_on"),
                remind_days=request.remind_days,
                repeat_months=request.repeat_months,
                today=warsaw_date(self._clock.now()),
            )
            session.flush()
            return pb.SaveReadingWindowResponse(window=self._pack(session, [window])[0])

    def CancelReadingWindow(
        self, request: pb.CancelReadingWindowRequest, context: Context
    ) -> pb.CancelReadingWindowResponse:
        window_id = wire.unpack_id(request.window_id, field=WINDOW_FIELD)
        with self._database.transaction() as session:
            reading_windows.cancel(session, window_id, today=warsaw_date(self._clock.now()))
        return pb.CancelReadingWindowResponse()

    def _pack(self, session: Session, windows: list[ReadingWindow]) -> list[pb.ReadingWindow]:
        now = self._clock.now()
        today = warsaw_date(now)
        counts = reading_windows.counts_of(session, windows, now=now)
        packed = []
        for window in windows:
            message = pack_reading_window(window, status=reading_windows.status_of(window, today=today))
            message.meter_count, message.read_count = counts[window.window_id]
            packed.append(message)
        return packed


def pack_reading_window(window: ReadingWindow, *, status: WindowStatus) -> pb.ReadingWindow:
    """A window without its counts."""
    return pb.ReadingWindow(
        window_id=wire.pack_id(window.window_id),
        commodity=COMMODITIES[window.commodity],
        opens_on=wire.pack_date(window.opens_on),
        closes_on=wire.pack_date(window.closes_on),
        remind_days=window.remind_days,
        repeat_months=window.repeat_months,
        status=WINDOW_STATUSES[status],
        opened_at=wire.pack_optional_instant(window.opened_at),
    )
