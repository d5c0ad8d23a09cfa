"""What the mails about payments print: values for their texts, and the rows of their table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.notify.documents import formats
from services.notify.domain.messages import PAYER_EMAIL
from services.notify.storage.messages import AnyMessage, Rule

RULES = frozenset({Rule.PAYMENT_RECEIVED, Rule.PAYMENT_FAILED, Rule.PAYMENT_REFUNDED})
PROVIDERS = {"przelewy24": "Przelewy24", "payu": "PayU"}


def values_of(message: AnyMessage, language: str) -> dict[str, Any]:
    """What texts may print. `invoices`: number and amount of each that the payer chose; `rest`: what was left of the
    payment for the oldest charges."""
    facts = message.facts
    shares = facts.get("shares", [])
    rest = facts["amount_grosze"] - sum(grosze for _, grosze in shares)
    provider = facts.get("provider", "")
    way = (PROVIDERS.get(provider, provider), facts.get("method_name", ""))
    happened_at = facts.get("happened_at")
    return {
        "amount": formats.zloty(facts["amount_grosze"], language),
        "number": formats.one_line(facts["number"]),
        "happened": formats.moment(datetime.fromisoformat(happened_at), language) if happened_at else "",
        "reason": facts.get("reason", ""),
        "way": formats.one_line(", ".join(word for word in way if word)),
        "invoices": [
            (formats.one_line(number), formats.zloty(grosze, language)) for number, grosze in shares
        ],
        "rest": formats.zloty(rest, language) if rest > 0 and message.rule is Rule.PAYMENT_RECEIVED else "",
        "payer": bool(facts.get(PAYER_EMAIL)),
    }


def rows_of(texts: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The payment's number, its invoices, and what else is known of it; each rule has words for what it shows."""
    rows = [
        (texts["number_label"], values["number"]),
        *((texts.get("invoice_label", ""), f"{number}, {amount}") for number, amount in values["invoices"]),
        (texts.get("rest_label", ""), values["rest"]),
        (texts.get("way_label", ""), values["way"]),
        (texts.get("reason_label", ""), texts.get("reason", "")),
        (texts.get("happened_label", ""), values["happened"]),
    ]
    return [(label, value) for label, value in rows if label and value]
