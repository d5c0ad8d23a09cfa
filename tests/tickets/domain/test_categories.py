"""What was filled in against the fields of a category, and what a category must be."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.tickets.domain.categories import check_answers, check_category
from services.tickets.storage import categories as stored
from services.tickets.storage.categories import Category, Choice, Field, FieldType
from services.tickets.storage.kinds import TicketKind

DEFAULTS = Path(stored.__file__).parent / "migrations" / "defaults" / "0002_workflows.yaml"
PL = {"pl": "Pole"}
NOTHING = {
    "category_id": UUID(int=1),
    "key": "high_bill",
    "kind": TicketKind.COMPLAINT,
    "names": {"pl": "Za wysoki rachunek"},
    "hints": {},
    "commodities": (),
    "fields": (),
    "workflow_id": UUID(int=2),
    "days": 14,
    "working_days": False,
    "sentences": {},
    "reopen_days": 30,
    "for_customers": True,
    "is_active": True,
    "position": 10,
    "version": 1,
}


def field(key: str, type_: str, **more) -> Field:
    return Field(key, FieldType(type_), PL, {}, **more)


def category(*fields: Field, **changes) -> Category:
    return Category(**{**NOTHING, "fields": fields, **changes})


def faults(of: Category, answers: dict[str, str]) -> dict[str, str]:
    try:
        check_answers(of, answers)
    except Invalid as refusal:
        return {one.field: one.reason for one in refusal.violations}
    return {}


CHOICES = (Choice("leak", PL), Choice("no_supply", PL))


@pytest.mark.parametrize(
    ("type_", "value", "reason"),
    [
        ("TEXT", "ul. Lipowa 4/2", ""),
        ("TEXT", "x" * 200, ""),
        ("TEXT", "x" * 201, "TOO_LONG"),
        ("TEXT", "dwie\nlinie", "MALFORMED"),
        ("LONG_TEXT", "dwie\nlinie", ""),
        ("LONG_TEXT", "x" * 4001, "TOO_LONG"),
        ("NUMBER", "123.456", ""),
        ("NUMBER", "-1", ""),
        ("NUMBER", "12,5", "MALFORMED"),
        ("NUMBER", "1e5", "MALFORMED"),
        ("NUMBER", "NaN", "MALFORMED"),
        ("NUMBER", "٣", "MALFORMED"),
        ("NUMBER", " 12", "MALFORMED"),
        ("NUMBER", "1234567890123", "OUT_OF_RANGE"),
        ("DATE", "2026-11-17", ""),
        ("DATE", "2024-02-29", ""),
        ("DATE", "2026-02-29", "MALFORMED"),
        ("DATE", "17.11.2026", "MALFORMED"),
        ("DATE", "20261117", "MALFORMED"),
        ("DATE", "1899-12-31", "OUT_OF_RANGE"),
        ("CHOICE", "leak", ""),
        ("CHOICE", "Leak", "NOT_A_CHOICE"),
        ("YES_NO", "yes", ""),
        ("YES_NO", "no", ""),
        ("YES_NO", "tak", "NOT_A_CHOICE"),
        ("INVOICE", "FV/2026/11/004821", ""),
        ("INVOICE", "<script>", "MALFORMED"),
        ("METER", "88 104 627", ""),
        ("METER", "x" * 61, "MALFORMED"),
    ],
)
def test_a_value_fits_its_field_or_is_told_why_not(type_, value, reason):
    own = field("own", type_, choices=CHOICES if type_ == "CHOICE" else ())
    assert faults(category(own), {"own": value}) == ({"answers.own": reason} if reason else {})


@pytest.mark.parametrize("type_", list(FieldType))
@pytest.mark.parametrize("empty", [{}, {"own": ""}, {"own": " \n "}])
def test_what_is_wanted_must_be_there_and_the_rest_may_be_left_out(type_, empty):
    choices = CHOICES if type_ is FieldType.CHOICE else ()
    assert faults(category(field("own", type_, is_required=True, choices=choices)), empty) == {
        "answers.own": "REQUIRED"
    }
    assert faults(category(field("own", type_, choices=choices)), empty) == {}


def test_a_field_nobody_asked_for_is_refused_and_all_faults_are_told_at_once():
    own = category(field("since_on", "DATE", is_required=True), field("where", "TEXT", is_required=True))
    assert faults(own, {"since_on": "wczoraj", "colour": "red"}) == {
        "answers.since_on": "MALFORMED",
        "answers.where": "REQUIRED",
        "answers.colour": "UNKNOWN_FIELD",
    }


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_day_is_taken_as_it_is_written(day):
    assert faults(category(field("own", "DATE")), {"own": day.isoformat()}) == {}


@given(st.text(max_size=300), st.sampled_from(list(FieldType)))
def test_whatever_is_written_is_taken_or_refused_by_name(value, type_):
    own = field("own", type_, choices=CHOICES if type_ is FieldType.CHOICE else ())
    assert set(faults(category(own), {"own": value})) <= {"answers.own"}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"key": "High bill"}, {("category.key", "MALFORMED")}),
        ({"names": {"en": "Bill"}}, {("category.names[pl]", "REQUIRED")}),
        ({"names": {"pl": "Rachunek", "de": "Rechnung"}}, {("category.names[de]", "MALFORMED")}),
        ({"sentences": {"en": "Accepted."}}, {("category.sentences[pl]", "REQUIRED")}),
        (
            {"commodities": ("water", "water", "gold")},
            {("category.commodities[1]", "DUPLICATE"), ("category.commodities[2]", "MALFORMED")},
        ),
        (
            {"fields": (field("a", "TEXT"), field("a", "TEXT"), field("b", "CHOICE"))},
            {("category.fields[1].key", "DUPLICATE"), ("category.fields[2].choices", "REQUIRED")},
        ),
        (
            {"fields": (field("b", "CHOICE", choices=(Choice("x", PL), Choice("x", {}))),)},
            {
                ("category.fields[0].choices[1].key", "DUPLICATE"),
                ("category.fields[0].choices[1].labels[pl]", "REQUIRED"),
            },
        ),
    ],
)
def test_a_category_is_told_what_is_wrong_with_it(changes, found):
    assert {(one.field, one.reason) for one in check_category(category(**changes))} == found


def test_what_a_provider_begins_with_is_sound_and_in_three_languages():
    documents = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["categories"]
    for place, document in enumerate(documents, start=1):
        own = Category(
            **{
                **NOTHING,
                **document,
                "commodities": tuple(document["commodities"]),
                "fields": tuple(stored.read_field(one) for one in document["fields"]),
                "position": place,
            }
        )
        assert check_category(own) == []
        said = [own.names, own.hints, *(one.labels for one in own.fields), *(one.hints for one in own.fields)]
        said += [choice.labels for one in own.fields for choice in one.choices] + [own.sentences]
        assert all(set(texts) in ({"pl", "en", "uk"}, set()) for texts in said)
    assert [one["key"] for one in documents if one["sentences"]] == ["high_bill"]
