"""What mails about access to somebody's customer say: who lets whom in, how far and until when."""

from datetime import date, datetime
from typing import Any

from services.notify.documents import formats
from services.notify.storage.messages import AnyMessage, Rule

RULES = frozenset(
    {
        Rule.DELEGATE_INVITED,
        Rule.GRANT_GIVEN,
        Rule.GRANT_REVOKED,
        Rule.CUSTOMER_CLAIMED,
        Rule.CONTACT_CHANGED,
    }
)


def values_of(message: AnyMessage, language: str) -> dict[str, Any]:
    """What the texts may print."""
    facts = message.facts
    ends_on, given_at = facts.get("ends_on", ""), facts.get("given_at", "")
    return {
        "inviter": _plain(facts.get("inviter", "")),
        "customer": formats.one_line(facts.get("customer", "")),
        "delegate": formats.one_line(facts.get("delegate", "")),
        "scope": facts.get("scope", ""),
        "last_day": formats.day(date.fromisoformat(ends_on), language) if ends_on else "",
        "ended_by": facts.get("ended_by", ""),
        "claimer": _plain(facts.get("claimer", "")),
        "claimer_hint": formats.one_line(facts.get("claimer_hint", "")),
        "old_hint": formats.one_line(facts.get("old_hint", "")),
        "new_hint": formats.one_line(facts.get("new_hint", "")),
        "given": formats.moment(datetime.fromisoformat(given_at), language) if given_at else "",
    }


def _plain(name: str) -> str:
    """A name that somebody chose, in a mail to somebody else: no address of a web page hides in it."""
    return formats.one_line("".join(letter for letter in name if letter.isalpha() or letter in " -'’"))


def paths(token: str) -> dict[Rule, str]:
    """Where the buttons lead; `token` is ready for an address."""
    return {
        Rule.DELEGATE_INVITED: f"/zaproszenie?token={token}",
        Rule.GRANT_GIVEN: "/profil/pelnomocnicy",
        Rule.CONTACT_CHANGED: "/profil",
    }
