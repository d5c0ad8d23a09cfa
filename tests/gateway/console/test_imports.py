"""Import: counts, refused rows in words and as a file, stopping."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from ebok.billing.v1 import imports_pb2, imports_pb2_grpc
from google.protobuf.duration_pb2 import Duration

from chassis.actors import Actor, ActorKind
from chassis.ids import new_id
from gateway.console import reject_words, rejects
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

IMPORTS = "/konsola/import"


def test_the_list_and_the_page_show_counts(world: World, daria: Visitor):
    assert "odczyty-reczne-2026-11.csv" in daria.text(IMPORTS)
    text = daria.text(f"{IMPORTS}/{world.import_ids[-1]}")
    for words in ("Wiersze 4", "Nowe 1", "Odrzucone 3", "czeka: 3", "Zakończony", "O tym imporcie"):
        assert words in text, words


def test_refused_rows_are_said_in_words(world: World, daria: Visitor):
    page = daria.page(f"{IMPORTS}/{world.import_ids[-1]}")
    text = daria.text(f"{IMPORTS}/{world.import_ids[-1]}")
    assert "licznik : nie ma takiego licznika m-99" in text
    assert "dzień odczytu : nie da się odczytać 2026-13-40" in text
    assert "numer : brakuje" in text
    assert "<b>Nikt" not in page
    assert "&lt;b&gt;Nikt" in page


def test_refused_rows_go_into_a_file(world: World, daria: Visitor):
    response = daria.get(f"{IMPORTS}/{world.import_ids[-1]}/odrzucone.csv")
    rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in rows] == ["Wiersz", "1", "2", "3"]
    assert "dzień odczytu: nie da się odczytać (2026-13-40)" in rows[2][3].replace("\u00a0", " ")
    assert "meter_external_id=m-1" in rows[2][4]
    assert daria.get(f"{IMPORTS}/{world.import_ids[-1]}/odrzucone.xlsx").data.startswith(b"PK")


def test_an_import_under_way_moves_and_is_stopped_by_a_manager(
    busy_town: World, clerk: Visitor, manager: Visitor
):
    connector = busy_town.persona(Actor(ActorKind.SYSTEM, "connector", "connector"))
    stub: Any = busy_town.billing.stub(imports_pb2_grpc.ImportServiceStub, connector)
    import_id = str(new_id())
    stub.StartImport(imports_pb2.StartImportRequest(import_id=import_id, source="erp", row_count=10))
    address = f"{IMPORTS}/{import_id}"
    page = clerk.page(address)
    assert '<meta http-equiv="refresh"' in page
    assert "przerwij" not in page
    assert clerk.get(f"{address}/postep").get_json() == {
        "done": 0,
        "total": 10,
        "line": "0 z\u00a010",
        "finished": False,
    }
    assert clerk.submit(f"{address}/przerwij", at="/konsola/ja").status_code == 403
    assert manager.submit(f"{address}/przerwij", at=address).location == address
    assert "Przerwany" in manager.text(address) or "Anulowany" in manager.text(address)


@pytest.mark.parametrize(
    "tail", ["", "/postep", "/odrzucone.csv", "/wiersze/0192f000-0000-7000-8000-000000000001"]
)
def test_an_unknown_import_is_said_to_be_unknown(daria: Visitor, tail: str):
    assert daria.get(f"{IMPORTS}/0192f000-0000-7000-8000-000000000000{tail}").status_code == 404


def test_every_field_of_a_row_has_a_word():
    fields = {
        field.name
        for one in imports_pb2.ImportRow.DESCRIPTOR.oneofs_by_name["row"].fields
        if one.message_type is not None
        for field in one.message_type.fields
    }
    assert sorted(fields - set(reject_words.FIELDS)) == []


def _refused(town: World, rows: list[imports_pb2.ImportRow], **given: Any) -> tuple[str, list[str]]:
    """An import of a file and the addresses of its refused rows."""
    connector: Any = town.billing.stub(
        imports_pb2_grpc.ImportServiceStub, town.persona(Actor(ActorKind.SYSTEM, "connector", "connector"))
    )
    import_id = str(new_id())
    connector.StartImport(imports_pb2.StartImportRequest(import_id=import_id, source="zdalne.csv", **given))
    batch = imports_pb2.ImportRowsRequest(import_id=import_id, batch_number=1, rows=rows)
    connector.ImportRows(iter([batch]))
    connector.FinishImport(imports_pb2.FinishImportRequest(import_id=import_id))
    listed = connector.ListRejects(imports_pb2.ListRejectsRequest(import_id=import_id)).rejects
    address = f"{IMPORTS}/{import_id}"
    return address, [f"{address}/wiersze/{one.reject_id}" for one in listed]


def _mend(visitor: Visitor, row: str, **changes: str) -> Any:
    """Open the row, change what is given, and send all of its form."""
    form = BeautifulSoup(visitor.page(row), "lxml").select_one("#mend")
    assert form is not None
    values = {str(field["name"]): str(field.get("value", "")) for field in form.select("input")}
    return visitor.post(row, data=values | changes)


def _house(number: int, **fields: str) -> imports_pb2.ImportRow:
    values = {
        "external_id": f"refused-{number}-{new_id()}",
        "street": "Polna",
        "building": "7",
        "town": "Zdrój",
    }
    return imports_pb2.ImportRow(row_number=number, premises=imports_pb2.PremisesRow(**(values | fields)))


def test_a_refused_row_is_mended_at_its_fields_and_the_next_one_opens(busy_town: World, clerk: Visitor):
    address, [first, second] = _refused(busy_town, [_house(1, building=""), _house(2, town="")])
    page = clerk.text(first)
    assert "Wiersz 1" in page
    assert "Ten wiersz został odrzucony." in page
    assert "Brakuje." in page

    # Still wrong: the sentence stands at the field, what was typed stays.
    again = _mend(clerk, first, building="", street="Nowa <b>")
    assert again.status_code == 422
    assert "Wiersz znów został odrzucony." in again.get_data(as_text=True)
    assert 'value="Nowa &lt;b&gt;"' in again.get_data(as_text=True)

    done = _mend(clerk, first, building="9")
    assert (done.status_code, done.location) == (303, second)
    assert "Wiersz przyjęty." in clerk.text(second)
    settled = clerk.text(first)
    assert "przyjęty" in settled
    assert "Wyślij ponownie" not in settled

    aside = clerk.submit(f"{second}/odloz", at=second)
    assert aside.location == address
    assert "Żaden odrzucony wiersz tego importu już nie czeka." in clerk.text(address)
    assert "odłożony" in clerk.text(second)
    assert "Żaden wiersz nie czeka" in clerk.text(f"{address}?wiersze=otwarte")


def test_the_second_of_two_clerks_sees_what_came_of_it(busy_town: World, clerk: Visitor, manager: Visitor):
    _address, [row] = _refused(busy_town, [_house(1, building="")])
    token = clerk.page(row)
    assert "Wyślij ponownie" in token
    assert _mend(manager, row, building="11").status_code == 303

    late = clerk.submit(row, at="/konsola/ja", building="12")
    assert late.location == row
    text = clerk.text(row)
    assert "Ktoś już zajął się tym wierszem." in text
    assert "11" in text
    assert clerk.submit(f"{row}/odloz", at="/konsola/ja").location == row


def test_rows_of_a_trial_are_shown_and_not_mended(busy_town: World, clerk: Visitor):
    address, [row] = _refused(busy_town, [_house(1, building="")], dry_run=True)
    text = clerk.text(row)
    assert "Popraw wiersz u źródła" in text
    assert "Wyślij ponownie" not in text
    assert "Czekające" not in clerk.text(address)


def test_a_row_belongs_to_its_import(busy_town: World, clerk: Visitor):
    address, _rows = _refused(busy_town, [_house(1, building="")])
    _other, [row] = _refused(busy_town, [_house(1, building="")])
    assert clerk.get(f"{address}/wiersze/{row.rpartition('/')[2]}").status_code == 404


def test_watched_sources_say_how_old_they_are_and_that_they_are_late(busy_town: World, clerk: Visitor):
    quarter, second = Duration(seconds=900), Duration(seconds=1)
    _refused(busy_town, [_house(1, building="")], feed="Odczyty zdalne", every=quarter)
    text = clerk.text(IMPORTS)
    assert "Obserwowane źródła" in text
    assert "Odczyty zdalne" in text
    assert "15 minut" in text
    assert "spóźnione" not in text

    _refused(busy_town, [_house(1)], feed="Klienci", every=second)
    busy_town.clock.advance(timedelta(seconds=3))
    assert "spóźnione" in clerk.text(IMPORTS)


def test_every_kind_of_row_has_its_form_and_every_field_its_place():
    kinds = {
        field.message_type.full_name  # type: ignore[union-attr]
        for field in imports_pb2.ImportRow.DESCRIPTOR.oneofs_by_name["row"].fields
    }
    assert {row.DESCRIPTOR.full_name for row in rejects.ROWS.values()} == kinds
    assert rejects.ROWS.keys() | {"unknown"} == reject_words.KINDS.keys()
    for kind, names in rejects.MAY_BE_EMPTY.items():
        assert names < set(rejects.ROWS[kind].DESCRIPTOR.fields_by_name)
