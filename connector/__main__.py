"""`python -m connector import --mapping mapping.yaml --source FILE_OR_SQL_URL --to HOST:PORT`."""

from collections.abc import Callable
from datetime import UTC, datetime
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
from chassis.rpc.tokens import SystemCredential
from connector.config import ConnectorConfig
from connector.faults import CannotImport
from connector.mapping import read_mapping
from connector.rejects import check_place, write_rejects
from connector.sending import Order, rejects_of, send
from connector.sources import check_columns, import_id_of, open_source

app = typer.Typer(add_completion=False, no_args_is_help=True)
screen = Console(stderr=True, soft_wrap=True, highlight=False)
BATCH_ROWS_MAX = 1_000


@app.callback()
def main() -> None:
    """Bring a provider's own data into eBOK."""


@app.command("import")
def import_(  # noqa: PLR0917 - typer reads options from the signature
    mapping: Annotated[Path, typer.Option(help="The mapping file (YAML).")],
    source: Annotated[
        str, typer.Option(help="A CSV or XLSX file, a directory of CSV files, or a database URL.")
    ],
    to: Annotated[str, typer.Option(help="HOST:PORT of billing.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and count everything, keep nothing.")
    ] = False,
    rejects: Annotated[Path, typer.Option(help="Where refused rows are written.")] = Path("rejects.csv"),
    batch_rows: Annotated[
        int, typer.Option(min=1, max=BATCH_ROWS_MAX, help="Rows in a batch.")
    ] = BATCH_ROWS_MAX,
    continue_: Annotated[
        UUID | None,
        typer.Option("--continue", help="Id of a broken import from a database, to go on with it."),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(help="The data's own age, 2026-11-20T06:00; without it: now. UTC.")
    ] = None,
) -> None:
    """Import the rows. The same again changes nothing; a broken import of the same files goes on where it stopped.

    Ends with 0 when all rows came in, 2 when some were refused (see the rejects file), 1 when it could not be done.
    """
    try:
        what = read_mapping(mapping)
        tables = open_source(source)
        check_place(rejects)
        check_columns(tables, what)
        order = Order(
            source=tables,
            mapping=what,
            import_id=continue_ or import_id_of(tables, mapping.read_bytes() + bytes([dry_run])),
            dry_run=dry_run,
            batch_rows=batch_rows,
            as_of=as_of.replace(tzinfo=UTC) if as_of else None,
        )
        config = load_config(ConnectorConfig)
        channel = Channel(to, credential=SystemCredential(config, SystemClock(config.clock_offset_file)))
        with _progress() as progress:
            done = send(channel, order, _follow(progress))
        refused = write_rejects(rejects, rejects_of(channel, done.import_id)) if done.rejected_count else 0
    except (CannotImport, ConfigFaulty, KeyMissing) as fault:
        screen.print(str(fault), style="red", markup=False)
        raise typer.Exit(1) from None
    except Refusal as refusal:
        screen.print(f"billing refused: {refusal.reason} {refusal}", style="red", markup=False)
        raise typer.Exit(1) from None
    _report(done, rejects if refused else None)
    cancelled = done.status == pb.IMPORT_STATUS_CANCELLED
    raise typer.Exit(1 if cancelled else 2 if done.rejected_count else 0)


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
