"""Plans reminders of what is to be paid: once a day for each rule, as often as it is run."""

from datetime import datetime

from chassis.clock import WARSAW, warsaw_date
from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.notify.config import NotifyConfig
from services.notify.domain import reminders
from services.notify.jobs.rooms import PostRoom
from services.notify.storage.reminders import set_planned

jobs = Jobs()


@jobs.job("reminders.plan", every_s=300)
def plan_reminders(database: Database, *, now: datetime, room: PostRoom, config: NotifyConfig) -> None:
    """Ask billing what is due and plan what the rules say, a piece at a time.

    The day is done with when the last piece is: killed before, the whole day is gone through again, and what was
    planned is not planned twice. Several days that passed meanwhile are made up for in one go.
    """
    today = warsaw_date(now)
    if now.astimezone(WARSAW).hour < config.reminders_from_hour:
        return
    with database.reading() as session:
        rules = reminders.rules_of(session)
    span = reminders.span_of(rules, today=today)
    if span is None:
        return
    planned = 0
    for piece in room.dues.stream(*span):
        with database.transaction() as session:
            planned += reminders.plan(session, rules, piece, now=now)
    with database.transaction() as session:
        set_planned(session, {rule.rule: rule.version for rule in rules if rule.is_on}, through=today)
    if planned:
        logger("reminders").info("reminders planned", count=planned)
