"""The provider's settings out of a file that the operator keeps with the deployment."""

from datetime import datetime
from pathlib import Path

import yaml

from chassis.database import Database
from chassis.errors import Invalid, Violation
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.identity.domain import settings

FILE_BYTES_MAX = 64 * 1024

jobs = Jobs()


@jobs.job("settings.load")
def load_settings(database: Database, *, now: datetime, file: str) -> None:
    """Check the whole file, keep it, tell the others. The same file again changes nothing."""
    provider = settings.read(read_yaml(Path(file)))
    with database.transaction() as session:
        version = settings.change(session, provider)
    logger("settings").info("settings in force", version=version)


def read_yaml(path: Path) -> dict[str, object]:
    """Refuses MALFORMED `file` when it is not a YAML mapping of a reasonable size."""
    try:
        content = path.read_bytes()
        if len(content) > FILE_BYTES_MAX:
            raise Invalid(violations=[Violation("file", "TOO_LONG", f"at most {FILE_BYTES_MAX} bytes")])
        given = yaml.safe_load(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise Invalid(violations=[Violation("file", "MALFORMED", type(fault).__name__)]) from None
    if not isinstance(given, dict):
        raise Invalid(
            violations=[Violation("file", "MALFORMED", "a mapping of names and values is expected")]
        )
    return {str(name): value for name, value in given.items()}
