"""Looking at a source again and again: a directory for new files, a database for what changed.

What was brought is in the state file, written after billing closed the import. A connector that dies in between brings
the same once more, which changes nothing; one that dies in the middle goes on where it stopped.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from uuid import UUID, uuid5

from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub

from chassis.clock import Clock
from chassis.errors import NotFound, Refusal
from chassis.rpc.client import Channel
from connector.faults import BillingAway, CannotImport
from connector.mapping import KINDS, Mapping
from connector.sending import Order, insist, send
from connector.sources import NAMESPACE, Database, Tables, check_columns, import_id_of, is_url, open_source
from connector.state import KnownFile, State

RETRY_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Watch:
    """What is watched, how often, and who is told."""

    source: str
    mapping: Mapping
    mapping_text: bytes
    key: str
    feed: str
    every: timedelta
    settle: timedelta
    batch_rows: int
    state: State
    channel: Channel
    clock: Clock
    say: Callable[[str], None]
    sleep: threading.Event = field(default_factory=threading.Event)  # Never set: a wait that a signal ends.


@dataclass
class Look:
    """What one look at the source came to."""

    brought: int = 0
    failed: int = 0
    unsettled: int = 0


def watch(own: Watch) -> None:
    """Look, wait, look again, until a signal raises Stopped. Whatever goes wrong is said, and tried again."""
    while True:
        wait = min(own.every, _look(own))
        own.sleep.wait(wait.total_seconds())


def _look(own: Watch) -> timedelta:
    """One look; answers when the next is due."""
    look = Look()
    try:
        if is_url(own.source):
            _look_at_database(own, look)
        else:
            _look_at_directory(own, look)
        if not (look.brought or look.failed or look.unsettled):
            touch = pb.TouchFeedRequest(feed=own.feed)
            touch.every.FromTimedelta(own.every)
            insist(lambda: own.channel.stub(ImportServiceStub).TouchFeed(touch))
    except BillingAway as away:
        own.say(f"{away}")
        return RETRY_AFTER
    except CannotImport as fault:
        own.say(str(fault))
    except Refusal as refusal:
        own.say(f"billing refused: {refusal.reason} {refusal}")
    return own.settle if look.unsettled else own.every


# a directory


def _look_at_directory(own: Watch, look: Look) -> None:
    known = own.state.of(own.key).files
    fresh = [path for path in _files(own) if not _is_known(path, known.get(path.name))]
    if not fresh:
        return
    before = {path: _size_and_time(path) for path in fresh}
    own.sleep.wait(own.settle.total_seconds())
    for path in fresh:
        # Somebody is writing it still, or took it away again.
        if _size_and_time(path) != before[path]:
            look.unsettled += 1
            continue
        try:
            _bring_file(own, path, look)
        except BillingAway:
            raise
        except CannotImport as fault:
            look.failed += 1
            own.say(f"{path.name}: {fault}")


def _files(own: Watch) -> list[Path]:
    """The files that some table names: those of what others refer to first, then the older ones."""
    directory = Path(own.source)
    try:
        found = [
            path for path in directory.iterdir() if path.is_file() and _mapping_of(own.mapping, path.name)
        ]
        return sorted(found, key=lambda path: (_rank(own.mapping, path), path.stat().st_mtime_ns, path.name))
    except OSError as fault:
        raise CannotImport(f"{directory}: cannot be looked at ({type(fault).__name__})") from None


def _mapping_of(mapping: Mapping, name: str) -> Mapping | None:
    """The tables that a file of this name holds; None when it is none of ours."""
    tables = tuple(table for table in mapping.tables if fnmatchcase(name, table.file or table.origin))
    return Mapping(version=1, tables=tables) if tables and not name.startswith(".") else None


def _rank(mapping: Mapping, path: Path) -> int:
    order = list(KINDS)
    part = _mapping_of(mapping, path.name)
    return order.index(part.in_order()[0].rows) if part else len(order)


def _size_and_time(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _is_known(path: Path, known: KnownFile | None) -> bool:
    return known is not None and (known.size, known.modified_ns) == _size_and_time(path)


def _bring_file(own: Watch, path: Path, look: Look) -> None:
    known, mapping, stood = (
        own.state.of(own.key).files,
        _mapping_of(own.mapping, path.name),
        _size_and_time(path),
    )
    if mapping is None or stood is None:
        return
    source = open_source(str(path))
    content = source.fingerprint()
    before = known.get(path.name)
    if before is None or before.content != content:
        check_columns(source, mapping)
        order = _order(own, source, mapping, import_id_of(source, own.mapping_text))
        _report(own, path.name, send(own.channel, order, _unheard))
        look.brought += 1
        if source.fingerprint() != content:
            own.say(f"{path.name}: was changed while it came in; it comes again")
            look.unsettled += 1
            return
    known[path.name] = KnownFile(
        content=content, size=stood[0], modified_ns=stood[1], brought_at=own.clock.now()
    )
    own.state.save()


# a database


def _look_at_database(own: Watch, look: Look) -> None:
    kept, began_at = own.state.of(own.key), own.clock.now()
    since = own.state.last(own.key) if any(table.changed for table in own.mapping.tables) else None
    source = Database(own.source, since)
    check_columns(source, own.mapping)
    content = source.digest(own.mapping)
    if content in ("", kept.content):
        _close(own, "")
        kept.began_at = began_at
        own.state.save()
        return
    import_id = uuid5(NAMESPACE, f"{own.key}:{since}:{content}")
    _close(own, str(import_id))
    kept.under_way = str(import_id)
    own.state.save()
    order = _order(own, source, own.mapping, import_id, as_of=began_at, since=since)
    _report(own, source.label, send(own.channel, order, _unheard))
    look.brought += 1
    kept.under_way, kept.content, kept.began_at = "", content, began_at
    own.state.save()


def _close(own: Watch, going_on: str) -> None:
    """Close an import that broke off and will not go on: its source says something else by now."""
    kept = own.state.of(own.key)
    if kept.under_way in ("", going_on):
        return
    finish = pb.FinishImportRequest(import_id=kept.under_way)
    try:
        insist(lambda: own.channel.stub(ImportServiceStub).FinishImport(finish))
    except NotFound:
        own.say(f"import {kept.under_way} broke off before it began")
    kept.under_way = ""
    own.state.save()


# both


def _order(
    own: Watch,
    source: Tables,
    mapping: Mapping,
    import_id: UUID | None,
    *,
    as_of: datetime | None = None,
    since: datetime | None = None,
) -> Order:
    return Order(
        source=source,
        mapping=mapping,
        import_id=import_id,
        dry_run=False,
        batch_rows=own.batch_rows,
        as_of=as_of,
        since=since,
        feed=own.feed,
        every=own.every,
        begin_again=False,
    )


def _unheard(state: pb.Import) -> None:
    """Nobody looks at the steps of a watched import here; the console shows them."""


def _report(own: Watch, name: str, done: pb.Import) -> None:
    ended = "stopped from the console" if done.status == pb.IMPORT_STATUS_CANCELLED else "brought"
    own.say(
        f"{name}: {ended}, {done.created_count} new, {done.changed_count} changed, {done.unchanged_count} unchanged, "
        f"{done.rejected_count} refused (import {done.import_id})"
    )
