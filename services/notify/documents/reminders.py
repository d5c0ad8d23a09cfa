"""What reminders print: values for their texts, and the rows of their tables."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.notify.documents import formats
from services.notify.documents.campaigns import (
    SMS_LENGTH_MAX,
    Texts,
    Written,
    paragraphs_of,
    provider_values,
)
from services.notify.documents.sandbox import OF_REMINDER, Values, render_text, render_texts
from services.notify.domain.messages import reference
from services.notify.storage.messages import AnyMessage, Rule
from services.notify.storage.settings import ProviderSettings

RULES = frozenset({Rule.PAYMENT_DUE, Rule.PAYMENT_OVERDUE_1, Rule.PAYMENT_OVERDUE_2, Rule.PAYMENT_OVERDUE_3})
NOTE_LENGTH_MAX = 300
PARTS = ("subject", "email", "sms")  # What the provider can say in its own words.
NUMBER_WORDS = {"pl": "Numer wiadomości", "en": "Message number", "uk": "Номер"}


def values_of(message: AnyMessage, language: str) -> dict[str, Any]:
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


def write_mail(
    message: AnyMessage, texts: Texts, settings: ProviderSettings, language: str
) -> Written | None:
    """The provider's own subject and words above the amount; None where it has none in that language."""
    parts = texts.get(language, {})
    if not parts.get("email"):
        return None
    values = _own_values(message, settings, language)
    subject, text = render_texts([parts.get("subject", ""), parts["email"]], values, names=OF_REMINDER)
    return Written(language, formats.one_line(subject), paragraphs_of(text, language))


def write_sms(message: AnyMessage, texts: Texts, settings: ProviderSettings, language: str) -> str:
    """The provider's own text message with its number at the end; empty where it has none in that language."""
    source = texts.get(language, {}).get("sms", "")
    if not source:
        return ""
    text = render_text(source, _own_values(message, settings, language), names=OF_REMINDER)
    number = f"{NUMBER_WORDS[language]} {reference(message.message_id)}"
    return f"{formats.for_phones(text, SMS_LENGTH_MAX)} {number}"


def _own_values(message: AnyMessage, settings: ProviderSettings, language: str) -> Values:
    values = values_of(message, language)
    return {
        "customer": {
            "name": values["customer"],
            "number": formats.one_line(message.facts.get("customer_number", "")),
            "address": values["premises"],
        },
        "invoice": {
            "number": values["number"],
            "amount": values["amount"],
            "due_on": values["due_day"],
            "days_late": str(values["days_late"] or ""),
            "account": values["account"],
        },
        "provider": provider_values(settings),
    }
