"""Komunikacja: reminders of what is to be paid – four rules: their days, channels, words, and how they will look."""

import re
from typing import Any

from ebok.common.v1 import money_pb2
from ebok.notify.v1 import reminders_pb2 as pb
from ebok.notify.v1 import templates_pb2
from flask import abort, redirect, render_template, request, url_for
from flask_babel import LazyString
from werkzeug.wrappers import Response

from chassis.errors import Refusal, Unavailable
from gateway.console import console, written_texts
from gateway.web import notices, reasons
from gateway.web.calls import call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

NOTE_LENGTH_MAX = 300
DAYS_MAX = 90
CHANNELS = ("email", "sms")
PARTS = ("subject", "email", "sms")
SHOWN_MAX = 5
_SHOWN = re.compile(r"(email|sms)-(pl|en|uk)\Z")
# What can be printed, as the editor's table explains it.
PLACEHOLDERS = (
    ("customer.name", _l("full name"), ""),
    ("customer.number", _l("the number on invoices"), ""),
    ("customer.address", _l("the first served address"), ""),
    ("invoice.number", _l("the invoice's number"), ""),
    ("invoice.amount", _l("what is open of it when it is sent"), ""),
    ("invoice.due_on", _l("its due day"), ""),
    ("invoice.days_late", _l("days past it; empty before"), ""),
    ("invoice.account", _l("the account to pay to"), ""),
    *(one for one in written_texts.PLACEHOLDERS if one[0].startswith("provider.")),
)
# By the last part of its address: the rule, and its name.
RULES: dict[str, tuple[str, LazyString]] = {
    "przed-terminem": ("payment_due", _l("Before the due day")),
    "po-terminie-1": ("payment_overdue_1", _l("First, after the due day")),
    "po-terminie-2": ("payment_overdue_2", _l("Second, after the due day")),
    "po-terminie-3": ("payment_overdue_3", _l("Last, after the due day")),
}
reasons.say(
    {
        "NOTHING_DUE": _l(
            "No invoice is open now that this reminder could speak of, so there is nothing to show."
        ),
        "REMINDER_NOT_FOUND": _l("There is no such reminder."),
        "REMINDER_CHANGED": _l("Somebody else changed this reminder meanwhile. Open it anew and look."),
    }
)
reasons.say_fields(
    {
        "OUT_OF_ORDER": _l(
            "The first, the second and the last reminder come one after the other: choose other days."
        ),
    }
)


@console.get("/komunikacja/przypomnienia")
def reminders() -> str:
    """All four, in the order in which an invoice meets them."""
    answer = call(clients().notify.reminders.ListReminders, pb.ListRemindersRequest())
    by_rule = {one.rule: one for one in answer.reminders}
    rows = [(slug, name, by_rule[rule]) for slug, (rule, name) in RULES.items() if rule in by_rule]
    return render_template("console/reminders/list.html", rows=rows, has_sms=answer.has_sms)


@console.route("/komunikacja/przypomnienia/<reminder>", methods=["GET", "POST"])
def reminder(reminder: str) -> Response | tuple[str, int]:
    """One rule: on or off, when, how, from which amount, in which words; beside it what a customer would read."""
    if reminder not in RULES:
        abort(404)
    rule, name = RULES[reminder]
    answer = call(clients().notify.reminders.ListReminders, pb.ListRemindersRequest())
    found = next(one for one in answer.reminders if one.rule == rule)
    form = Form.of_request(initial={**_initial(found), **take_all_kept()})
    if form.sent and _save(form, found):
        if form.value("co") != "pokaz":
            return redirect(url_for("console.reminders"), code=303)
        asked = request.args.get("pokaz", "")
        shown = asked if _SHOWN.match(asked) else None
        return redirect(url_for("console.reminder", reminder=reminder, pokaz=shown) + "#look", code=303)
    page = render_template(
        "console/reminders/reminder.html",
        form=form,
        name=name,
        found=found,
        is_before=rule == "payment_due",
        has_sms=answer.has_sms,
        placeholders=PLACEHOLDERS,
        preview=_preview(rule),
    )
    return page, form.status


def _preview(rule: str) -> dict[str, Any]:
    """What one of the customers with an open invoice would read of the rule as it is kept; why not, when none would."""
    matched = _SHOWN.match(request.args.get("pokaz", "")) or _SHOWN.match("email-pl")
    channel, language = (matched[1], matched[2]) if matched else ("email", "pl")
    asked = request.args.get("osoba", "")
    position = int(asked) if re.fullmatch(r"[0-4]", asked, re.ASCII) else 0
    wanted = pb.PreviewReminderRequest(rule=rule, position=position, channel=channel, language=language)
    shown = {"channel": channel, "language": language, "position": position, "answer": None, "why": ""}
    try:
        shown["answer"] = call(clients().notify.reminders.PreviewReminder, wanted)
    except Refusal as refusal:
        if refusal.reason not in ("NOTHING_DUE", "SETTINGS_MISSING") and not isinstance(refusal, Unavailable):
            raise
        shown["why"] = reasons.sentence(refusal)
    return shown


def _initial(found: pb.Reminder) -> dict[str, Any]:
    return {
        "wlaczone": "1" if found.is_on else "",
        "dni": str(found.days),
        "kanaly": list(found.channels),
        "od_kwoty": f"{found.least_amount.grosze / 100:.2f}".replace(".", ","),
        "wersja": str(found.version),
        **{f"dopisek_{language}": found.notes.get(language, "") for language in LANGUAGES},
        **{f"{part}_{text.language}": getattr(text, part) for text in found.texts for part in PARTS},
    }


def _texts(form: Form) -> list[templates_pb2.Text]:
    """The provider's own words, without languages that say nothing."""
    found = []
    for language in LANGUAGES:
        values = {
            part: form.lines(f"{part}_{language}", required=False, length_max=written_texts.LENGTHS[part])
            for part in PARTS
        }
        if any(values.values()):
            found.append(templates_pb2.Text(language=language, **values))
    return found


def _save(form: Form, found: pb.Reminder) -> bool:
    days = form.number("dni")
    least = form.money("od_kwoty")
    channels = [channel for channel in form.values("kanaly") if channel in CHANNELS]
    notes = {
        language: form.lines(f"dopisek_{language}", required=False, length_max=NOTE_LENGTH_MAX)
        for language in LANGUAGES
    }
    if days is not None and (days != int(days) or not 1 <= days <= DAYS_MAX):
        form.fail("dni", _("Type a number of days from 1 to 90."))
    texts = _texts(form)
    version = form.value("wersja")
    if not version.isdecimal() or len(version) > 12:
        form.stop(str(reasons.REASONS["REMINDER_CHANGED"]))
    if not form.ok:
        return False
    wanted = pb.Reminder(
        rule=found.rule,
        is_on="1" in form.values("wlaczone"),
        days=int(days or 0),
        channels=channels,
        least_amount=money_pb2.Money(grosze=least or 0),
        notes={language: note for language, note in notes.items() if note},
        version=int(version),
        texts=texts,
    )
    try:
        saved = call(
            clients().notify.reminders.SaveReminder, pb.SaveReminderRequest(reminder=wanted)
        ).reminder
    except Refusal as refusal:
        if written_texts.mark(form, refusal):
            return False
        form.refuse(refusal, fields={"days": "dni", "channels": "kanaly", "least_amount": "od_kwoty"})
        return False
    if saved.is_on:
        notices.ok(_("The reminder is saved."), _("It looks at invoices whose day is today or later."))
    else:
        notices.ok(_("The reminder is saved."), _("It is switched off: nobody is written to."))
    return True
