"""What the mails about readings print: values for their texts, and the rows of their table."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.notify.documents import formats
from services.notify.storage.messages import AnyMessage, Rule

RULES = frozenset({Rule.READING_WINDOW_OPENED, Rule.READING_MISSING, Rule.READING_REJECTED})
NOTE_LENGTH_MAX = 500


def values_of(message: AnyMessage, language: str) -> dict[str, Any]:
    """What texts may print. `amount` is what stands large: the last day, or the value that does not count."""
    facts = message.facts
    common = {
        "commodity": facts["commodity"],
        "premises": formats.one_line(facts.get("premises_label", "")),
    }
    if message.rule is Rule.READING_REJECTED:
        return common | {
            "amount": formats.quantity(facts["value"], formats.one_line(facts["unit"]), language),
            "read": formats.day(date.fromisoformat(facts["read_on"]), language),
            "meter": formats.unbroken(formats.one_line(facts["meter"])),
            "note": formats.one_line(facts["note"], NOTE_LENGTH_MAX),
        }
    closes_on = date.fromisoformat(facts["closes_on"])
    opens_on = facts.get("opens_on")
    return common | {
        "amount": formats.day_short(closes_on, language),
        "days": formats.period(date.fromisoformat(opens_on), closes_on, language) if opens_on else "",
        "meters": str(facts["meter_count"]),
    }


def rows_of(texts: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is measured, where, and what else is known of it; each rule has words for what it shows."""
    rows = [
        (texts["commodity_label"], texts["commodity"]),
        (texts["premises_label"], values["premises"]),
        (texts.get("days_label", ""), values.get("days", "")),
        (texts.get("meters_label", ""), values.get("meters", "")),
        (texts.get("meter_label", ""), values.get("meter", "")),
        (texts.get("read_label", ""), values.get("read", "")),
        (texts.get("note_label", ""), values.get("note", "")),
    ]
    return [(label, value) for label, value in rows if label and value]
