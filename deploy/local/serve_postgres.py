"""The database part of `make run`: `python -m deploy.local.serve_postgres DIRECTORY HOST:PORT`."""

import sys
from pathlib import Path

from deploy.local.postgres import EmbeddedPostgres, PostgresNotStarted


def main(directory: str, address: str) -> None:
    """Become the server."""
    port = int(address.rpartition(":")[2])
    try:
        EmbeddedPostgres(Path(directory), port, die_with_parent=True).run_in_foreground()
    except PostgresNotStarted as fault:
        sys.exit(f"postgres: {fault}")


if __name__ == "__main__":
    main(*sys.argv[1:])
