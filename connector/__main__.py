"""`python -m connector import --mapping mapping.yaml --source FILE_OR_SQL_URL --to HOST:PORT`, and `watch`."""

import hashlib
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from ebok.billing.v1 import imports_pb2 as pb
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from chassis.clock import SystemClock
from chassis.config import ConfigFaulty, load_config
from chassis.errors import Refusal
from chassis.keys import KeyMissing
from chassis.rpc.client import Channel
from connector.config import ConnectorConfig
from connector.credentials import credential_of
from connector.deltas import check_delta
from connector.faults import CannotImport, Stopped
from connector.mapping import read_mapping
from connector.rejects import check_place, write_rejects
from connector.sending import Order, rejects_of, send
from connector.sources import check_columns, import_id_of, is_url, name_of, open_source
from connector.state import State, open_state
from connector.watch import Watch, watch

app = typer.Typer(add_completion=False, no_args_is_help=True)
screen = Console(stderr=True, soft_wrap=True, highlight=False)
BATCH_ROWS_MAX = 5_000
EVERY_MAX = timedelta(days=366)
NAME_LENGTH_MAX = 100
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_SPAN_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.callback()
def main() -> None:
    """Bring a provider's own data into eBOK."""


# What the commands are told.
MappingOption = Annotated[Path, typer.Option(help="The mapping file (YAML).")]
BillingOption = Annotated[str, typer.Option(help="HOST:PORT of billing.")]
BatchOption = Annotated[int, typer.Option(min=1, max=BATCH_ROWS_MAX, help="Rows in a batch.")]
FilesOption = Annotated[
    str, typer.Option(help="A CSV or XLSX file, a directory of CSV files, or a database URL.")
]
TrialOption = Annotated[bool, typer.Option("--dry-run", help="Check and count everything, keep nothing.")]
RejectsOption = Annotated[Path, typer.Option(help="Where refused rows are written.")]
ContinueOption = Annotated[
    UUID | None,
    typer.Option("--continue", help="Id of a broken import from a database, to go on with it."),
]
AsOfOption = Annotated[
    datetime | None, typer.Option(help="The data's own age, 2026-11-20T06:00; without it: now. UTC.")
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        help="Only what changed at the source since 2026-11-01T06:00 (UTC), or since the `last` import."
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(help="Where the time of the last complete import is kept, for --since last."),
]


@app.command("import")
def import_(  # noqa: PLR0917 - typer reads options from the signature
    mapping: MappingOption,
    source: FilesOption,
    to: BillingOption,
    dry_run: TrialOption = False,
    rejects: RejectsOption = Path("rejects.csv"),
    batch_rows: BatchOption = BATCH_ROWS_MAX,
    continue_: ContinueOption = None,
    as_of: AsOfOption = None,
    since: SinceOption = None,
    state: StateOption = None,
) -> None:
    """Import the rows. The same again changes nothing; a broken import of the same files goes on where it stopped.

    Ends with 0 when all rows came in, 2 when some were refused (see the rejects file), 1 when it could not be done.
    """
    with _faults_told(), open_state(state) if state else nullcontext() as kept:
        began_at = _clock().now()
        what, text = read_mapping(mapping), mapping.read_bytes()
        key = key_of(source, text)
        bound = _since(since, kept, key)
        if bound is not None or since is not None:
            check_delta(what)
        tables = open_source(source, since=bound)
        check_place(rejects)
        check_columns(tables, what)
        order = Order(
            source=tables,
            mapping=what,
            import_id=continue_ or import_id_of(tables, text + bytes([dry_run])),
            dry_run=dry_run,
            batch_rows=batch_rows,
            as_of=as_of.replace(tzinfo=UTC) if as_of else None,
            since=bound,
        )
        channel = _channel(to)
        with _progress() as progress:
            done = send(channel, order, _follow(progress))
        refused = write_rejects(rejects, rejects_of(channel, done.import_id)) if done.rejected_count else 0
        cancelled = done.status == pb.IMPORT_STATUS_CANCELLED
        if kept is not None and not (cancelled or dry_run):
            # What an import that went on after a break read before it was read when it began.
            kept.of(key).began_at = min(began_at, done.started_at.ToDatetime(UTC), order.as_of or began_at)
            kept.save()
    _report(done, rejects if refused else None)
    raise typer.Exit(1 if cancelled else 2 if done.rejected_count else 0)


@app.command("watch")
def watch_(  # noqa: PLR0917 - typer reads options from the signature
    mapping: MappingOption,
    source: Annotated[str, typer.Option(help="A directory of files, or a database URL.")],
    to: BillingOption,
    name: Annotated[str, typer.Option(help="What the console calls this source.")],
    every: Annotated[str, typer.Option(help="How often to look: 30s, 15m, 2h, 1d.")] = "15m",
    state: Annotated[Path, typer.Option(help="Where is kept what was brought.")] = Path(
        "connector-state.json"
    ),
    settle: Annotated[str, typer.Option(help="How long a file must stand still before it is read.")] = "10s",
    batch_rows: BatchOption = BATCH_ROWS_MAX,
) -> None:
    """Look again and again, and import what is new, until it is told to end (SIGTERM, Ctrl-C).

    Ends with 0 when it was told to, 1 when it cannot begin. Everything else is said, and tried again.
    """
    with _faults_told(), open_state(state) as kept, _signals_stop():
        if not name.strip() or len(name) > NAME_LENGTH_MAX:
            raise CannotImport(f"name: between 1 and {NAME_LENGTH_MAX} characters")
        if not is_url(source) and not Path(source).is_dir():
            raise CannotImport(f"{source}: no such directory; `watch` looks at a directory or a database")
        open_source(
            source
        )  # A URL that can never be used is told now; a database that is away is waited for.
        what, text = read_mapping(mapping), mapping.read_bytes()
        own = Watch(
            source=source,
            mapping=what,
            mapping_text=text,
            key=key_of(source, text),
            feed=name.strip(),
            every=_span("every", every),
            settle=_span("settle", settle),
            batch_rows=batch_rows,
            state=kept,
            channel=_channel(to),
            clock=_clock(),
            say=lambda line: screen.print(line, markup=False),
        )
        screen.print(f"watching {name_of(source)} every {every}", markup=False)
        watch(own)


def key_of(source: str, mapping_text: bytes) -> str:
    """What the state knows a source by: with another mapping everything is new."""
    return f"{name_of(source)} {hashlib.sha256(mapping_text).hexdigest()[:16]}"


def _span(name: str, text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    span = timedelta(**{_SPAN_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= EVERY_MAX:
        raise CannotImport(f"{name}: {text} is no span between 1s and 366d; write 30s, 15m, 2h or 1d")
    return span


def _since(text: str | None, kept: State | None, key: str) -> datetime | None:
    if text is None:
        return None
    if text == "last":
        if kept is None:
            raise CannotImport("since: `last` needs --state FILE, where the time of the last import is kept")
        return kept.last(key)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CannotImport(f"since: {text} is neither `last` nor a time such as 2026-11-01T06:00") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _clock() -> SystemClock:
    return SystemClock(load_config(ConnectorConfig).clock_offset_file)


def _channel(to: str) -> Channel:
    config = load_config(ConnectorConfig)
    return Channel(to, credential=credential_of(config, SystemClock(config.clock_offset_file)))


@contextmanager
def _faults_told() -> Iterator[None]:
    """What cannot be done is said in a sentence and ends with 1."""
    try:
        yield
    except (CannotImport, ConfigFaulty, KeyMissing) as fault:
        screen.print(str(fault), style="red", markup=False)
        raise typer.Exit(1) from None
    except Refusal as refusal:
        screen.print(f"refused: {refusal.reason} {refusal}", style="red", markup=False)
        raise typer.Exit(1) from None


@contextmanager
def _signals_stop() -> Iterator[None]:
    """SIGTERM and Ctrl-C end whatever is under way, and that is no failure."""

    def stop(*_: object) -> None:
        raise Stopped

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    try:
        yield
    except Stopped:
        screen.print("stopped; what was under way goes on at the next start")


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
    )


def _follow(progress: Progress) -> Callable[[pb.Import], None]:
    bar = progress.add_task("rows", total=None)

    def moved(state: pb.Import) -> None:
        progress.update(bar, total=state.row_count or None, completed=state.done_count)

    return moved


def _report(done: pb.Import, rejects: Path | None) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.rows_by_kind.items()))
    screen.print(
        f"import {done.import_id}{' (dry run, nothing kept)' if done.dry_run else ''}: {kinds or 'no rows'}"
    )
    screen.print(
        f"{done.created_count} new, {done.changed_count} changed, {done.unchanged_count} unchanged, "
        f"{done.rejected_count} refused"
    )
    if done.status == pb.IMPORT_STATUS_CANCELLED:
        screen.print("stopped from the console; what came in stays", style="yellow")
    if rejects is not None:
        screen.print(f"refused rows with their reasons: {rejects}", style="yellow")


if __name__ == "__main__":
    app()
