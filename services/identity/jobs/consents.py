"""The texts of consents out of a file of the operator's."""

from datetime import datetime
from pathlib import Path

from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.identity.domain import consents
from services.identity.jobs.settings import read_yaml

jobs = Jobs()


@jobs.job("consents.publish")
def publish(database: Database, *, now: datetime, file: str) -> None:
    """Another version of each text that reads differently. The same file again changes nothing."""
    texts = consents.read_texts(read_yaml(Path(file)))
    with database.transaction() as session:
        changed = consents.publish(session, texts, now=now)
    logger("consents").info("texts in force", changed=[kind.value for kind in changed])
