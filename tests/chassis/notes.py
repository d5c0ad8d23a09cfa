"""A part for tests: notes of customers. It has every door, and nothing else."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import acts, errors, revocations, wire
from chassis.app import Part
from chassis.clock import Clock
from chassis.columns import new_base
from chassis.database import Database
from chassis.errors import Violation
from chassis.ids import new_id
from chassis.jobs import Jobs
from chassis.messaging import inbox, outbox
from chassis.money import Money
from chassis.rpc.server import Context
from tests.chassis.example import notes_pb2, notes_pb2_grpc

Base: Any = new_base()
OutboxRow: Any = outbox.table(Base)
InboxRow: Any = inbox.table(Base)
Revocation: Any = revocations.table(Base)


class Note(Base):
    """A note."""

    __tablename__ = "note"

    note_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    text: Mapped[str]
    price: Mapped[Money | None]
    written_at: Mapped[datetime]


class NoteGone(errors.FailedPrecondition):
    """A refinement, as services make them."""

    reason = "NOTE_GONE"


class NoteNotFound(errors.NotFound):
    """A refinement, as services make them."""

    reason = "NOTE_NOT_FOUND"


REFUSALS: dict[str, Any] = {
    "not found": lambda: NoteNotFound("there is no such note", note_id="7"),
    "invalid": lambda: errors.Invalid(violations=[Violation("rows[3].value", "MALFORMED", "not a number")]),
    "precondition": lambda: NoteGone("the note is gone", note_id="8"),
    "conflict": errors.Conflict,
    "denied": errors.PermissionDenied,
    "unauthenticated": errors.Unauthenticated,
    "limited": lambda: errors.RateLimited("slower", retry_after_s=17),
    "unavailable": lambda: errors.Unavailable(provider="bank"),
    "polish": lambda: NoteGone("zażółć gęślą jaźń", name="Łódź"),
    "many": lambda: errors.Invalid(
        violations=[Violation(f"rows[{n}].value", "TOO_LONG", "x" * 400) for n in range(500)]
    ),
    "bug": lambda: ZeroDivisionError("secret content"),
}


def add(session: Session, customer_id: str, text: str, *, now: datetime) -> Note:
    """The domain of this part."""
    note = Note(note_id=new_id(), customer_id=customer_id, text=text, price=Money(123), written_at=now)
    session.add(note)
    event = notes_pb2.NoteAdded(note_id=str(note.note_id), customer_id=customer_id, text=text)
    outbox.announce(session, OutboxRow, event, key=customer_id, subject_version=1)
    if text == "refuse":
        raise NoteGone
    return note


def pack(note: Note) -> Any:
    return notes_pb2.NoteResponse(note_id=str(note.note_id), customer_id=note.customer_id, text=note.text)


class NoteService(notes_pb2_grpc.NoteServiceServicer):
    """The front door."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def AddNote(self, request: Any, context: Context) -> Any:
        with self._database.transaction() as session:
            note = add(session, request.customer_id, request.text, now=self._clock.now())
            acts.name_subject(str(note.note_id))
            return pack(note)

    def GetNote(self, request: Any, context: Context) -> Any:
        note_id = wire.unpack_id(request.note_id, field="note_id")
        with self._database.reading() as session:
            note = session.get(Note, note_id)
            if note is None or note.customer_id != request.customer_id:
                raise NoteNotFound(note_id=request.note_id)
            return pack(note)

    def ListNotes(self, request: Any, context: Context) -> Iterator[Any]:
        with self._database.reading() as session:
            for note in session.scalars(select(Note).where(Note.customer_id == request.customer_id)):
                yield pack(note)

    def ImportNotes(self, requests: Iterator[Any], context: Context) -> Any:
        count = 0
        with self._database.transaction() as session:
            for request in requests:
                add(session, request.customer_id, request.text, now=self._clock.now())
                count += 1
        return notes_pb2.CountResponse(count=count)

    def Echo(self, requests: Iterator[Any], context: Context) -> Iterator[Any]:
        for request in requests:
            yield notes_pb2.NoteResponse(text=request.text)

    def Hello(self, request: Any, context: Context) -> Any:
        return notes_pb2.HelloResponse(kind=context.actor.kind.value, words=f"hello {request.name}")

    WhoAmI = Report = Hello

    def Check(self, request: Any, context: Context) -> Any:
        return notes_pb2.HelloResponse()

    def Refuse(self, request: Any, context: Context) -> Any:
        raise REFUSALS[request.how]()

    def RefuseStreaming(self, request: Any, context: Context) -> Iterator[Any]:
        for number in range(request.after):
            yield notes_pb2.NoteResponse(text=str(number))
        raise REFUSALS[request.how]()

    def RefuseUpload(self, requests: Iterator[Any], context: Context) -> Any:
        for request in requests:
            raise REFUSALS[request.how]()

    def RefuseEcho(self, requests: Iterator[Any], context: Context) -> Iterator[Any]:
        for request in requests:
            for number in range(request.after):
                yield notes_pb2.NoteResponse(text=str(number))
            raise REFUSALS[request.how]()


handlers = inbox.Handlers()
broken: set[str] = set()  # Texts whose event cannot be handled, for as long as a test says so.


@handlers.on(notes_pb2.NoteAdded)
def on_note_added(session: Session, event: Any, *, now: datetime) -> None:
    """Keep a copy of somebody else's note."""
    session.add(Note(note_id=new_id(), customer_id="copy", text=event.text, price=None, written_at=now))
    session.flush()
    if event.text in broken:
        raise NoteGone


jobs = Jobs()


@jobs.job("notes.write", every_s=3600)
def write_note(database: Database, *, now: datetime, text: str = "by a job", greeting: str = "") -> None:
    """Write a note."""
    with database.transaction() as session:
        add(session, "job", greeting + text, now=now)


@jobs.job("notes.look")
def look_at_notes(database: Database, *, now: datetime) -> None:
    """Change nothing."""
    with database.transaction() as session:
        session.scalars(select(Note)).all()


part = Part(
    "notify",
    migrations=Path(__file__).parent / "migrations",
    services=lambda runtime: [
        (notes_pb2_grpc.add_NoteServiceServicer_to_server, NoteService(runtime.database, runtime.clock))
    ],
    handlers=handlers,
    jobs=jobs,
    resources=lambda _: {"greeting": "dear "},
)

if __name__ == "__main__":
    part.main()
