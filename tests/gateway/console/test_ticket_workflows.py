"""Obiegi zgłoszeń: drawn, drafted with forms of rows, published, read version by version."""

import re

import pytest
from ebok.tickets.v1 import workflows_pb2 as pb
from ebok.tickets.v1.workflows_pb2_grpc import WorkflowServiceStub
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.workflow_drawing import LABEL_RADIUS, NODE_HEIGHT, ROW_HEIGHT, State, Way, draw
from tests.gateway.console.settings_form import Editor
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

LIST = "/konsola/zgloszenia/ustawienia/obiegi"
NEW = f"{LIST}/nowy"
FAULT = f"{LIST}/01930000-0000-7000-8000-00000000a003"


def kept(world: World, url: str, version: int = 0) -> pb.Workflow:
    """A workflow as tickets keeps it."""
    stub = world.tickets.stub(WorkflowServiceStub, world.edward)
    asked = pb.GetWorkflowRequest(workflow_id=url.rpartition("/")[2], version=version)
    return stub.GetWorkflow(asked).workflow


@pytest.fixture
def made(world: World, edward: Visitor) -> str:
    """The address of a new workflow, a draft of two states."""
    response = edward.submit(NEW, name_pl="Kontrola wodomierza", copy="", request_id="")
    assert response.status_code == 422  # Without an id of ours a double click would make two.
    form = Editor(world, edward, NEW, "console.new_ticket_workflow")
    form.fill(name_pl="Kontrola wodomierza")
    return str(form.save().location)


def edit(world: World, edward: Visitor, url: str) -> Editor:
    return Editor(world, edward, url, "console.ticket_workflow")


def publish(edward: Visitor, url: str) -> str:
    """Press the button of the page; answers the page that comes back when it is refused."""
    page = edward.page(url)
    revision = re.search(r'name="revision" value="(\d+)">\s*<button[^>]*>[^<]*Opublikuj', page)
    assert revision, plain(page)
    response = edward.submit(f"{url}/opublikuj", at=url, revision=revision[1])
    return "" if response.status_code == 303 else response.text


def test_everybody_who_works_on_cases_reads_how_they_go(daria: Visitor):
    assert "Reklamacja wersja 1" in daria.text(LIST)
    page = daria.page(FAULT)
    text = plain(page)
    assert "Awaria" in text
    assert "Przyjęte Ekipa w drodze przycisk Wyślij ekipę tak" in text
    assert "<svg" in page
    assert 'role="img"' in page
    assert "workflow-form" not in page
    assert daria.get(NEW).status_code == 403
    for tail in ("", "/opublikuj"):
        assert daria.submit(FAULT + tail, at="/konsola/ja", revision="0").status_code == 403


def test_what_was_written_in_polish_alone_says_so_on_another_page(world: World, edward: Visitor, made: str):
    form = edit(world, edward, made)
    form.fill(state_pl__0="Kontrola przyjęta", state_en__0="")
    form.save()
    try:
        edward.get("/jezyk/en?next=/konsola/ja")
        polish = '<span lang="pl">Kontrola wodomierza</span>'
        assert polish in edward.page(LIST)
        assert f"<h1>{polish}</h1>" in edward.page(made)
        assert '<title id="flow-title">Kontrola wodomierza: the states' in edward.page(made)
        assert '<td><span lang="pl">Kontrola przyjęta</span></td>' in edward.page(made)
        assert "<h1>Fault</h1>" in edward.page(FAULT)
    finally:
        edward.get("/jezyk/pl?next=/konsola/ja")
    assert "<h1>Kontrola wodomierza</h1>" in edward.page(made)


def test_a_workflow_is_drafted_published_and_goes_on_in_versions(world: World, edward: Visitor, made: str):
    form = edit(world, edward, made)
    form.press(add_states="1")
    form.fill(state_pl__2="Na miejscu", state_en__2="On the spot")
    form.press(up_states="2")
    form.press(add_ways="1")
    form.fill(way_pl__1="Wyślij", from__1="new", to__1=form.typed["state-1"][0], trigger__1="TAKEN")
    form.press(add_ways="1")
    form.fill(way_pl__2="Zamknij", from__2=form.typed["state-1"][0], to__2="closed", told__2="1")
    form.save()
    assert publish(edward, made) == ""

    first = kept(world, made)
    assert [one.names["pl"] for one in first.states] == ["Przyjęte", "Na miejscu", "Zakończone"]
    assert [(one.from_state, one.to_state) for one in first.transitions][1:] == [
        ("new", first.states[1].key),
        (first.states[1].key, "closed"),
    ]
    assert first.transitions[2].tells_customer
    assert (first.version, first.current_version) == (1, 1)

    form = edit(world, edward, made)
    form.fill(state_pl__1="W terenie")
    form.save()
    text = edward.text(made)
    assert "wersja 2 szkic" in text
    assert "Opublikuj wersję 2" in text
    assert publish(edward, made) == ""
    assert kept(world, made, 1).states[1].names["pl"] == "Na miejscu"
    older = edward.text(f"{made}/1")
    assert "zakończona" in older or "zakończony" in older or "wersja 1" in older
    assert "Na miejscu" in older
    assert edward.get(f"{made}/9").status_code == 404


def test_what_stands_in_the_way_of_publishing_is_marked_at_its_row(world: World, edward: Visitor, made: str):
    form = edit(world, edward, made)
    form.press(add_states="1")
    form.fill(state_pl__2="Bez drogi")
    form.press(add_ways="1")
    form.fill(way_pl__1="Dokąd", from__1="new", to__1="new", trigger__1="CLERK")
    form.save()
    page = publish(edward, made)
    assert "Szkic nie został opublikowany." in plain(page)
    assert re.search(r'name="state_pl-2"[^>]*aria-invalid="true"', page)
    assert re.search(r'name="to-1"[^>]*aria-invalid="true"', page)
    assert kept(world, made).current_version == 0


def test_a_draft_that_is_not_wanted_is_thrown_away(world: World, edward: Visitor, made: str):
    response = edward.submit(f"{made}/odrzuc", at=made)
    assert response.status_code == 303
    assert edward.get(made).status_code == 404

    before = kept(world, FAULT)
    form = edit(world, edward, FAULT)
    form.fill(name_pl="Inaczej")
    form.save()
    assert kept(world, FAULT).names["pl"] == "Inaczej"
    assert edward.submit(f"{FAULT}/odrzuc", at=FAULT).status_code == 303
    assert kept(world, FAULT).names == before.names


def test_saving_without_a_change_keeps_all_of_it(world: World, edward: Visitor):
    before = kept(world, FAULT)
    edit(world, edward, FAULT).save()
    after = kept(world, FAULT)
    assert (after.states, after.transitions, after.names) == (before.states, before.transitions, before.names)
    edward.submit(f"{FAULT}/odrzuc", at=FAULT)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name_pl": ""}, "name_pl"),
        ({"state_pl__0": ""}, "state_pl-0"),
        ({"status__0": "SLEEPING"}, "status-0"),
        ({"from__0": "nowhere"}, "from-0"),
        ({"trigger__0": ""}, "trigger-0"),
        ({"trigger__0": "AFTER_DAYS", "days__0": ""}, "days-0"),
        ({"trigger__0": "AFTER_DAYS", "days__0": "366"}, "days-0"),
        ({"permission__0": "billing.runs.issue"}, "permission-0"),
    ],
)
def test_a_fault_is_said_at_its_field(
    world: World, edward: Visitor, made: str, typed: dict[str, str], field: str
):
    form = edit(world, edward, made)
    form.fill(**typed)
    form.save(status=422)
    assert field in dict(form.errors())


def test_whoever_was_slower_is_told(world: World, edward: Visitor, made: str):
    first, second = edit(world, edward, made), edit(world, edward, made)
    first.fill(state_pl__0="Pierwszy")
    first.save()
    second.fill(state_pl__0="Drugi")
    second.save(status=409)
    assert second.typed["state_pl-0"] == ["Drugi"]
    assert kept(world, made).states[0].names["pl"] == "Pierwszy"


def test_a_copy_begins_with_all_of_the_other(world: World, edward: Visitor):
    form = Editor(world, edward, NEW, "console.new_ticket_workflow")
    form.fill(name_pl="Awaria w nocy", copy=FAULT.rpartition("/")[2])
    url = str(form.save().location)
    assert kept(world, url).transitions == kept(world, FAULT).transitions


KEYS = [f"s{number}" for number in range(7)]
WAYS = st.builds(
    Way,
    st.sampled_from([*KEYS, "gone"]),
    st.sampled_from(KEYS),
    st.sampled_from(["clerk", "customer", "time"]),
)


@given(st.integers(1, 7), st.lists(WAYS, max_size=25))
def test_nothing_of_a_drawing_lies_upon_another(count: int, ways: list[Way]):
    states = [State(key, key, "", "work") for key in KEYS[:count]]
    drawn = draw(states, ways)
    shown = set(KEYS[:count])
    told = sorted(int(number) for line in drawn.lines for number in line.label.split(","))
    assert told == [
        number
        for number, way in enumerate(ways, start=1)
        if {way.begin, way.end} <= shown and way.begin != way.end
    ]
    assert [box.y for box in drawn.boxes] == [drawn.boxes[0].y + ROW_HEIGHT * row for row in range(count)]
    for line in drawn.lines:
        assert LABEL_RADIUS <= line.label_x <= drawn.width - LABEL_RADIUS
        assert 0 <= line.label_y <= drawn.height
        # A number stands between two states, never on one.
        assert (line.label_y - drawn.boxes[0].y) % ROW_HEIGHT > NODE_HEIGHT
    labels = [(line.label_x, line.label_y) for line in drawn.lines]
    assert len(set(labels)) == len(labels)


def test_a_long_name_is_cut_in_the_drawing_alone():
    drawn = draw([State("a", "Czekamy na odpowiedź z laboratorium", "", "work")], [])
    assert drawn.boxes[0].name == "Czekamy na odpowiedź z labo…"
