"""Texts of templates and campaigns in a form: a channel and a language are shown, the others travel along hidden.

Fields: `subject_pl`, `email_pl`, `sms_pl`, `portal_title_pl`, `portal_pl` and so on; `pokaz` says which, "sms-pl".
"""

import re
from collections.abc import Iterable
from typing import Any

from ebok.notify.v1 import templates_pb2 as pb

from chassis.errors import Refusal
from chassis.folding import bare
from gateway.web import reasons
from gateway.web.forms import Form
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

LENGTHS = {"subject": 150, "email": 10_000, "sms": 640, "portal_title": 120, "portal": 10_000}
CHANNELS = {"email": ("subject", "email"), "sms": ("sms",), "portal": ("portal_title", "portal")}
CHANNEL_WORDS = {"email": _l("E-mail"), "sms": _l("SMS"), "portal": _l("Portal")}
NAMES = [f"{part}_{language}" for language in LANGUAGES for part in LENGTHS]
SHOWN = [f"{channel}-{language}" for channel in CHANNELS for language in LANGUAGES]
# What can be printed, as the editor's table explains it.
PLACEHOLDERS = (
    ("customer.name", _l("full name"), ""),
    ("customer.number", _l("the number on invoices"), ""),
    ("customer.address", _l("the first served address"), ""),
    ("customer.town", _l("its town"), ""),
    ("customer.tariff_group", _l("the tariff group"), ""),
    ("customer.balance", _l("what is to be paid in all; empty when nothing is"), ""),
    ("customer.overdue", _l("what is past its due day; empty when nothing is"), ""),
    ("customer.due_on", _l("the next due day; empty without one"), ""),
    ("provider.name", _l("our name"), "portal"),
    ("provider.phone", _l("our telephone"), "portal"),
    ("provider.email", _l("our e-mail address"), "portal"),
    ("provider.portal", _l("the portal's address, a link in e-mails"), "portal"),
)
_PATH = re.compile(r"texts\[(pl|en|uk)\]\.([a-z_]+)\Z")

reasons.say_fields(
    {
        "TEMPLATE_SYNTAX": _l(
            "Something is not closed: each {{ needs its }}, each {% if %} its {% endif %}."
        ),
        "TEMPLATE_LOOP": _l("Loops are not possible here. Write the text once, with values of one customer."),
        "TEMPLATE_CALL": _l("Nothing can be called here. Use a value from the list as it stands."),
        "TEMPLATE_ATTRIBUTE": _l("A value has one dot, as in {{ customer.name }}. Take one from the list."),
        "TEMPLATE_UNKNOWN_NAME": _l("There is no such value. Take one from the list."),
        "TEMPLATE_FILTER": _l("Only |upper, |lower and |capitalize can follow a value."),
        "TEMPLATE_STATEMENT": _l(
            "Only {{ value }} and {% if value %} … {% else %} … {% endif %} are possible here."
        ),
        "TEMPLATE_PERSONAL": _l(
            "In the portal everybody reads the same, so nothing of a customer can be printed. Take it out."
        ),
        "TEMPLATE_TOO_COMPLEX": _l("There are too many values and conditions. Make the text simpler."),
        "TEXT_MISSING": _l("This text is missing in Polish."),
    }
)


def shown_of(form: Form, asked: str = "") -> str:
    """Which text is shown: the first one that is wrong, else what was asked for, else the e-mail in Polish."""
    for name in form.errors:
        part, _line, language = name.rpartition("_")
        for channel, parts in CHANNELS.items():
            if part in parts and language in LANGUAGES:
                return f"{channel}-{language}"
    return next((one for one in (asked, form.value("pokaz")) if one in SHOWN), SHOWN[0])


def check_shown(form: Form) -> None:
    """Which text was shown is the page's own word: any other is no field that somebody could correct."""
    if form.value("pokaz") not in SHOWN:
        form.stop(_("Open the page anew, please."), status=422)


def initial_of(texts: Iterable[pb.Text]) -> dict[str, str]:
    """Texts as values of the form."""
    return {f"{part}_{text.language}": getattr(text, part) for text in texts for part in LENGTHS}


def texts_of(form: Form) -> list[pb.Text]:
    """What the form says, without languages that say nothing."""
    found = []
    for language in LANGUAGES:
        values = {
            part: form.lines(f"{part}_{language}", required=False, length_max=most)
            for part, most in LENGTHS.items()
        }
        if any(values.values()):
            found.append(pb.Text(language=language, **values))
    return found


def make_plain(form: Form) -> None:
    """Text messages without marks on their letters, which takes fewer parts."""
    for language in LANGUAGES:
        name = f"sms_{language}"
        form.put(name, [bare(form.value(name)).replace("–", "-").replace("„", '"').replace("”", '"')])


def mark(form: Form, refusal: Refusal) -> bool:
    """Say what is wrong with a text at its field, with the line; false when it was none of the texts."""
    shown = False
    for violation in refusal.violations:
        match = _PATH.search(violation.field)
        if match:
            form.fail(f"{match[2]}_{match[1]}", _said(violation))
            shown = True
    return shown


def _said(violation: Any) -> str:
    line, _space, found = violation.description.partition(" ")
    sentence = reasons.field_sentence(violation.reason)
    if not violation.reason.startswith("TEMPLATE_") or not line.isdigit():
        return sentence
    return _("Line %(line)s, “%(found)s”:", line=line, found=found) + " " + sentence
