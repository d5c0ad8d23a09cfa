"""Whom something is for as rows of a form, without JavaScript: each a field, a comparison and values; all must hold.

The same form in announcements, campaigns and saved segments. Fields of the row n: `pole_n`, `jak_n`, `wartosc_n`. Rows
are added, removed and given another field by submit buttons; the page then comes back with what was typed. Values of
one row are parted by semicolons: a street has a comma.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ebok.billing.v1 import audiences_pb2
from ebok.common.v1 import segments_pb2 as pb
from ebok.common.v1.money_pb2 import Money

from gateway.web import notices, reasons
from gateway.web.areas import COMMODITIES
from gateway.web.calls import clients
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

ROWS_MAX = 20
SEPARATOR = ";"
LISTS = {
    "medium": pb.SEGMENT_FIELD_COMMODITY,
    "miejscowosc": pb.SEGMENT_FIELD_TOWN,
    "ulica": pb.SEGMENT_FIELD_STREET,
    "taryfa": pb.SEGMENT_FIELD_TARIFF_GROUP,
}
SINGLE = {
    "rodzaj": pb.SEGMENT_FIELD_KIND,
    "efaktura": pb.SEGMENT_FIELD_E_INVOICE,
    "klient": pb.SEGMENT_FIELD_CUSTOMER,
}
KINDS = (("person", _l("persons")), ("company", _l("companies")))
FIELDS = {**LISTS, **SINGLE, "zaleglosc": pb.SEGMENT_FIELD_ARREARS}
WORDS = {
    "medium": _l("Commodity"),
    "miejscowosc": _l("Town"),
    "ulica": _l("Street"),
    "taryfa": _l("Tariff group"),
    "rodzaj": _l("Kind of customer"),
    "efaktura": _l("E-invoice"),
    "zaleglosc": _l("Behind"),
    "klient": _l("Customer, by id"),
}
PICKED = {
    "rodzaj": KINDS,
    "efaktura": (("yes", _l("switched on")), ("no", _l("switched off"))),
}
IS, IS_NOT, ABOVE = "jest", "nie", "ponad"
OPERATORS = {IS: pb.SEGMENT_OPERATOR_IS, IS_NOT: pb.SEGMENT_OPERATOR_IS_NOT, ABOVE: pb.SEGMENT_OPERATOR_ABOVE}
OPERATOR_WORDS = {IS: _l("is one of"), IS_NOT: _l("is none of"), ABOVE: _l("by more than")}
NEW = "miejscowosc"
PARTS = ("pole", "bylo", "jak", "wartosc")
TYPED = frozenset({"miejscowosc", "ulica", "taryfa", "klient"})


@dataclass(frozen=True)
class SegmentChoices:
    """What can be chosen: (value, word) by field."""

    lists: Mapping[str, list[tuple[str, Any]]]


@dataclass(frozen=True)
class Row:
    """One row as the template shows it; `offered` are values to pick from, `hinted` those that can be typed."""

    place: int
    field: str
    operators: tuple[str, ...]
    offered: tuple[tuple[str, Any], ...]
    hinted: tuple[str, ...]

    @property
    def is_several(self) -> bool:
        """Whether values are boxes to tick."""
        return self.field == "medium"


def choices_call() -> tuple[Any, Any]:
    """The call that brings what can be chosen, for `at_once`."""
    return clients().billing.audiences.ListSegmentChoices, audiences_pb2.ListSegmentChoicesRequest()


def choices_of(answer: audiences_pb2.ListSegmentChoicesResponse) -> SegmentChoices:
    """Billing's answer as the form offers it."""

    def plain(values: Any) -> list[tuple[str, Any]]:
        return [(value, value) for value in values]

    return SegmentChoices(
        {
            "medium": [(one, COMMODITIES.get(one, one)) for one in answer.commodities],
            "miejscowosc": plain(answer.towns),
            "ulica": plain(answer.streets),
            "taryfa": plain(answer.tariff_groups),
        }
    )


def rows_of(form: Form, choices: SegmentChoices) -> list[Row]:
    """The rows that the form holds. One of an unknown field is marked: left out, it would widen the segment."""
    rows = []
    for place in range(ROWS_MAX):
        field = form.value(f"pole_{place}")
        if field in FIELDS and (not form.sent or form.value(f"bylo_{place}") in FIELDS):
            rows.append(_row(place, field, choices))
        elif field or form.value(f"bylo_{place}"):
            form.fail(f"pole_{place}", reasons.field_sentence("UNKNOWN"))
            rows.append(_row(place, NEW, choices))
    return rows


def _row(place: int, field: str, choices: SegmentChoices) -> Row:
    operators = (ABOVE,) if field == "zaleglosc" else (IS, IS_NOT)
    offered = tuple(PICKED.get(field, choices.lists["medium"] if field == "medium" else ()))
    hinted = tuple(value for value, _word in choices.lists[field]) if field in LISTS and not offered else ()
    return Row(place, field, operators, offered, hinted)


def put(form: Form, segment: pb.Segment) -> None:
    """The conditions of a segment instead of those that were there."""
    values = initial_of(segment)
    for place in range(ROWS_MAX):
        for name in (f"{part}_{place}" for part in PARTS):
            value = values.get(name, [])
            form.put(name, value if isinstance(value, list) else [value])


def initial_of(segment: pb.Segment) -> dict[str, Any]:
    """A segment as values of the form."""
    keys = {number: key for key, number in FIELDS.items()}
    ways = {number: key for key, number in OPERATORS.items()}
    values: dict[str, Any] = {}
    for place, condition in enumerate(segment.conditions):
        field = keys[condition.field]
        values[f"pole_{place}"] = values[f"bylo_{place}"] = field
        values[f"jak_{place}"] = ways[condition.operator]
        if field == "zaleglosc":
            values[f"wartosc_{place}"] = f"{condition.amount.grosze / 100:.2f}".replace(".", ",")
        elif field in PICKED or field == "medium":
            values[f"wartosc_{place}"] = list(condition.values)
        else:
            values[f"wartosc_{place}"] = f"{SEPARATOR} ".join(condition.values)
    return values


def rearrange(form: Form, button: str) -> bool:
    """Do what a button of the rows says; true when they are others than before and the page is to be shown again."""
    places = [place for place in range(ROWS_MAX) if form.value(f"pole_{place}") in FIELDS]
    before = {place: form.value(f"bylo_{place}") for place in places}
    changed = [
        place for place in places if before[place] in FIELDS and before[place] != form.value(f"pole_{place}")
    ]
    for place in changed:
        _set(form, place, form.value(f"pole_{place}"), kept=_typed_already(form, place, before[place]))
    if button == "dodaj":
        free = [place for place in range(ROWS_MAX) if place not in places]
        if free:
            _set(form, free[0], NEW)
        return True
    gone = button.removeprefix("usun-")
    if button.startswith("usun-") and gone in map(str, places):
        form.put(f"pole_{gone}", [])
        form.put(f"bylo_{gone}", [])
        return True
    if changed:
        notices.info(
            _("The condition is another one now."), _("Look at its value, then press the button again.")
        )
    return bool(changed)


def _typed_already(form: Form, place: int, before: str) -> str:
    """What stands in the box, when both fields are typed: it may have been meant for the new one already."""
    name = f"wartosc_{place}"
    return form.value(name) if {before, form.value(f"pole_{place}")} <= TYPED else ""


def _set(form: Form, place: int, field: str, *, kept: str = "") -> None:
    form.put(f"pole_{place}", [field])
    form.put(f"bylo_{place}", [field])
    form.put(f"jak_{place}", [ABOVE if field == "zaleglosc" else IS])
    form.put(f"wartosc_{place}", [kept] if kept else [])


def segment_of(form: Form, rows: list[Row]) -> pb.Segment:
    """What the rows say; a row without its value is marked."""
    return pb.Segment(conditions=[condition for row in rows if (condition := _condition(form, row))])


def _condition(form: Form, row: Row) -> pb.SegmentCondition | None:
    name = f"wartosc_{row.place}"
    operator = form.choice(f"jak_{row.place}", row.operators)
    if row.field == "zaleglosc":
        grosze = form.money(name)
        if grosze is None:
            return None
        return pb.SegmentCondition(
            field=FIELDS[row.field], operator=OPERATORS[ABOVE], amount=Money(grosze=grosze)
        )
    if row.offered:
        values = form.choices(name, [value for value, _word in row.offered])
    else:
        typed = form.text(name, length_max=4_000)
        values = [value.strip() for value in typed.split(SEPARATOR) if value.strip()]
        if row.field == "ulica" and not all(", " in value for value in values):
            form.fail(name, _("Write the town too: „Zdrój, ul. Lipowa”."))
    if not values or not operator:
        return None
    return pb.SegmentCondition(field=FIELDS[row.field], operator=OPERATORS[operator], values=values)


def mark(form: Form, rows: list[Row], violations: Any) -> bool:
    """Show what billing says of conditions at their rows; false when there was nothing of the kind."""
    shown = False
    for violation in violations:
        before, _bracket, rest = violation.field.partition(".conditions[")
        number = rest.partition("]")[0]
        if before.endswith("segment") and number.isdigit() and int(number) < len(rows):
            form.fail(f"wartosc_{rows[int(number)].place}", reasons.field_sentence(violation.reason))
            shown = True
    return shown


def in_words(segment: pb.Segment) -> list[str]:
    """Conditions as sentences: „Ulica jest: Zdrój, ul. Lipowa”."""
    keys: Mapping[Any, str] = {number: key for key, number in FIELDS.items()}
    ways = {number: key for key, number in OPERATORS.items()}
    said = []
    for condition in segment.conditions:
        field = keys[condition.field]
        words = {**dict(PICKED.get(field, ())), **COMMODITIES}
        values = f"{SEPARATOR} ".join(str(words.get(value, value)) for value in condition.values)
        if field == "zaleglosc":
            values = f"{condition.amount.grosze / 100:.2f} zł".replace(".", ",")
        said.append(f"{WORDS[field]} {OPERATOR_WORDS[ways[condition.operator]]}: {values}")
    return said
