"""The door of categories: what customers can choose, and what the provider makes of it."""

from typing import Any

import pytest
from ebok.tickets.v1 import categories_pb2 as pb
from ebok.tickets.v1.categories_pb2_grpc import CategoryServiceStub
from ebok.tickets.v1.tickets_pb2 import TICKET_KIND_QUESTION
from ebok.tickets.v1.workflows_pb2 import SaveWorkflowDraftRequest, Workflow
from ebok.tickets.v1.workflows_pb2_grpc import WorkflowServiceStub

from chassis.errors import Conflict, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id

CASE = "01930000-0000-7000-8000-00000000a001"
ALL = pb.ListCategoriesRequest(all=True)


def field(key: str, type_: Any = pb.CATEGORY_FIELD_TYPE_TEXT, **more: Any) -> pb.CategoryField:
    return pb.CategoryField(key=key, type=type_, labels={"pl": key}, **more)


def category(**changes: Any) -> pb.Category:
    values: dict[str, Any] = {
        "key": "garden",
        "kind": TICKET_KIND_QUESTION,
        "names": {"pl": "Woda do ogrodu", "en": "Water for the garden"},
        "workflow_id": CASE,
        "fields": [field("where")],
        "days": 7,
        "working_days": True,
        "reopen_days": 30,
        "for_customers": True,
        "is_active": True,
        "position": 25,
    }
    return pb.Category(**{**values, **changes})


@pytest.fixture
def categories(served, as_edward):
    return served.stub(CategoryServiceStub, as_edward)


@pytest.fixture
def of_anna(served, as_anna):
    """What Anna can choose."""
    stub = served.stub(CategoryServiceStub, as_anna)

    def ask(**more: Any) -> list[pb.Category]:
        request = pb.ListCategoriesRequest(customer_id=as_anna.customer_id, **more)
        return list(stub.ListCategories(request).categories)

    return ask


def save(stub, wanted: pb.Category) -> pb.Category:
    return stub.SaveCategory(pb.SaveCategoryRequest(category=wanted)).category


def faults(refusal) -> set[tuple[str, str]]:
    return {(one.field, one.reason) for one in refusal.value.violations}


def test_a_provider_begins_with_categories_in_three_languages(categories, of_anna):
    everything = categories.ListCategories(ALL).categories
    assert [one.key for one in everything] == [
        "high_bill",
        "invoice_question",
        "meter",
        "fault",
        "contract_change",
        "move_out",
        "instalments",
        "e_invoice",
        "other",
        "company_complaint",
    ]
    assert all(set(one.names) == {"pl", "en", "uk"} for one in everything)
    high_bill = everything[0]
    assert (high_bill.days, high_bill.working_days) == (14, False)
    assert high_bill.sentences["pl"] == "Jeśli nie zdążymy, reklamacja jest uznana."
    assert [one.key for one in of_anna()] == [one.key for one in everything if one.for_customers]


@pytest.mark.repeats("CategoryService/SaveCategory")
def test_a_new_category_is_made_once(categories, of_anna):
    first = save(categories, category())
    again = save(categories, category())
    assert again == first
    assert first.version == 1
    assert [one.key for one in of_anna()][2:4] == ["garden", "meter"]


@pytest.mark.repeats("CategoryService/SaveCategory")
def test_changing_it_the_same_way_twice_changes_it_once(categories):
    made = save(categories, category())
    made.names["pl"] = "Woda na działkę"
    changed = save(categories, made)
    assert save(categories, made) == changed
    assert changed.version == made.version + 1


def test_a_key_belongs_to_one_category(categories):
    made = save(categories, category())
    with pytest.raises(Invalid) as refusal:
        save(categories, category(days=9))
    assert faults(refusal) == {("category.key", "DUPLICATE")}
    made.key = "other"
    with pytest.raises(Invalid) as refusal:
        save(categories, made)
    assert faults(refusal) == {("category.key", "DUPLICATE")}


def test_whoever_was_slower_is_told(categories):
    made = save(categories, category())
    mine, theirs = pb.Category(), pb.Category()
    mine.CopyFrom(made)
    theirs.CopyFrom(made)
    mine.days, theirs.days = 5, 10
    save(categories, mine)
    with pytest.raises(Conflict) as refusal:
        save(categories, theirs)
    assert refusal.value.reason == "CATEGORY_CHANGED"


def test_what_is_closed_or_not_for_customers_is_not_offered_to_them(categories, of_anna):
    made = save(categories, category())
    made.for_customers = False
    made = save(categories, made)
    assert "garden" not in [one.key for one in of_anna()]
    assert "garden" in [one.key for one in categories.ListCategories(pb.ListCategoriesRequest()).categories]

    made.for_customers, made.is_active = True, False
    save(categories, made)
    assert "garden" not in [one.key for one in of_anna(all=True)]
    assert "garden" not in [
        one.key for one in categories.ListCategories(pb.ListCategoriesRequest()).categories
    ]
    assert "garden" in [one.key for one in categories.ListCategories(ALL).categories]


def test_all_of_a_category_is_kept(categories):
    fields = [
        field("since_on", pb.CATEGORY_FIELD_TYPE_DATE, is_required=True, hints={"pl": "Dzień"}),
        field("used", pb.CATEGORY_FIELD_TYPE_NUMBER, unit="m³"),
        field(
            "where",
            pb.CATEGORY_FIELD_TYPE_CHOICE,
            choices=[pb.CategoryChoice(key="yard", labels={"pl": "podwórko", "uk": "двір"})],
        ),
    ]
    wanted = category(
        fields=fields,
        commodities=["water", "sewage"],
        sentences={"pl": "Tak mówi regulamin."},
        hints={"pl": "Podlewanie."},
    )
    made = save(categories, wanted)
    wanted.category_id, wanted.version = made.category_id, 1
    assert made == wanted
    assert [one for one in categories.ListCategories(ALL).categories if one.key == "garden"] == [wanted]


def test_what_belongs_to_another_type_is_left_out(categories):
    choice = pb.CategoryChoice(key="yard", labels={"pl": "podwórko"})
    [own] = save(categories, category(fields=[field("where", choices=[choice], unit="m³")])).fields
    assert (len(own.choices), own.unit) == (0, "")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"key": ""}, {("category.key", "REQUIRED")}),
        ({"key": "Ogród"}, {("category.key", "MALFORMED")}),
        ({"names": {"en": "Garden"}}, {("category.names[pl]", "REQUIRED")}),
        ({"names": {}}, {("category.names", "REQUIRED")}),
        ({"kind": 0}, {("category.kind", "REQUIRED")}),
        ({"kind": 77}, {("category.kind", "UNKNOWN")}),
        ({"days": 366}, {("category.days", "OUT_OF_RANGE")}),
        ({"commodities": ["gold"]}, {("category.commodities[0]", "MALFORMED")}),
        ({"fields": [field("a"), field("a")]}, {("category.fields[1].key", "DUPLICATE")}),
        ({"fields": [field(f"f{number}") for number in range(31)]}, {("category.fields", "TOO_MANY")}),
        ({"fields": [field("a", 0)]}, {("category.fields[0].type", "REQUIRED")}),
        (
            {"fields": [field("a", pb.CATEGORY_FIELD_TYPE_CHOICE)]},
            {("category.fields[0].choices", "REQUIRED")},
        ),
        ({"workflow_id": "nothing"}, {("category.workflow_id", "MALFORMED")}),
    ],
)
def test_a_category_is_refused_field_by_field(categories, changes, found):
    with pytest.raises(Invalid) as refusal:
        save(categories, category(**changes))
    assert faults(refusal) == found


def test_its_workflow_must_be_there_and_in_force(served, categories, as_edward):
    with pytest.raises(NotFound) as refusal:
        save(categories, category(workflow_id=str(new_id())))
    assert refusal.value.reason == "WORKFLOW_NOT_FOUND"
    draft = (
        served.stub(WorkflowServiceStub, as_edward)
        .SaveWorkflowDraft(
            SaveWorkflowDraftRequest(workflow=Workflow(names={"pl": "Nowy"}), request_id=str(new_id()))
        )
        .workflow
    )
    with pytest.raises(NotFound) as refusal:
        save(categories, category(workflow_id=draft.workflow_id))
    assert refusal.value.reason == "WORKFLOW_NOT_FOUND"


def test_a_category_that_is_not_there_is_not_made_by_changing_it(categories):
    with pytest.raises(NotFound) as refusal:
        save(categories, category(category_id=str(new_id())))
    assert refusal.value.reason == "CATEGORY_NOT_FOUND"


def test_there_is_an_end_to_how_many_categories_there_are(categories):
    for number in range(90):
        save(categories, category(key=f"k{number}"))
    with pytest.raises(Invalid) as refusal:
        save(categories, category(key="one_more"))
    assert faults(refusal) == {("category", "TOO_MANY")}
    assert len(categories.ListCategories(ALL).categories) == 100


def test_a_case_keeps_what_it_was_opened_with(categories, office, of_anna):
    made = save(categories, category(commodities=["water"]))
    ticket = office.open(
        category_id=made.category_id, answers=[{"key": "where", "value": "za domem"}], commodity="water"
    )
    made.fields[0].labels["pl"] = "Gdzie dokładnie"
    made.days, made.names["pl"] = 30, "Inna nazwa"
    assert save(categories, made).open_count == 1
    kept = office.read(ticket).ticket
    assert kept.answers[0].labels["pl"] == "where"
    assert (kept.clock.days_total, kept.category_names["pl"]) == (7, "Woda do ogrodu")
    counted = categories.ListCategories(pb.ListCategoriesRequest(all=True, counted=True)).categories
    assert [one.open_count for one in counted if one.key == "garden"] == [1]
    assert not any(one.open_count for one in categories.ListCategories(ALL).categories)
    assert not any(one.open_count for one in of_anna(counted=True))


def test_a_clerk_may_choose_and_not_change(served, as_daria):
    clerk = served.stub(CategoryServiceStub, as_daria.allowed("tickets.categories.read"))
    assert clerk.ListCategories(ALL).categories
    with pytest.raises(PermissionDenied):
        save(clerk, category())


def test_nobody_asks_in_the_name_of_another_customer(served, as_celina, as_anna):
    stub = served.stub(CategoryServiceStub, as_celina)
    with pytest.raises(PermissionDenied):
        stub.ListCategories(pb.ListCategoriesRequest(customer_id=as_anna.customer_id))
    with pytest.raises(PermissionDenied):
        save(stub, category())
