"""What a campaign says to one recipient: the texts that staff wrote, with the values of that customer."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.notify.documents import formats
from services.notify.documents.sandbox import (
    OF_CAMPAIGN,
    Names,
    Values,
    check_text,
    render_text,
    render_texts,
)
from services.notify.storage.messages import AnyMessage, Rule
from services.notify.storage.settings import ProviderSettings

RULES = frozenset({Rule.CAMPAIGN, Rule.CAMPAIGN_TEST})
# The parts of a text, and whether each may speak of the customer: in the portal everybody reads the same.
PARTS = {"subject": True, "email": True, "sms": True, "portal_title": False, "portal": False}
SMS_LENGTH_MAX = 800
REFUSAL_PATH = "/r"
REFUSAL_SHOWN = "0" * 16  # As long as a real one, for whoever looks at a text before it is sent.
REFUSALS = {"pl": "Rezygnacja", "en": "No more offers", "uk": "Відмова"}
Texts = Mapping[str, Mapping[str, str]]


class TextMissing(ValueError):
    """There is no text of that channel in any language."""


@dataclass(frozen=True)
class Written:
    """A subject line and the paragraphs under it, each a list of lines."""

    language: str
    subject: str
    paragraphs: list[list[str]]

    @property
    def text(self) -> str:
        """The paragraphs as they were typed."""
        return "\n\n".join("\n".join(lines) for lines in self.paragraphs)


def check_texts(texts: Texts, *, field: str, names: Names = OF_CAMPAIGN) -> list[Any]:
    """What is wrong with texts by language, each part as `<field>[pl].email`."""
    return [
        fault
        for language, parts in texts.items()
        for part, source in parts.items()
        for fault in check_text(
            source, field=f"{field}[{language}].{part}", personal=PARTS[part], names=names
        )
    ]


def choose_language(texts: Texts, part: str, wanted: str) -> str:
    """The recipient's language if that part is written in it, else Polish, else any. Raises TextMissing."""
    for language in (wanted, *formats.LANGUAGES):
        if texts.get(language, {}).get(part):
            return language
    raise TextMissing(part)


def write_mail(facts: Mapping[str, Any], texts: Texts, settings: ProviderSettings, wanted: str) -> Written:
    """The e-mail to one recipient."""
    return _write(facts, texts, settings, choose_language(texts, "email", wanted), parts=("subject", "email"))


def write_portal(texts: Texts, settings: ProviderSettings, wanted: str) -> Written:
    """What everybody reads in the portal."""
    language = choose_language(texts, "portal", wanted)
    return _write({}, texts, settings, language, parts=("portal_title", "portal"))


def write_sms(
    facts: Mapping[str, Any], texts: Texts, settings: ProviderSettings, wanted: str, *, refusal: str = ""
) -> str:
    """The text message to one recipient, on one line, with the print that would make it longer taken out.

    `refusal`: of marketing, what the link carries by which one takes no more offers; it stands at the end.
    """
    language = choose_language(texts, "sms", wanted)
    text = render_text(texts[language]["sms"], _values(facts, settings, language))
    line = formats.for_phones(text, SMS_LENGTH_MAX)
    return f"{line} {REFUSALS[language]}: {settings.portal_url}{REFUSAL_PATH}/{refusal}" if refusal else line


def texts_of(message: AnyMessage, texts: Texts | None) -> Texts:
    """The texts of a message: a test carries its own, as they were when it was asked for."""
    if message.rule is Rule.CAMPAIGN_TEST:
        found: Texts = message.facts["texts"]
        return found
    if texts is None:
        raise TextMissing(message.subject_id)
    return texts


def _write(
    facts: Mapping[str, Any],
    texts: Texts,
    settings: ProviderSettings,
    language: str,
    *,
    parts: tuple[str, str],
) -> Written:
    values = _values(facts, settings, language)
    subject, text = render_texts([texts[language].get(part, "") for part in parts], values)
    return Written(language, formats.one_line(subject), paragraphs_of(text, language))


def paragraphs_of(text: str, language: str) -> list[list[str]]:
    """The lines of each paragraph: an empty line parts them."""
    blocks = [block.strip().splitlines() for block in text.replace("\r\n", "\n").split("\n\n")]
    return [[formats.bind(line.strip(), language) for line in lines] for lines in blocks if lines]


def _values(facts: Mapping[str, Any], settings: ProviderSettings, language: str) -> Values:
    """Everything a text may print, as people read it; empty where there is nothing, so that `{% if %}` can ask."""
    return {
        "customer": {
            "name": formats.one_line(facts.get("name", "")),
            "number": formats.one_line(facts.get("number", "")),
            "address": formats.one_line(facts.get("address", "")),
            "town": formats.one_line(facts.get("town", "")),
            "tariff_group": formats.one_line(facts.get("tariff_group", "")),
            "balance": _amount(facts.get("balance", 0), language),
            "overdue": _amount(facts.get("overdue", 0), language),
            "due_on": _day(facts.get("due_on", ""), language),
        },
        "provider": provider_values(settings),
    }


def provider_values(settings: ProviderSettings) -> Mapping[str, str]:
    """What any text of staff may print of the provider."""
    return _provider_values(settings.name, settings.phone, settings.email, settings.portal_url)


@functools.lru_cache(maxsize=4)
def _provider_values(name: str, phone: str, email: str, portal_url: str) -> Mapping[str, str]:
    return {
        "name": formats.one_line(name),
        "phone": formats.unbroken(formats.one_line(phone)),
        "email": formats.one_line(email),
        "portal": portal_url,
    }


def _amount(grosze: int, language: str) -> str:
    return formats.zloty(int(grosze), language) if grosze else ""


def _day(iso: str, language: str) -> str:
    return formats.day(date.fromisoformat(iso), language) if iso else ""
