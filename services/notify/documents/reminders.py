"""What reminders print: values for their texts, and the rows of their tables."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.notify.documents import formats
from services.notify.storage.messages import Message, Rule

RULES = frozenset({Rule.PAYMENT_DUE, Rule.PAYMENT_OVERDUE_1, Rule.PAYMENT_OVERDUE_2, Rule.PAYMENT_OVERDUE_3})
NOTE_LENGTH_MAX = 300


def values_of(message: Message, language: str) -> dict[str, Any]:
    """What texts may print. `amount` is what is open by now; `note` the provider's own sentence, if there is one."""
    facts = message.facts
    due_on = date.fromisoformat(facts["due_on"])
    as_of = date.fromisoformat(facts.get("as_of", facts["due_on"]))
    notes = facts.get("notes", {})
    return {
        "amount": formats.zloty(int(facts["open_grosze"]), language),
        "number": formats.one_line(facts["number"]),
        "due": formats.day_weekday(due_on, language),
        "due_short": formats.day_short(due_on, language),
        "due_day": formats.day(due_on, language),
        "days_late": max((as_of - due_on).days, 0),
        "customer": formats.one_line(message.name),
        "premises": formats.one_line(facts.get("premises_label", "")),
        "account": formats.account(facts["account_number"]),
        "note": formats.one_line(notes.get(language, ""), NOTE_LENGTH_MAX),
    }


def rows_of(texts: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The invoice, whose, where, and since when it should be paid."""
    rows = [
        (texts["number_label"], values["number"]),
        (texts["customer_label"], values["customer"]),
        (texts["premises_label"], values["premises"]),
        (texts["due_label"], values["due_day"]),
        (texts["late_label"], texts["late"] if values["days_late"] else ""),
    ]
    return [(label, value) for label, value in rows if value]
