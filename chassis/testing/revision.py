"""Write a migration of a service: `python -m chassis.testing.revision billing "add due dates"` (make
migration).

A throw-away PostgreSQL is started and migrated to the newest revision; the new one is what the models say
beyond it.
"""

import sys
from pathlib import Path

from chassis.database import add_revision, migrate
from chassis.testing.databases import Databases, running_postgres


def main() -> None:
    """Read the two arguments, write the file."""
    if len(sys.argv) != 3:
        sys.exit('usage: python -m chassis.testing.revision SERVICE "what changes"')
    migrations = Path("services") / sys.argv[1] / "storage" / "migrations"
    if not (migrations / "env.py").exists():
        sys.exit(f"{migrations}/env.py does not exist")
    with running_postgres() as admin_url:
        databases = Databases(admin_url)
        url = databases.new_url()
        migrate(url, migrations)
        add_revision(url, migrations, sys.argv[2])
        databases.drop(url)


if __name__ == "__main__":
    main()
