"""The demo in a running suite, once: `make run` loads it by itself, `make demo` after `make run DEMO=no`.

Whether it is there is kept beside the data, in the same PostgreSQL, so the two cannot disagree.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from deploy.local.commands import CommandFailed, run_command
from deploy.local.environment import Environments
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.supervising import write_private

ROOT = Path(__file__).resolve().parents[2]
TABLE = """
    CREATE TABLE IF NOT EXISTS ebok_demo (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        logins text
    );
    ALTER TABLE ebok_demo ADD COLUMN IF NOT EXISTS address text NOT NULL DEFAULT '';
"""
GATEWAY = "{gateway}"
Logins = list[dict[str, Any]]


class DemoState:
    """Absent, begun, or loaded with the logins it made."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._url = postgres.url().replace("postgresql+psycopg://", "postgresql://", 1)

    def logins(self, *, at: str) -> Logins | None:
        """The logins of a loaded demo, with the gateway's address of now; None before."""
        row = self._row()
        return json.loads(row[0].replace(GATEWAY, at)) if row and row[0] else None

    def is_at(self, address: str) -> bool:
        """Whether the mails of a loaded demo link to this address of the gateway."""
        with self._connection() as connection:
            found = connection.execute("SELECT address FROM ebok_demo").fetchone()
        return found is not None and found[0] == address

    def was_interrupted(self) -> bool:
        """Whether a load began and did not end: the databases hold half a demo."""
        row = self._row()
        return row is not None and row[0] is None

    def begin(self) -> None:
        """Say that loading begins."""
        self._execute("INSERT INTO ebok_demo DEFAULT VALUES ON CONFLICT DO NOTHING")

    def finish(self, logins: Logins, *, at: str) -> None:
        """Say that all of it is there. The gateway's address may be another at the next start."""
        kept = json.dumps(logins, ensure_ascii=False).replace(at, GATEWAY)
        self._execute("UPDATE ebok_demo SET logins = %s, address = %s", [kept, at])

    def move(self, address: str) -> None:
        """Say that mails link to another address from now on."""
        self._execute("UPDATE ebok_demo SET address = %s", [address])

    def drop(self, databases: list[str]) -> None:
        """Forget half a demo, with the databases it is in."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            for name in databases:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )
            connection.execute("DELETE FROM ebok_demo")

    def _row(self) -> tuple[Any, ...] | None:
        with self._connection() as connection:
            return connection.execute("SELECT logins FROM ebok_demo").fetchone()

    def _execute(self, statement: LiteralString, values: list[object] | None = None) -> None:
        with self._connection() as connection:
            connection.execute(statement, values)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(TABLE)
            yield connection


def load_demo(
    postgres: EmbeddedPostgres, environments: Environments, directory: Path, *, report: Callable[[str], None]
) -> Logins:
    """Load it unless it is there; answers the logins. Mails link to the gateway of now. Raises CommandFailed."""
    state, here = DemoState(postgres), environments.gateway_url

    def demo(command: str) -> str:
        return run_command(
            ("-m", "demo", command, "--run", str(directory / "run.json")),
            environment=environments.of_visitor("demo"),
            log=directory / "log" / f"demo-{command}.log",
            report=lambda line: report(f"  {line}"),
        )

    logins = state.logins(at=here)
    if logins is None:
        report("demo: loading two years of a made-up water company, this once …")
        state.begin()
        logins = json.loads(demo("load").splitlines()[-1])
        state.finish(logins, at=here)
    elif not state.is_at(here):
        report(f"demo: mails link to {here} from now on")
        demo("move")
        state.move(here)
    return logins


def main() -> int:
    """Load the demo into the suite that runs out of the directory."""
    parser = argparse.ArgumentParser(prog="make demo", description="Load the demo into the running suite.")
    parser.add_argument("--directory", type=Path, default=ROOT / "var")
    directory = parser.parse_args().directory.absolute()
    run_file = directory / "run.json"
    if not run_file.exists():
        sys.exit("demo: nothing was started here yet; `make run` first")
    info = json.loads(run_file.read_text(encoding="utf-8"))
    postgres = EmbeddedPostgres(directory / "postgres", int(info["parts"]["postgres"].rpartition(":")[2]))
    environments = Environments(ROOT, directory, info["parts"])
    try:
        info["logins"] = load_demo(postgres, environments, directory, report=print)
    except psycopg.OperationalError:
        sys.exit("demo: the suite does not run; `make run` starts it and loads the demo by itself")
    except CommandFailed as sentence:
        sys.exit(f"demo: {sentence}")
    write_private(run_file, json.dumps(info, indent=2, ensure_ascii=False) + "\n")
    print("demo: it is there; people log in as")
    for login in info["logins"]:
        print("  " + "  ".join(login.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
