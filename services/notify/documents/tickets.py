"""What the mails about cases print: values for their texts, and the rows of their table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.clock import warsaw_date
from services.notify.documents import formats
from services.notify.storage.messages import AnyMessage, Rule

RULES = frozenset({Rule.TICKET_OPENED, Rule.TICKET_ANSWERED, Rule.TICKET_ADVANCED, Rule.TICKET_CLOSED})
DEFAULT_LANGUAGE = "pl"


def values_of(message: AnyMessage, language: str) -> dict[str, Any]:
    """What texts may print. `amount` is what stands large: the number of the case."""
    facts = message.facts
    names = facts.get("state_names", {})
    return {
        "amount": formats.one_line(facts["number"]),
        "about": formats.one_line(facts["ticket_subject"]),
        "kind": facts.get("kind", ""),
        "asks": bool(facts.get("asks")),
        "state": formats.one_line(names.get(language) or names.get(DEFAULT_LANGUAGE, "")),
        "due": _day(facts.get("due_at", ""), language),
        "reopen": _day(facts.get("reopen_until", ""), language),
    }


def rows_of(texts: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What it is about, and what else is known of it; each rule has words for what it shows."""
    rows = [
        (texts["about_label"], values["about"]),
        (texts.get("due_label", ""), values["due"]),
        (texts.get("state_label", ""), values["state"]),
        (texts.get("reopen_label", ""), values["reopen"]),
    ]
    return [(label, value) for label, value in rows if label and value]


def _day(instant: str, language: str) -> str:
    return formats.day(warsaw_date(datetime.fromisoformat(instant)), language) if instant else ""
