"""What a message says: its subject, its text and its HTML twin, in the recipient's language.

The texts (`texts/<language>.yaml`) are plain; they meet markup only in the frames (`templates/`), which escape
everything. Both twins are made of the same texts, so they say the same. Links begin with the provider's `portal_url`
and with nothing else.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from services.notify.documents import (
    accounts,
    campaigns,
    formats,
    grants,
    payments,
    readings,
    reminders,
    tickets,
)
from services.notify.documents.campaigns import Written
from services.notify.documents.colours import palette
from services.notify.domain.messages import reference
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.storage.messages import AnyMessage, Rule
from services.notify.storage.settings import ProviderSettings

HERE = Path(__file__).parent
CHECK_PATH = "/czy-to-my"  # Where people ask whether a message was ours.
UNSUBSCRIBE_PATH, ONE_CLICK_PATH = "/bez-ofert", "/webhooks/bez-ofert"  # For people, for mail programs.
SMS = "sms"  # The name of the text that goes to telephones.
DEFAULT_LANGUAGE = "pl"
LINE_WIDTH = 76
_SPACES = re.compile(r"[\t-\r ]{2,}|[\t-\r]")  # Those that do not break a line stay as they are.
_TURNS = re.compile(r"[\t-\r]")
FRAMES = (
    dict.fromkeys(Rule, "account")
    | dict.fromkeys(
        (Rule.INVOICE_ISSUED, *payments.RULES, *readings.RULES, *reminders.RULES, *tickets.RULES), "amount"
    )
    | dict.fromkeys(campaigns.RULES, "campaign")
)


@dataclass(frozen=True)
class Letter:
    """A rendered message, before it becomes a mail."""

    language: str
    subject: str
    text: str
    html: str
    one_click_url: str = ""


def render_letter(
    message: AnyMessage,
    settings: ProviderSettings,
    *,
    token: str = "",
    written: Written | None = None,
    unsubscribe: str = "",
) -> Letter:
    """A message in its recipient's language. `token` is the unsealed one of a rule that has a link of its own;
    `written` is what staff wrote, of a rule whose text is theirs, and its language goes first; `unsubscribe` is what
    the link of marketing carries."""
    language = written.language if written else choose_language(message.language, settings.languages)
    values = _values(message, settings, language)
    texts = {
        name: formats.bind(" ".join(template.render(values).split(" ")).strip(), language)
        for name, template in _texts(language)[message.rule].items()
        if name != SMS
    }
    subject = written.subject if written else formats.one_line(texts["subject"].replace(formats.NBSP, " "))
    is_marketing = bool(unsubscribe and message.facts.get(MARKETING_FACT))
    unsubscribe_url = f"{settings.portal_url}{UNSUBSCRIBE_PATH}?t={unsubscribe}" if is_marketing else ""
    frame = FRAMES[message.rule]
    frame_values = {
        **values,
        **_tables(message, texts, values),
        "language": language,
        "texts": texts,
        "subject": subject,
        "url": _url(message, settings, token),
        "check_url": f"{settings.portal_url}{CHECK_PATH}?numer={reference(message.message_id)}",
        "unsubscribe_url": unsubscribe_url,
        "colours": _palette(settings.brand_colour),
        "paragraphs": written.paragraphs if written else [],
        "portal_url": settings.portal_url,
    }
    return Letter(
        language=language,
        subject=subject,
        text=_frame(f"{frame}.txt").render(frame_values).strip() + "\n",
        html=_frame(f"{frame}.html").render(frame_values),
        one_click_url=f"{settings.portal_url}{ONE_CLICK_PATH}?t={unsubscribe}" if is_marketing else "",
    )


def _tables(message: AnyMessage, texts: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of a rule's table, and what a transfer needs; nothing where a rule has neither."""
    if message.rule is Rule.INVOICE_ISSUED:
        return {"rows": _invoice_rows(texts, values), "transfer": _transfer_rows(texts, values)}
    if message.rule in reminders.RULES:
        return {"rows": reminders.rows_of(texts, values), "transfer": _transfer_rows(texts, values)}
    for noun in (payments, readings, tickets):
        if message.rule in noun.RULES:
            return {"rows": noun.rows_of(texts, values), "transfer": []}
    return {}


def render_subject(message: AnyMessage, settings: ProviderSettings) -> str:
    """The subject line alone, for lists of messages that have not been sent."""
    language = choose_language(message.language, settings.languages)
    template = _texts(language)[message.rule]["subject"]
    text = template.render(_values(message, settings, language))
    return formats.one_line(text.replace(formats.NBSP, " "))


def render_sms(message: AnyMessage, settings: ProviderSettings) -> str:
    """A message for telephones: one line of plain letters in its recipient's language."""
    language = choose_language(message.language, settings.languages)
    values = _values(message, settings, language)
    subject = _texts(language)[message.rule]["subject"].render(values)
    text = _texts(language)[message.rule][SMS].render({**values, "subject": subject.rstrip(".")})
    return formats.for_phones(text)


def choose_language(wanted: str, offered: list[str]) -> str:
    """The recipient's language if we write it, else the provider's first, else Polish."""
    for language in (wanted, *offered[:1]):
        if language in formats.LANGUAGES:
            return language
    return DEFAULT_LANGUAGE


def _url(message: AnyMessage, settings: ProviderSettings, token: str) -> str:
    paths = {
        Rule.EMAIL_CONFIRMATION: f"/potwierdzenie?token={quote(token, safe='')}",
        Rule.PASSWORD_RESET: f"/nowe-haslo?token={quote(token, safe='')}",
        Rule.NEW_DEVICE: f"/to-nie-ja?token={quote(token, safe='')}",
        Rule.EMAIL_CHANGE_LINK: f"/nowy-adres?token={quote(token, safe='')}",
        Rule.EMAIL_CHANGED: f"/poprzedni-adres?token={quote(token, safe='')}",
        **grants.paths(quote(token, safe="")),
        Rule.INVOICE_ISSUED: f"/faktury/{quote(str(message.facts.get('invoice_id', '')), safe='')}",
    }
    if message.rule in accounts.RULES and message.rule not in paths:
        return settings.portal_url + accounts.path_of(message)
    if message.rule in payments.RULES:
        return settings.portal_url + f"/platnosci/{quote(str(message.facts['payment_id']), safe='')}"
    if message.rule in readings.RULES:
        return settings.portal_url + "/odczyt"
    if message.rule in tickets.RULES:
        return settings.portal_url + f"/zgloszenia/{quote(str(message.facts['ticket_id']), safe='')}"
    if message.rule in reminders.RULES:
        return settings.portal_url + f"/faktury/{quote(str(message.facts['invoice_id']), safe='')}"
    return settings.portal_url + paths.get(message.rule, "/")


# the values that texts may print


def _values(message: AnyMessage, settings: ProviderSettings, language: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "provider": formats.one_line(settings.name),
        "address_line": formats.one_line(settings.address_line),
        "town_line": formats.one_line(settings.town_line),
        "nip": formats.nip(formats.one_line(settings.nip)),
        "phone": formats.unbroken(formats.one_line(settings.phone)),
        "phone_hours": formats.unbroken(formats.one_line(settings.phone_hours)),
        "emergency_phone": formats.unbroken(formats.one_line(settings.emergency_phone)),
        "reference": reference(message.message_id),
        "portal": settings.portal_url,
        "until": formats.moment(message.expires_at, language),
        "marketing": bool(message.facts.get(MARKETING_FACT)),
    }
    if message.rule in accounts.RULES:
        values |= accounts.values_of(message, language)
    if message.rule in grants.RULES:
        values |= grants.values_of(message, language)
    if message.rule is Rule.INVOICE_ISSUED:
        values |= _invoice_values(message, language)
    if message.rule in payments.RULES:
        values |= payments.values_of(message, language)
    if message.rule in readings.RULES:
        values |= readings.values_of(message, language)
    if message.rule in tickets.RULES:
        values |= tickets.values_of(message, language)
    if message.rule in reminders.RULES:
        values |= reminders.values_of(message, language)
    return values


def _invoice_values(message: AnyMessage, language: str) -> dict[str, Any]:
    facts = message.facts
    total, previous = int(facts["total_grosze"]), facts["previous_grosze"]
    due_on = date.fromisoformat(facts["due_on"])
    difference = None if previous is None else total - int(previous)
    changes = {True: "more", False: "less"}
    return {
        "payable": total > 0,
        "amount": formats.zloty(total, language),
        "due": formats.day_weekday(due_on, language),
        "due_short": formats.day_short(due_on, language),
        "number": formats.one_line(facts["number"]),
        "customer": formats.one_line(message.name),
        "customer_tail": formats.one_line(facts.get("customer_number", ""))[-3:],
        "premises": formats.one_line(facts.get("premises_label", "")),
        "period": formats.period(
            date.fromisoformat(facts["period_from"]), date.fromisoformat(facts["period_to"]), language
        ),
        "used": formats.quantity(facts["used"], formats.one_line(facts["unit"]), language)
        if facts["used"]
        else "",
        "previous": "" if previous is None else formats.zloty(int(previous), language),
        "change": "" if difference is None else changes[difference > 0] if difference else "same",
        "difference": "" if not difference else formats.zloty(abs(difference), language),
        "account": formats.account(facts["account_number"]),
    }


def _invoice_rows(texts: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        (texts["number_label"], values["number"]),
        (texts["customer_label"], values["customer"]),
        (texts["premises_label"], values["premises"]),
        (texts["period_label"], values["period"]),
        (texts["used_label"], values["used"]),
        (texts["previous_label"], texts["previous"] if values["previous"] else ""),
    ]
    return [(label, value) for label, value in rows if value]


def _transfer_rows(texts: Mapping[str, str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a transfer needs, the account first; nothing when there is nothing to pay or nowhere to pay it."""
    if not values.get("payable", True) or not values["account"]:
        return []
    return [
        (texts["account_label"], values["account"]),
        (texts["payee_label"], values["provider"]),
        (texts["transfer_amount_label"], values["amount"]),
        (texts["transfer_subject_label"], values["number"]),
    ]


# templates, read and compiled once


@functools.cache
def _texts(language: str) -> dict[Rule, dict[str, Template]]:
    """The texts of each rule; those of `common` belong to every rule that has none of its own by that name."""
    # Plain text comes out of here: nothing to escape yet. The frames escape it.
    environment = SandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
    given = yaml.safe_load((HERE / "texts" / f"{language}.yaml").read_text(encoding="utf-8"))
    return {
        rule: {
            name: environment.from_string(text) for name, text in {**given["common"], **given[rule]}.items()
        }
        for rule in Rule
    }


@functools.cache
def _frame(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = wrapped
    environment.filters["linked"] = linked
    return environment.get_template(name)


_palette = functools.lru_cache(maxsize=16)(palette)


def wrapped(text: str) -> str:
    """Lines of a width that is easy to read; an address or an amount is never cut.

    As `textwrap` does it, at a tenth of its time, which a mail to every customer feels.
    """
    plain = _SPACES.sub(" ", text) if "  " in text or _TURNS.search(text) else text
    rest, lines = plain.strip(" "), []
    while len(rest) > LINE_WIDTH:
        end = rest.rfind(" ", 0, LINE_WIDTH + 1)
        end = rest.find(" ", LINE_WIDTH) if end < 0 else end
        if end < 0:
            break
        lines.append(rest[:end])
        rest = rest[end + 1 :]
    return "\n".join([*lines, rest])


def linked(line: str, portal_url: str) -> list[tuple[str, bool]]:
    """The pieces of a line, and whether each is an address of the portal: those alone are made links."""
    pieces = re.split(rf"({re.escape(portal_url)}(?:/[^\s<>\"']*[^\s<>\"'.,;:!?)])?)", line)
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]
