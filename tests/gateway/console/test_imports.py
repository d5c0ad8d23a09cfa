"""Import: counts, refused rows in words and as a file, stopping."""

import csv
import io
from typing import Any

import pytest
from ebok.billing.v1 import imports_pb2, imports_pb2_grpc

from chassis.actors import Actor, ActorKind
from chassis.ids import new_id
from gateway.console import reject_words
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

IMPORTS = "/konsola/import"


def test_the_list_and_the_page_show_counts(world: World, daria: Visitor):
    assert "odczyty-reczne-2026-11.csv" in daria.text(IMPORTS)
    text = daria.text(f"{IMPORTS}/{world.import_ids[-1]}")
    for words in ("Wiersze 4", "Nowe 1", "Odrzucone 3", "Zakończony", "O tym imporcie"):
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


@pytest.mark.parametrize("tail", ["", "/postep", "/odrzucone.csv"])
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
