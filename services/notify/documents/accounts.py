"""What mails about somebody's account say: when it was, with which browser, which way leads on."""

from datetime import datetime
from typing import Any

from services.notify.documents import formats
from services.notify.storage.messages import AnyMessage, Rule

OF_USERS = frozenset({Rule.EMAIL_CHANGED, Rule.EMAIL_SET_BACK})  # Of others, staff are told, too.
RULES = OF_USERS | {Rule.PASSWORD_CHANGED, Rule.NEW_DEVICE, Rule.FACTOR_CHANGED}


def values_of(message: AnyMessage, language: str) -> dict[str, Any]:
    """What the texts may print."""
    facts = message.facts
    when = datetime.fromisoformat(facts.get("changed_at") or facts["signed_in_at"])
    return {
        "changed": formats.moment(when, language),
        "is_staff": bool(facts.get("is_staff")),
        "browser": formats.one_line(str(facts.get("browser", ""))),
        "address": formats.one_line(str(facts.get("address", ""))),
        "email_hint": formats.one_line(str(facts.get("email_hint", ""))),
        "change": str(facts.get("change", "")),
        "codes_left": int(facts.get("codes_left", 0)),
    }


def path_of(message: AnyMessage) -> str:
    """Where the button leads: customers to their pages, staff to theirs."""
    pages = "/konsola/bezpieczenstwo" if message.facts.get("is_staff") else "/bezpieczenstwo"
    return (
        pages
        if message.rule is Rule.FACTOR_CHANGED
        else "/konsola/"
        if message.facts.get("is_staff")
        else "/"
    )
