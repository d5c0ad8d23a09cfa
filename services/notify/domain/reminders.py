"""Reminders of what is to be paid: which rules there are, and which invoice gets which of them on which day.

A rule looks at the days that came since it was last done with, the first time at the day on which it was switched on:
nobody is written to about what was long past by then. Of the reminders that have become due of one invoice only the
last is sent: who was away for a month is not to find three.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.clock import WARSAW, warsaw_date
from chassis.errors import Conflict, Invalid, NotFound, Violation
from chassis.money import Money
from chassis.texts import LANGUAGES, kept_texts
from services.notify.domain import messages
from services.notify.storage import reminders as stored
from services.notify.storage.in_hand import InHand
from services.notify.storage.messages import Channel, Rule
from services.notify.storage.reminders import Reminder

BEFORE = Rule.PAYMENT_DUE
AFTER = (Rule.PAYMENT_OVERDUE_1, Rule.PAYMENT_OVERDUE_2, Rule.PAYMENT_OVERDUE_3)
ORDER = (BEFORE, *AFTER)
RULES = frozenset(ORDER)
DAYS_AT_FIRST = {
    BEFORE: 3,
    Rule.PAYMENT_OVERDUE_1: 7,
    Rule.PAYMENT_OVERDUE_2: 14,
    Rule.PAYMENT_OVERDUE_3: 30,
}
LEAST_AT_FIRST = Money(5_00)
DAYS_MAX = 90
NOTE_LENGTH_MAX = 300


class ReminderNotFound(NotFound):
    """There is no such rule."""

    reason = "REMINDER_NOT_FOUND"


class ReminderChanged(Conflict):
    """Somebody else was quicker."""

    reason = "REMINDER_CHANGED"


@dataclass(frozen=True)
class DueInvoice:
    """An invoice with something open, as billing knows it."""

    invoice_id: UUID
    customer_id: UUID
    number: str
    due_on: date
    open: Money
    account_number: str


@dataclass(frozen=True)
class Wish:
    """A rule as somebody wants it; `version` is the one that was looked at."""

    rule: str
    is_on: bool
    days: int
    channels: Collection[str]
    least: Money
    notes: Mapping[str, str]
    version: int
    texts: Mapping[str, Mapping[str, str]]


def rules_of(session: Session) -> list[Reminder]:
    """All rules in the order in which an invoice meets them; one that nobody changed is off."""
    known = stored.list_reminders(session)
    return [
        known.get(rule)
        or Reminder(
            rule=rule,
            is_on=False,
            days=DAYS_AT_FIRST[rule],
            channels=[Channel.EMAIL.value],
            least=LEAST_AT_FIRST,
            notes={},
            texts={},
            planned_through=None,
            version=0,
            changed_by="",
            changed_at=None,
        )
        for rule in ORDER
    ]


def change(session: Session, wish: Wish, *, by: Actor, now: datetime) -> Reminder:
    """Keep a rule as it is wanted; switched on, it looks at today's invoices first.

    Refuses: REMINDER_NOT_FOUND, REMINDER_CHANGED, field by field: REQUIRED (`channels` of one that is on), NOT_A_CHOICE
    (`channels`, `notes`), OUT_OF_RANGE (`days`), OUT_OF_ORDER (`days`: each reminder of an overdue invoice comes after
    the one before), TOO_LONG (`notes`). The same again changes nothing.
    """
    rules = {one.rule: one for one in rules_of(session)}
    if wish.rule not in RULES:
        raise ReminderNotFound(rule=wish.rule)
    rule = rules[Rule(wish.rule)]
    if faults := [*_faults(wish), *_order_faults(wish, rules)]:
        raise Invalid(violations=faults)
    wanted = {
        "is_on": wish.is_on,
        "days": wish.days,
        "channels": [channel.value for channel in Channel if channel.value in wish.channels],
        "least": wish.least,
        "notes": kept_texts(wish.notes),
        "texts": {language: dict(parts) for language, parts in wish.texts.items()},
    }
    if all(getattr(rule, name) == value for name, value in wanted.items()):
        return rule
    since = rule.planned_through if rule.is_on and wish.is_on else None
    yesterday = warsaw_date(now) - timedelta(days=1)
    values = {
        "rule": rule.rule,
        **wanted,
        "planned_through": (since or yesterday) if wish.is_on else None,
        "changed_by": by.name,
        "changed_at": now,
    }
    if rule.version != wish.version or not stored.keep_reminder(session, values, version=wish.version):
        raise ReminderChanged(rule=wish.rule)
    return Reminder(**values, version=wish.version + 1)


def _faults(wish: Wish) -> list[Violation]:
    faults = []
    if wish.is_on and not wish.channels:
        faults.append(Violation("channels", "REQUIRED"))
    if set(wish.channels) - {channel.value for channel in Channel}:
        faults.append(Violation("channels", "NOT_A_CHOICE"))
    if not 1 <= wish.days <= DAYS_MAX:
        faults.append(Violation("days", "OUT_OF_RANGE"))
    for language, text in sorted(wish.notes.items()):
        if language not in LANGUAGES:
            faults.append(Violation(f"notes[{language}]", "NOT_A_CHOICE"))
        elif len(text) > NOTE_LENGTH_MAX:
            faults.append(Violation(f"notes[{language}]", "TOO_LONG"))
    return faults


def _order_faults(wish: Wish, rules: Mapping[Rule, Reminder]) -> list[Violation]:
    """The second reminder comes after the first, the third after the second, as far as they are on."""
    if wish.rule not in AFTER or not wish.is_on:
        return []
    place = AFTER.index(Rule(wish.rule))
    earlier = [rules[rule].days for rule in AFTER[:place] if rules[rule].is_on]
    later = [rules[rule].days for rule in AFTER[place + 1 :] if rules[rule].is_on]
    fits = all(days < wish.days for days in earlier) and all(days > wish.days for days in later)
    return [] if fits else [Violation("days", "OUT_OF_ORDER")]


# planning


def span_of(rules: Sequence[Reminder], *, today: date) -> tuple[date, date] | None:
    """The due days that the rules have to look at; None when today is done with."""
    days = [span for rule in rules if (span := _due_days(rule, today=today)) is not None]
    return (min(first for first, _ in days), max(last for _, last in days)) if days else None


def _due_days(rule: Reminder, *, today: date) -> tuple[date, date] | None:
    """The due days whose reminder by this rule has become due since the last time."""
    if not rule.is_on or rule.planned_through is None or rule.planned_through >= today:
        return None
    offset = timedelta(days=rule.days if rule.rule is BEFORE else -rule.days)
    first = rule.planned_through + timedelta(days=1) + offset
    # What is due already is not announced any more.
    return (max(first, today) if rule.rule is BEFORE else first, today + offset)


def choose(rules: Sequence[Reminder], invoice: DueInvoice, *, today: date) -> Reminder | None:
    """The reminder that an invoice gets now: of those that have become due the last; none for a small rest."""
    fitting = [
        rule
        for rule in rules
        if (span := _due_days(rule, today=today)) is not None and span[0] <= invoice.due_on <= span[1]
    ]
    chosen = fitting[-1] if fitting else None
    return chosen if chosen is not None and invoice.open >= chosen.least else None


def plan(
    session: Session,
    rules: Sequence[Reminder],
    invoices: Iterable[DueInvoice],
    *,
    now: datetime,
) -> int:
    """Plan what is due of these invoices; answers how many reminders. Done again, nothing is planned twice."""
    today, count = warsaw_date(now), 0
    for invoice in invoices:
        rule = choose(rules, invoice, today=today)
        if rule is None:
            continue
        messages.plan_for_customer(
            session,
            rule.rule,
            customer_id=invoice.customer_id,
            subject_id=str(invoice.invoice_id),
            facts=facts_of(invoice, rule),
            expires_at=_end_of(invoice.due_on) if rule.rule is BEFORE else None,
            channels=[Channel(channel) for channel in rule.channels],
            now=now,
        )
        count += 1
    return count


def facts_of(invoice: DueInvoice, rule: Reminder) -> dict[str, Any]:
    """What a reminder of an invoice says, as of now."""
    return {
        "invoice_id": str(invoice.invoice_id),
        "number": invoice.number,
        "due_on": invoice.due_on.isoformat(),
        "open_grosze": invoice.open.grosze,
        "account_number": invoice.account_number,
        "notes": rule.notes,
    }


def days_to_look_at(rule: Rule, *, today: date) -> tuple[date, date]:
    """The due days of invoices that a rule can speak of: what is due yet, or what is past its day."""
    span = timedelta(days=DAYS_MAX)
    return (today, today + span) if rule is BEFORE else (today - span, today - timedelta(days=1))


def _end_of(day: date) -> datetime:
    """When a day ends in Poland."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=WARSAW)


# sending


def invoice_of(message: InHand) -> UUID:
    """The invoice that a reminder speaks of."""
    return UUID(message.facts["invoice_id"])


def renew(message: InHand, found: Mapping[UUID, DueInvoice], *, on: date) -> bool:
    """Put the open amount of this moment into a reminder; false when nothing is open any more."""
    invoice = found.get(invoice_of(message))
    if invoice is None:
        return False
    message.facts = {
        **message.facts,
        "open_grosze": invoice.open.grosze,
        "due_on": invoice.due_on.isoformat(),
        "as_of": on.isoformat(),
    }
    return True
