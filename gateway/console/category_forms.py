"""A category of cases as a form: its texts in three languages, its clock, and a row for each field."""

import re
from collections.abc import Mapping

from ebok.tickets.v1 import categories_pb2 as pb
from ebok.tickets.v1 import tickets_pb2
from flask_babel import LazyString
from werkzeug.datastructures import MultiDict

from chassis.errors import Refusal
from chassis.folding import fold
from gateway.console.inputs import refuse_at
from gateway.console.row_forms import (
    NEW,
    Row,
    Rows,
    check_counts,
    hidden_key,
    hidden_number,
    initial_of,
    language_at,
    places,
)
from gateway.console.row_forms import rearranged as rearranged_rows
from gateway.web import reasons
from gateway.web.case_words import KINDS, MEDIA
from gateway.web.forms import Form
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

KEY_LENGTH_MAX, NAME_LENGTH_MAX, HINT_LENGTH_MAX, SENTENCE_LENGTH_MAX = 40, 80, 200, 300
FIELDS_MAX, CHOICES_MAX, UNIT_LENGTH_MAX, DAYS_MAX, POSITION_MAX = 30, 30, 20, 365, 1000
VERSION_MAX = 2**31

FIELD_TYPES: dict[str, LazyString] = {
    "TEXT": _l("one line"),
    "LONG_TEXT": _l("several lines"),
    "NUMBER": _l("a number"),
    "DATE": _l("a day"),
    "CHOICE": _l("one of several"),
    "YES_NO": _l("yes or no"),
    "INVOICE": _l("one of the customer's invoices"),
    "METER": _l("one of the customer's meters"),
}
KIND_NAMES = {kind: tickets_pb2.TicketKind.Name(kind).removeprefix("TICKET_KIND_") for kind in KINDS}
KIND_NUMBERS = {name: number for number, name in KIND_NAMES.items()}


def _in_each(column: str) -> tuple[str, ...]:
    return tuple(f"{column}_{code}" for code in LANGUAGES)


CHOICES = Rows("choices", ("choice_key", *_in_each("choice")), CHOICES_MAX)
FIELDS = Rows(
    "fields",
    ("key", "type", "required", "unit", *_in_each("label"), *_in_each("hint")),
    FIELDS_MAX,
    inner=CHOICES,
)
_FIELD = re.compile(r"category\.fields\[(\d+)\]\.(?:choices\[(\d+)\]\.)?(\w+)(?:\[(\w+)\])?")
_WHOLE = re.compile(r"category\.(names|hints|sentences)(?:\[(\w+)\])?")
WORDS = {"names": "name", "hints": "about", "sentences": "sentence"}
_SHORT = re.compile(r"[^a-z0-9]+")


def rearranged(typed: MultiDict[str, str]) -> tuple[MultiDict[str, str], bool]:
    """What was typed, after a button of the rows."""
    new = {"fields": Row({"type": "TEXT"}), "choices": Row({"choice_key": NEW})}
    return rearranged_rows(typed, [FIELDS], new)


def initial_of_category(category: pb.Category) -> dict[str, str | list[str]]:
    """The form of a category as it is kept."""
    texts = {"name": category.names, "about": category.hints, "sentence": category.sentences}
    fields: dict[str, str | list[str]] = {
        f"{column}_{code}": words.get(code, "") for column, words in texts.items() for code in LANGUAGES
    }
    rows = [
        Row(
            {
                "key": one.key,
                "type": pb.CategoryFieldType.Name(one.type).removeprefix("CATEGORY_FIELD_TYPE_"),
                "required": "1" if one.is_required else "",
                "unit": one.unit,
                **{f"label_{code}": one.labels.get(code, "") for code in LANGUAGES},
                **{f"hint_{code}": one.hints.get(code, "") for code in LANGUAGES},
            },
            [
                Row(
                    {
                        "choice_key": choice.key,
                        **{f"choice_{code}": choice.labels.get(code, "") for code in LANGUAGES},
                    }
                )
                for choice in one.choices
            ],
        )
        for one in category.fields
    ]
    return fields | {
        "kind": KIND_NAMES.get(category.kind, ""),
        "media": list(category.commodities),
        "workflow": category.workflow_id,
        "days": str(category.days),
        "counted": "working" if category.working_days else "calendar",
        "reopen_days": str(category.reopen_days),
        "for_customers": "1" if category.for_customers else "",
        "is_active": "1" if category.is_active else "",
        "position": str(category.position),
        "version": str(category.version),
        **initial_of(FIELDS, rows),
    }


def read(form: Form, known: pb.Category | None, workflow_ids: list[str]) -> pb.SaveCategoryRequest | None:
    """The whole form as a request; None when something is marked. `known` is what is changed, None for a new one."""
    check_counts(form, FIELDS)
    names = _texts(form, "name", NAME_LENGTH_MAX, required=True)
    category = pb.Category(
        category_id=known.category_id if known else "",
        key=known.key if known else short_key(names.get("pl", ""), _("category")),
        kind=KIND_NUMBERS.get(form.choice("kind", KIND_NUMBERS), 0),  # type: ignore[arg-type]
        names=names,
        hints=_texts(form, "about", SENTENCE_LENGTH_MAX),
        sentences=_texts(form, "sentence", SENTENCE_LENGTH_MAX),
        commodities=form.choices("media", MEDIA, required=False),
        workflow_id=form.choice("workflow", workflow_ids),
        days=whole(form, "days", DAYS_MAX),
        working_days=form.choice("counted", ("calendar", "working")) == "working",
        reopen_days=whole(form, "reopen_days", DAYS_MAX),
        position=whole(form, "position", POSITION_MAX),
        for_customers=form.ticked("for_customers"),
        is_active=form.ticked("is_active"),
        version=hidden_number(form, "version", VERSION_MAX) if known else 0,
    )
    taken: set[str] = set()
    choices = {choice.key for field in known.fields for choice in field.choices} if known else set()
    category.fields.extend(_read_field(form, place, taken, choices) for place in places(form, FIELDS))
    return pb.SaveCategoryRequest(category=category) if form.ok else None


def _read_field(form: Form, place: str, taken: set[str], known: set[str]) -> pb.CategoryField:
    labels = _texts(form, "label", NAME_LENGTH_MAX, place=place, required=True)
    type_ = form.choice(f"type-{place}", FIELD_TYPES)
    key = form.text(f"key-{place}", required=False, length_max=KEY_LENGTH_MAX)
    choices: list[pb.CategoryChoice] = []
    if type_ == "CHOICE":
        own: set[str] = set()
        choices = [_read_choice(form, inner, own, known) for inner in places(form, CHOICES, place)]
        if not choices:
            form.fail(f"type-{place}", _("Add what can be chosen."))
    return pb.CategoryField(
        key=key or new_key(labels.get("pl", ""), _("field"), taken),
        type=f"CATEGORY_FIELD_TYPE_{type_ or 'UNSPECIFIED'}",
        labels=labels,
        hints=_texts(form, "hint", HINT_LENGTH_MAX, place=place),
        is_required=form.ticked(f"required-{place}"),
        unit=form.text(f"unit-{place}", required=False, length_max=UNIT_LENGTH_MAX),
        choices=choices,
    )


def _read_choice(form: Form, place: str, taken: set[str], known: set[str]) -> pb.CategoryChoice:
    labels = _texts(form, "choice", NAME_LENGTH_MAX, place=place, required=True)
    key = hidden_key(form, f"choice_key-{place}", known)
    return pb.CategoryChoice(key=key or new_key(labels.get("pl", ""), _("choice"), taken), labels=labels)


def _texts(
    form: Form, column: str, length_max: int, *, place: str = "", required: bool = False
) -> Mapping[str, str]:
    """A text by language; Polish must be there when another one is."""
    end = f"-{place}" if place else ""
    texts = {
        code: form.text(f"{column}_{code}{end}", required=required and code == "pl", length_max=length_max)
        for code in LANGUAGES
    }
    said = {code: text for code, text in texts.items() if text}
    for code in ("pl", *said) if said and not texts["pl"] else ():
        form.fail(
            f"{column}_{code}{end}", _("Write it in Polish too: whoever has no other language reads that.")
        )
    return said


def whole(form: Form, name: str, most: int, *, required: bool = True) -> int:
    """A whole number from 0; what is none is marked."""
    value = form.number(name, required=required)
    if value is None:
        return 0
    if value != value.to_integral_value() or not 0 <= value <= most:
        form.fail(name, _("Type a whole number from 0 to %(most)d.", most=most))
        return 0
    return int(value)


def short_key(words: str, otherwise: str) -> str:
    """A key made of words: `Za wysoki rachunek` → `za_wysoki_rachunek`."""
    made = _SHORT.sub("_", fold(words)).strip("_")[:KEY_LENGTH_MAX].strip("_")
    return made if made[:1].isalpha() else _SHORT.sub("_", fold(otherwise)).strip("_") or "x"


def new_key(words: str, otherwise: str, taken: set[str]) -> str:
    """A key that none of the rows has; keys are for machines, so nobody has to think of one."""
    made = wanted = short_key(words, otherwise)
    number = 2
    while made in taken:
        made, number = f"{wanted[: KEY_LENGTH_MAX - 4]}_{number}", number + 1
    taken.add(made)
    return made


def refuse(form: Form, refusal: Refusal) -> None:
    """Faults of fields go to their rows, the rest to where it belongs."""
    shown = False
    for violation in refusal.violations:
        name = _name_of(form, violation.field)
        if name:
            said = reasons.field_sentence(violation.reason)
            if violation.field == "category.key":
                said = _("There is a category of this name already.")
            form.fail(name, said)
            shown = True
    if not shown:
        refuse_at(form, refusal, {"WORKFLOW_NOT_FOUND": "workflow"}, fields={})


def _name_of(form: Form, path: str) -> str:
    """The form's name of a field of the message; empty for one that the form does not show."""
    if path == "category.key":
        return "name_pl"
    if found := _WHOLE.fullmatch(path):
        column = WORDS[found[1]]
        return f"{column}_{language_at(form, column, '', found[2] or '')}"
    found = _FIELD.fullmatch(path)
    if not found or int(found[1]) >= len(places(form, FIELDS)):
        return ""
    own, inner, what, place = found.groups()
    if inner is not None:
        return f"choice_{language_at(form, 'choice', f'-{own}-{inner}', place or '')}-{own}-{inner}"
    if what in ("labels", "hints"):
        column = what.removesuffix("s")
        return f"{column}_{language_at(form, column, f'-{own}', place or '')}-{own}"
    return (
        f"{'type' if what == 'choices' else what}-{own}" if what in ("key", "type", "unit", "choices") else ""
    )
