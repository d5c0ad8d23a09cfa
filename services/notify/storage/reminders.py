"""Rules of reminders: which there are is fixed, what each does is the provider's choice."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import word
from chassis.money import Money
from services.notify.storage.base import Base
from services.notify.storage.messages import Rule


class Reminder(Base):
    """One rule. `days` before or after the due day; of invoices with at least `least` open.

    `notes` are sentences of the provider's own by language, `texts` its own words in place of ours: by language, each a
    map of its parts. `planned_through`: the last day whose reminders are planned, all of them.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        CheckConstraint("days BETWEEN 1 AND 90", name="days"),
        CheckConstraint("least >= 0", name="least"),
        CheckConstraint("NOT is_on OR planned_through IS NOT NULL", name="on_since_a_day"),
    )

    rule: Mapped[Rule] = word(Rule, primary_key=True)
    is_on: Mapped[bool]
    days: Mapped[int]
    channels: Mapped[list[str]] = mapped_column(JSONB)
    least: Mapped[Money]
    notes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    planned_through: Mapped[date | None]
    version: Mapped[int] = mapped_column(BigInteger)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime | None]


def list_reminders(session: Session) -> dict[Rule, Reminder]:
    """The rules that somebody has changed."""
    return {row.rule: row for row in session.scalars(select(Reminder))}


def keep_reminder(session: Session, values: dict[str, Any], *, version: int) -> bool:
    """Write a rule that stood at this version, 0 for one that nobody changed yet; false when somebody was quicker."""
    statement = insert(Reminder).values(**values, version=version + 1)
    names = [name for name in values if name != "rule"]
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["rule"],
            set_={name: statement.excluded[name] for name in (*names, "version")},
            where=Reminder.version == version,
        ).returning(Reminder.version)
    ).first()
    return written is not None and written.version == version + 1


def set_planned(session: Session, versions: Mapping[Rule, int], *, through: date) -> None:
    """All reminders of these rules are planned up to this day, unless somebody changed the rule meanwhile."""
    for rule, version in versions.items():
        session.execute(
            update(Reminder)
            .where(Reminder.rule == rule, Reminder.version == version, Reminder.planned_through < through)
            .values(planned_through=through)
            .execution_options(synchronize_session=False)
        )
