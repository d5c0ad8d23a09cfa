"""Rows to billing: batches in streams, taken up again after a break where the last taken batch ended."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub

from chassis import wire
from chassis.errors import Refusal, Unavailable
from chassis.ids import new_id
from chassis.rpc.client import Channel
from connector.faults import BillingAway
from connector.mapping import Mapping
from connector.rows import row_maker
from connector.sources import Tables

BATCHES_PER_STREAM = 10
NARROW = ("readings", "intervals", "payments")
WIDE_ROWS_MAX = (
    1_000  # in a batch of any other kind: each is more work for billing, and others wait meanwhile
)
BATCH_BYTES_MAX = 2 * 1024 * 1024  # Billing takes messages of 4 MiB.
STREAM_TIMEOUT_S = 600.0
ATTEMPTS_MAX = 8
WAIT_S_MAX = 15.0
Answer = TypeVar("Answer")
Numbered = tuple[int, list[pb.ImportRow]]


@dataclass(frozen=True)
class Order:
    """What is to be imported and how."""

    source: Tables
    mapping: Mapping
    import_id: UUID | None
    dry_run: bool
    batch_rows: int
    as_of: datetime | None
    since: datetime | None = None
    feed: str = ""
    every: timedelta | None = None
    begin_again: bool = (
        True  # When the import was stopped from the console: everything again, under a new id.
    )


def send(channel: Channel, order: Order, moved: Callable[[pb.Import], None]) -> pb.Import:
    """Import everything; `moved` hears of each step. Raises CannotImport when billing stays away or refuses.

    A known import goes on behind the rows it has looked at, whatever the size of the batches was.
    """
    stub = channel.stub(ImportServiceStub)
    state: pb.Import = _start(stub, order)
    moved(state)
    if state.status == pb.IMPORT_STATUS_CANCELLED:
        return state
    batches = enumerate(_batches(order, state.done_count), start=state.batch_count + 1)
    while first := next(batches, None):
        some = Some(first, islice(batches, BATCHES_PER_STREAM - 1))
        state = insist(partial(_stream, stub, state.import_id, some))
        moved(state)
        if state.status == pb.IMPORT_STATUS_CANCELLED:
            return state
    finish = pb.FinishImportRequest(import_id=state.import_id)
    finished: pb.Import = insist(lambda: stub.FinishImport(finish)).import_state
    moved(finished)
    return finished


def _start(stub: Any, order: Order) -> pb.Import:
    """Open the import; one that is known by its content and finished is done again under a new id."""
    counts = [order.source.count(table) for table in order.mapping.in_order()]
    known = [count for count in counts if count is not None]
    request = pb.StartImportRequest(
        import_id=str(order.import_id or new_id()),
        source=order.source.label[:300],
        dry_run=order.dry_run,
        row_count=sum(known) if len(known) == len(counts) else 0,
        as_of=wire.pack_instant(order.as_of) if order.as_of else None,
        since=wire.pack_instant(order.since) if order.since else None,
        feed=order.feed,
    )
    if order.every:
        request.every.FromTimedelta(order.every)
    try:
        return insist(lambda: stub.StartImport(request)).import_state
    except Refusal as refusal:
        if refusal.reason not in ("IMPORT_FINISHED", "IMPORT_CANCELLED", "IMPORT_DIFFERS"):
            raise
        if refusal.reason == "IMPORT_FINISHED" and not order.begin_again:
            stopped: pb.Import = stub.GetImport(pb.GetImportRequest(import_id=request.import_id)).import_state
            if stopped.status == pb.IMPORT_STATUS_CANCELLED:
                return stopped
    request.import_id = str(new_id())
    return insist(lambda: stub.StartImport(request)).import_state


def _batches(order: Order, done_count: int) -> Iterator[list[pb.ImportRow]]:
    """The rows behind the first `done_count` of all tables; a batch has rows of one table."""
    for table in order.mapping.in_order():
        make = row_maker(table)
        numbered = enumerate(order.source.rows(table), start=1)
        done_count -= sum(1 for _ in islice(numbered, done_count))
        rows = (make(number, row) for number, row in numbered)
        size = order.batch_rows if table.rows in NARROW else min(order.batch_rows, WIDE_ROWS_MAX)
        while batch := list(islice(rows, size)):
            yield from _halved(batch)


def _halved(batch: list[pb.ImportRow]) -> Iterator[list[pb.ImportRow]]:
    """The batch, in halves of halves where it is too large for a message; a row that is too large stays alone."""
    if len(batch) > 1 and sum(row.ByteSize() for row in batch) > BATCH_BYTES_MAX:
        middle = len(batch) // 2
        yield from _halved(batch[:middle])
        yield from _halved(batch[middle:])
    else:
        yield batch


class Some:
    """The batches of one stream. They are made while billing writes those before, and kept for another try."""

    def __init__(self, first: Numbered, others: Iterator[Numbered]) -> None:
        self._made = [first]
        self._others = others
        self._lock = threading.Lock()
        self.fault: Exception | None = None

    def __iter__(self) -> Iterator[Numbered]:
        place = 0
        while (batch := self._at(place)) is not None:
            yield batch
            place += 1

    def _at(self, place: int) -> Numbered | None:
        """The batch at a place; None behind the last. A fault of the source ends the stream and waits in `fault`."""
        with self._lock:  # A stream that broke may still be reading when the next one begins.
            if place == len(self._made) and self.fault is None:
                try:
                    self._made.extend(islice(self._others, 1))
                except Exception as fault:  # noqa: BLE001 - raised again by who called, outside gRPC's thread
                    self.fault = fault
            return self._made[place] if place < len(self._made) else None


def _stream(stub: ImportServiceStub, import_id: str, some: Some) -> pb.Import:
    """One stream; batches that were taken before a break are passed over by billing."""
    requests = (
        pb.ImportRowsRequest(import_id=import_id, batch_number=number, rows=rows) for number, rows in some
    )
    try:
        state: pb.Import = stub.ImportRows(requests, timeout=STREAM_TIMEOUT_S).import_state
    except Refusal as refusal:
        if refusal.reason != "IMPORT_CANCELLED":
            raise
    else:
        if some.fault is not None:
            raise some.fault
        return state
    return stub.GetImport(pb.GetImportRequest(import_id=import_id)).import_state


def insist(attempt: Callable[[], Answer]) -> Answer:
    """Try again, with growing waits, while billing is away. Every call here is safe to repeat."""
    for count in range(1, ATTEMPTS_MAX + 1):
        try:
            return attempt()
        except Unavailable:
            if count == ATTEMPTS_MAX:
                break
            time.sleep(min(0.25 * 2**count, WAIT_S_MAX))
    raise BillingAway(
        f"billing did not answer in {ATTEMPTS_MAX} tries; what came in stays – start the same command again to go on"
    )


def rejects_of(channel: Channel, import_id: str) -> Iterator[pb.Reject]:
    """Every refused row of an import, page by page."""
    stub = channel.stub(ImportServiceStub)
    request = pb.ListRejectsRequest(import_id=import_id)
    request.page.page_size = 100
    while True:
        answer = insist(lambda: stub.ListRejects(request))
        yield from answer.rejects
        if not answer.page.next_cursor:
            return
        request.page.cursor = answer.page.next_cursor
