"""Reading windows for tests, saved through their door."""

from datetime import date, timedelta
from typing import Any

from ebok.billing.v1 import meters_pb2, reading_windows_pb2
from ebok.billing.v1.reading_windows_pb2_grpc import ReadingWindowServiceStub

from chassis import wire
from chassis.clock import warsaw_date
from chassis.ids import new_id
from chassis.testing.served import Served


class Windows:
    """Days are counted from today."""

    def __init__(self, served: Served, who: Any) -> None:
        self.served = served
        self.stub: Any = served.stub(ReadingWindowServiceStub, who)

    def today(self) -> date:
        """By the clock of the test."""
        return warsaw_date(self.served.clock.now())

    def request(
        self, opens_in: int = 0, closes_in: int = 9, **changes: Any
    ) -> reading_windows_pb2.SaveReadingWindowRequest:
        """A window of water, from today for ten days unless other days are given."""
        values: dict[str, Any] = {
            "window_id": str(new_id()),
            "commodity": meters_pb2.COMMODITY_WATER,
            "opens_on": wire.pack_date(self.today() + timedelta(days=opens_in)),
            "closes_on": wire.pack_date(self.today() + timedelta(days=closes_in)),
        }
        return reading_windows_pb2.SaveReadingWindowRequest(**values | changes)

    def save(
        self, opens_in: int = 0, closes_in: int = 9, **changes: Any
    ) -> reading_windows_pb2.ReadingWindow:
        """Plan one."""
        return self.stub.SaveReadingWindow(self.request(opens_in, closes_in, **changes)).window

    def list(self, **given: Any) -> list[reading_windows_pb2.ReadingWindow]:
        """All there are, the latest first."""
        return list(
            self.stub.ListReadingWindows(reading_windows_pb2.ListReadingWindowsRequest(**given)).windows
        )

    def work(self) -> None:
        """Let the calendar do its part."""
        assert self.served.run_job("reading_windows.open")
