"""Cases in words, for both doors: what a matter is, where it stands, how it came, what its clock says."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ebok.tickets.v1 import contacts_pb2, tickets_pb2
from flask_babel import LazyString
from markupsafe import Markup, escape

from gateway.web.days import NBSP, date_of, day_brief, day_short, days_until, hour, instant_of, now, today
from gateway.web.days import day as day_long
from gateway.web.languages import gettext as _
from gateway.web.languages import language, ngettext
from gateway.web.languages import lazy_gettext as _l
from gateway.web.texts import said, uncapital

KINDS: dict[int, LazyString] = {
    tickets_pb2.TICKET_KIND_QUESTION: _l("Question"),
    tickets_pb2.TICKET_KIND_COMPLAINT: _l("Complaint"),
    tickets_pb2.TICKET_KIND_APPLICATION: _l("Application"),
    tickets_pb2.TICKET_KIND_FAULT: _l("Fault"),
}
KIND_ICONS: dict[int, str] = {
    tickets_pb2.TICKET_KIND_QUESTION: "question-circle",
    tickets_pb2.TICKET_KIND_COMPLAINT: "exclamation-diamond",
    tickets_pb2.TICKET_KIND_APPLICATION: "file-earmark-text",
    tickets_pb2.TICKET_KIND_FAULT: "tools",
}
STATUSES: dict[int, LazyString] = {
    tickets_pb2.TICKET_STATUS_NEW: _l("New"),
    tickets_pb2.TICKET_STATUS_IN_PROGRESS: _l("In progress"),
    tickets_pb2.TICKET_STATUS_WAITING: _l("Waits for the customer"),
    tickets_pb2.TICKET_STATUS_ANSWERED: _l("Answered"),
    tickets_pb2.TICKET_STATUS_CLOSED: _l("Closed"),
}
CHANNELS: dict[int, LazyString] = {
    tickets_pb2.CHANNEL_PORTAL: _l("portal"),
    tickets_pb2.CHANNEL_PHONE: _l("telephone"),
    tickets_pb2.CHANNEL_DESK: _l("visit"),
    tickets_pb2.CHANNEL_EMAIL: _l("e-mail"),
    tickets_pb2.CHANNEL_LETTER: _l("letter"),
}
CHANNEL_ICONS: dict[int, str] = {
    tickets_pb2.CHANNEL_PORTAL: "globe2",
    tickets_pb2.CHANNEL_PHONE: "telephone",
    tickets_pb2.CHANNEL_DESK: "shop-window",
    tickets_pb2.CHANNEL_EMAIL: "envelope",
    tickets_pb2.CHANNEL_LETTER: "mailbox",
}
TOPICS: dict[int, LazyString] = {
    contacts_pb2.CONTACT_TOPIC_INVOICE: _l("invoice, balance"),
    contacts_pb2.CONTACT_TOPIC_PAYMENT: _l("payment"),
    contacts_pb2.CONTACT_TOPIC_READING: _l("reading, meter"),
    contacts_pb2.CONTACT_TOPIC_CONTRACT: _l("contract, data"),
    contacts_pb2.CONTACT_TOPIC_FAULT: _l("fault"),
    contacts_pb2.CONTACT_TOPIC_PORTAL: _l("portal"),
    contacts_pb2.CONTACT_TOPIC_OTHER: _l("something else"),
}
MEDIA: dict[str, LazyString] = {
    "water": _l("Water"),
    "sewage": _l("Sewage"),
    "heat": _l("Heat"),
    "hot_water": _l("Hot water"),
    "electricity": _l("Electricity"),
    "gas": _l("Gas"),
}
MEDIA_ICONS = {
    "water": "droplet",
    "sewage": "moisture",
    "heat": "thermometer-half",
    "hot_water": "droplet-half",
    "electricity": "lightning-charge",
    "gas": "fire",
}
# „we wtorek”: the day of the week as it answers „when?”, from Monday.
ON_DAYS = {
    "pl": (
        "w poniedziałek",
        "we wtorek",
        "w środę",
        "w czwartek",
        "w piątek",
        "w sobotę",
        "w niedzielę",
    ),
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    "uk": ("у понеділок", "у вівторок", "у середу", "у четвер", "у п’ятницю", "у суботу", "у неділю"),
}
YES_NO: dict[str, LazyString] = {"yes": _l("Yes"), "no": _l("No")}
HOURS_OF_DAY = 24
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}\.\d{1,6}\Z", re.ASCII)
_BLANK_LINES = re.compile(r"\n\s*\n")


def on_day(value: object) -> str:
    """`we wtorek 1 grudnia`."""
    on = date_of(value)
    if on is None:
        return ""
    return f"{ON_DAYS[language()][on.weekday()].replace(' ', NBSP)} {day_short(on)}"


def clock_state(ticket: tickets_pb2.Ticket) -> str:
    """How urgent it is: late, soon (half of the time is gone), ok; wait, met; empty without a clock."""
    clock = ticket.clock
    if not ticket.HasField("clock") or ticket.status == tickets_pb2.TICKET_STATUS_CLOSED:
        return ""
    if clock.is_met:
        return "met"
    if clock.is_paused:
        return "wait"
    if clock.is_late:
        return "late"
    return "soon" if clock.days_gone * 2 >= clock.days_total else "ok"


def days_left(clock: tickets_pb2.Clock) -> int:
    """Days that are left, as the category counts them."""
    return max(clock.days_total - clock.days_gone, 0)


def clock_brief(ticket: tickets_pb2.Ticket) -> str:
    """A few words for a row of the queue: `3 h po terminie`, `7 dni`, `czeka na klienta`."""
    state = clock_state(ticket)
    if state == "late":
        return _late_by(instant_of(ticket.clock.due_at))
    if state == "wait":
        return _("waits for the customer")
    if state == "met":
        return _("answered")
    if not state:
        return ""
    if days_until(ticket.clock.due_at) == 0:
        return _("today")
    left = days_left(ticket.clock)
    return ngettext("%(num)d day", "%(num)d days", left)


def _late_by(due: datetime | None) -> str:
    hours = int((now() - due).total_seconds() // 3600) if due else 0
    if hours < HOURS_OF_DAY:
        return _("%(hours)d h late", hours=max(hours, 1))
    return ngettext("%(num)d day late", "%(num)d days late", hours // HOURS_OF_DAY)


def left_words(clock: tickets_pb2.Clock) -> str:
    """`Zostało 7 z 14 dni.`, or of working days."""
    left, total = days_left(clock), clock.days_total
    if clock.working_days:
        return _("%(left)d of %(total)d working days are left.", left=left, total=total)
    return _("%(left)d of %(total)d days are left.", left=left, total=total)


def since(value: object) -> str:
    """How long ago, briefly: `12 min`, `9:29`, `wczoraj`, `20 lis`."""
    then = instant_of(value)
    if then is None:
        return ""
    minutes = int((now() - then).total_seconds() // 60)
    if 0 <= minutes < 60:
        return _("%(minutes)d min", minutes=max(minutes, 1))
    if then.date() == today():
        return hour(then)
    if then.date() == today() - timedelta(days=1):
        return _("yesterday")
    return day_brief(then)


def written(value: object) -> str:
    """When something of a thread was written: `dziś, 9:29`, `18 listopada, 9:40`."""
    then = instant_of(value)
    if then is None:
        return ""
    day = _("today") if then.date() == today() else day_short(then)
    return f"{day}, {hour(then)}"


def paragraphs(text: str) -> Markup:
    """Plain text as people wrote it: an empty line parts paragraphs, a line break stays one."""
    parts = [part.strip("\n") for part in _BLANK_LINES.split(text.replace("\r\n", "\n")) if part.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in part.split("\n")))
        for part in parts
    )


def answer_words(answer: tickets_pb2.Answer) -> str:
    """What was filled in at a field, as people read it: the choice, yes or no, a day, a number with a comma."""
    if answer.texts:
        return said(answer.texts)
    if answer.value in YES_NO:
        return str(YES_NO[answer.value])
    if _DAY.match(answer.value):
        return day_long(answer.value)
    return answer.value.replace(".", ",") if _DECIMAL.match(answer.value) else answer.value


def kind_word(kind: int) -> str:
    """`Reklamacja`; nothing for what has no kind."""
    return str(KINDS.get(kind, ""))


def channel_word(channel: int) -> str:
    """`telefon`."""
    return str(CHANNELS.get(channel, ""))


def medium_word(commodity: str) -> str:
    """`Woda`; a commodity that nobody put into words prints as it is."""
    return str(MEDIA.get(commodity, commodity))


def topic_word(topic: int) -> str:
    """What a contact was about."""
    return str(TOPICS.get(topic, ""))


FILTERS: dict[str, Callable[..., Any]] = {
    "on_day": on_day,
    "clock_state": clock_state,
    "clock_brief": clock_brief,
    "left_words": left_words,
    "since": since,
    "written": written,
    "paragraphs": paragraphs,
    "answer_words": answer_words,
    "uncapital": uncapital,
    "case_kind": kind_word,
    "case_kind_icon": lambda kind: KIND_ICONS.get(kind, "chat-left-text"),
    "case_channel": channel_word,
    "case_channel_icon": lambda channel: CHANNEL_ICONS.get(channel, "chat-left-text"),
    "medium_word": medium_word,
    "medium_icon": lambda medium: MEDIA_ICONS.get(medium, "chat-left-text"),
    "topic_word": topic_word,
}
