"""Kategorie zgłoszeń: listed, made and changed with forms of rows, without a script."""

import pytest
from ebok.tickets.v1 import categories_pb2 as pb
from ebok.tickets.v1.categories_pb2_grpc import CategoryServiceStub
from werkzeug.datastructures import MultiDict

from gateway.console.category_forms import CHOICES, FIELDS, rearranged
from gateway.console.row_forms import Row, initial_of, places
from gateway.web.forms import Form
from tests.gateway.console.settings_form import Editor
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

LIST = "/konsola/zgloszenia/ustawienia/kategorie"
NEW = f"{LIST}/nowa"
FAULT = f"{LIST}/01930000-0000-7000-8000-00000000b004"


def kept(world: World, name: str) -> pb.Category:
    """A category as tickets keeps it."""
    stub = world.tickets.stub(CategoryServiceStub, world.edward)
    found = stub.ListCategories(pb.ListCategoriesRequest(all=True)).categories
    [own] = [one for one in found if one.names["pl"] == name]
    return own


@pytest.fixture
def new(world: World, edward: Visitor) -> Editor:
    return Editor(world, edward, NEW, "console.new_ticket_category")


def test_the_manager_sees_what_customers_can_choose(edward: Visitor):
    text = edward.text(LIST)
    assert "Kategorie zgłoszeń" in text
    assert "Za wysoki rachunek Reklamacja Reklamacja 14 dni Reklamacja" in text
    assert "Obiegi Gotowe odpowiedzi" in text


def test_a_category_is_made_with_fields_and_choices_without_a_script(world: World, new: Editor):
    new.fill(name_pl="Ogród i podlewanie", name_en="Garden", name_uk="Сад", days="10", counted="working")
    new.typed["media"] = ["water"]
    new.typed["workflow"] = ["01930000-0000-7000-8000-00000000a001"]
    new.press(add_fields="1")
    new.fill(label_pl__0="Gdzie jest kran", required__0="1")
    new.press(add_fields="1")
    new.fill(label_pl__1="Rodzaj", type__1="CHOICE")
    new.save(status=422)
    assert list(new.errors()) == [("type-1", "Dodaj to, co można wybrać.")]
    new.press(add_choices="1")
    new.press(add_choices="1")
    new.fill(choice_pl__1_0="Zraszacz", choice_pl__1_1="Kran", choice_en__1_1="Tap")
    new.press(up_choices="1-1")
    new.press(up_fields="1")
    new.save()

    own = kept(world, "Ogród i podlewanie")
    assert (own.key, own.days, own.working_days, list(own.commodities)) == (
        "ogrod_i_podlewanie",
        10,
        True,
        ["water"],
    )
    assert [(one.key, one.is_required) for one in own.fields] == [
        ("rodzaj", False),
        ("gdzie_jest_kran", True),
    ]
    assert [(one.key, one.labels["pl"]) for one in own.fields[0].choices] == [
        ("kran", "Kran"),
        ("zraszacz", "Zraszacz"),
    ]
    assert own.fields[0].choices[0].labels["en"] == "Tap"


def test_a_category_is_changed_and_nothing_of_it_is_lost(world: World, edward: Visitor):
    before = kept(world, "Awaria: brak wody, wyciek, brak ciepła")
    form = Editor(world, edward, FAULT, "console.ticket_category")
    form.save()
    assert kept(world, "Awaria: brak wody, wyciek, brak ciepła") == before

    form = Editor(world, edward, FAULT, "console.ticket_category")
    form.press(remove_fields="3")
    form.fill(days="2", label_pl__1="Od którego dnia")
    form.save()
    after = kept(world, "Awaria: brak wody, wyciek, brak ciepła")
    assert [one.key for one in after.fields] == ["what", "since_on", "where"]
    assert (after.days, after.fields[1].labels["pl"]) == (2, "Od którego dnia")
    assert after.fields[0] == before.fields[0]
    assert "2 dni robocze" in edward.text(LIST).replace("2 dni roboczych", "2 dni robocze")


def test_whoever_was_slower_is_told_and_keeps_what_was_typed(world: World, edward: Visitor):
    first = Editor(world, edward, FAULT, "console.ticket_category")
    second = Editor(world, edward, FAULT, "console.ticket_category")
    first.fill(reopen_days="21")
    first.save()
    second.fill(reopen_days="7", name_en="Mine")
    second.save(status=409)
    assert "Ktoś" in second.words()
    assert second.typed["name_en"] == ["Mine"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name_pl": ""}, "name_pl"),
        ({"name_pl": "x" * 81}, "name_pl"),
        ({"days": "366"}, "days"),
        ({"days": "3,5"}, "days"),
        ({"reopen_days": "-1"}, "reopen_days"),
        ({"about_en": "Only English"}, "about_en"),
        ({"workflow": ""}, "workflow"),
        ({"position": "wysoko"}, "position"),
    ],
)
def test_a_fault_is_said_at_its_field(new: Editor, typed: dict[str, str], field: str):
    new.fill(name_pl="Próba", workflow="01930000-0000-7000-8000-00000000a001")
    new.fill(**typed)
    new.save(status=422)
    assert field in dict(new.errors())


def test_a_name_that_is_taken_is_said_at_the_name(new: Editor):
    new.fill(name_pl="High bill", workflow="01930000-0000-7000-8000-00000000a001")
    new.save(status=422)
    assert "name_pl" in dict(new.errors())


def test_a_clerk_changes_nothing(daria: Visitor):
    assert daria.get(NEW).status_code == 403
    assert daria.get(FAULT).status_code == 403
    assert daria.submit(FAULT, at="/konsola/ja", name_pl="Moja").status_code == 403


def test_a_category_that_is_not_there_is_not_found(edward: Visitor):
    assert edward.get(f"{LIST}/01930000-0000-7000-8000-0000000000ff").status_code == 404


def rows(*labels: str) -> MultiDict[str, str]:
    filled = [Row({"label_pl": label}, [Row({"choice_pl": f"{label}1"})]) for label in labels]
    return MultiDict({"name_pl": "Kategoria", **initial_of(FIELDS, filled)})


@pytest.mark.parametrize(
    ("button", "left"),
    [
        ({"add_fields": "1"}, ["A", "B", ""]),
        ({"remove_fields": "0"}, ["B"]),
        ({"up_fields": "1"}, ["B", "A"]),
        ({"down_fields": "0"}, ["B", "A"]),
        ({"up_fields": "0"}, ["A", "B"]),
        ({"down_fields": "1"}, ["A", "B"]),
        ({"remove_fields": "7"}, ["A", "B"]),
        ({"remove_fields": "-1"}, ["A", "B"]),
        ({"remove_fields": "9" * 50}, ["A", "B"]),
        ({"remove_fields": ""}, ["A", "B"]),
        ({"up_choices": "5-0"}, ["A", "B"]),
    ],
)
def test_buttons_move_rows_with_all_that_is_in_them(button: dict[str, str], left: list[str]):
    typed, moved = rearranged(MultiDict({**rows("A", "B"), **button}))
    form = Form(typed)
    assert moved
    assert [form.value(f"label_pl-{place}") for place in places(form, FIELDS)] == left
    for place, label in zip(places(form, FIELDS), left, strict=True):
        inner = [form.value(f"choice_pl-{one}") for one in places(form, CHOICES, place)]
        assert inner == ([f"{label}1"] if label else [])
    assert form.value("name_pl") == "Kategoria"


def test_a_form_claims_no_more_rows_than_there_may_be():
    form = Form(MultiDict({"fields": "999", "choices-0": "999"}))
    assert (len(places(form, FIELDS)), len(places(form, CHOICES, "0"))) == (30, 30)
    assert places(Form(MultiDict({"fields": "1e3"})), FIELDS) == []
