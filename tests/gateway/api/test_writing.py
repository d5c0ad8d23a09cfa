"""What other systems write: once for each key, as the document says, and it is there afterwards."""

import socket
import time
from typing import Any

import pytest
from flask import Flask

from chassis.ids import new_id
from gateway.api import bodies
from tests.gateway.api import said
from tests.gateway.api.office import Office, Program
from tests.gateway.world import World


def answered(app: Flask, name: str, response: Any) -> Any:
    """The body of an answer that is as the document says."""
    [operation] = [one for one in said.operations(app) if one.name == name]
    assert response.status_code < 300, response.text
    assert list(said.faults(app, operation, response)) == []
    return response.get_json(silent=True)


@pytest.fixture
def category(everything: Program) -> str:
    found = everything.read("/ticket-categories")["items"]
    return str(next(one["category_id"] for one in found if one["key"] == "invoice_question"))


def ticket(category: str, **values: str) -> dict[str, Any]:
    said = {"category_id": category, "subject": "Kopia umowy", "body": "Proszę o kopię.", "channel": "email"}
    return {**said, **values}


def test_contact_data_are_changed_and_put_back(app: Flask, everything: Program, world: World):
    path = f"/customers/{world.bakery.customer_id}"
    before = everything.read(path)
    new = {"email": "piekarnia@poczta.example", "phone": "600 300 400"}
    body = answered(app, "put_contact_data", everything.write("PUT", f"{path}/contact-data", new))
    assert (body["email"], body["phone"]) == ("piekarnia@poczta.example", "+48600300400")
    everything.write("PUT", f"{path}/contact-data", {"email": None, "phone": None})
    after = everything.read(path)
    assert (after["email"], after["phone"]) == (before["email"], before["phone"])


def test_a_bad_telephone_is_a_problem_at_its_field(everything: Program, world: World):
    path = f"/customers/{world.bakery.customer_id}/contact-data"
    response = everything.write("PUT", path, {"email": None, "phone": "123"})
    assert response.status_code == 422
    assert response.json["violations"] == [{"field": "phone", "reason": "MALFORMED"}]


def test_a_case_is_opened_once_for_a_key(app: Flask, everything: Program, world: World, category: str):
    path, key = f"/customers/{world.celinas.customer_id}/tickets", str(new_id())
    first = everything.write("POST", path, ticket(category), key=key)
    body = answered(app, "post_ticket", first)
    again = everything.write("POST", path, ticket(category), key=key)
    assert (again.status_code, again.json["ticket_id"]) == (201, body["ticket_id"])
    other = everything.write("POST", path, ticket(category, subject="Inna sprawa"), key=key)
    assert (other.status_code, other.json["reason"]) == (422, "REQUEST_DIFFERS")
    elsewhere = f"/customers/{world.bakery.customer_id}/tickets"
    assert everything.write("POST", elsewhere, ticket(category), key=key).status_code == 422
    numbers = [one["number"] for one in everything.read(f"{path}?page_size=100")["items"]]
    assert numbers.count(body["number"]) == 1
    assert first.headers["Location"] == f"/api/v1/tickets/{body['ticket_id']}"


def test_a_key_of_one_client_is_nothing_to_another(
    everything: Program, office: Office, world: World, category: str
):
    path, key = f"/customers/{world.celinas.customer_id}/tickets", str(new_id())
    first = everything.write("POST", path, ticket(category), key=key).json
    second = office.system("ERP").write("POST", path, ticket(category), key=key).json
    assert first["ticket_id"] != second["ticket_id"]


def test_a_case_is_answered_and_noted_on(app: Flask, everything: Program, world: World, category: str):
    opened = everything.write(
        "POST", f"/customers/{world.celinas.customer_id}/tickets", ticket(category)
    ).json
    path, key = f"/tickets/{opened['ticket_id']}", str(new_id())
    note = {"body": "Umowa jest w archiwum.", "mode": "note"}
    body = answered(app, "post_ticket_message", everything.write("POST", f"{path}/messages", note, key=key))
    assert body["message"]["is_internal"] is True
    everything.write("POST", f"{path}/messages", note, key=key)
    answer = {"body": "Wysłaliśmy kopię.", "mode": "answer_and_close"}
    answered(app, "post_ticket_message", everything.write("POST", f"{path}/messages", answer))
    case = answered(app, "get_ticket", everything.get(path))
    bodies = [one["body"] for one in case["messages"] if one["body"]]
    assert bodies == ["Proszę o kopię.", "Umowa jest w archiwum.", "Wysłaliśmy kopię."]
    assert case["ticket"]["status"] == "closed"
    late = everything.write("POST", f"{path}/messages", {"body": "Jeszcze jedno.", "mode": "answer"})
    assert (late.status_code, late.json["reason"]) == (409, "TICKET_CLOSED")


def test_a_reading_is_written_down(app: Flask, everything: Program, world: World):
    customer = world.bakery.customer_id
    meter = next(
        one for one in everything.read(f"/customers/{customer}/meters")["items"] if not one["removed_on"]
    )
    value = str(float(meter["last_value"]) + 1)
    reading = {"meter_id": meter["meter_id"], "read_on": world.today.isoformat(), "value": value}
    body = answered(app, "post_reading", everything.write("POST", f"/customers/{customer}/readings", reading))
    again = everything.write("POST", f"/customers/{customer}/readings", reading)
    assert again.json["reading_id"] == body["reading_id"]
    assert body["reading_id"] in [
        one["reading_id"] for one in everything.read(f"/customers/{customer}/readings")["items"]
    ]
    low = everything.write("POST", f"/customers/{customer}/readings", {**reading, "value": "0"})
    assert low.status_code == 422
    assert {"field": "value", "reason": "BELOW_PREVIOUS"} in low.json["violations"]


def test_an_announcement_is_written_published_and_withdrawn(app: Flask, everything: Program):
    path = f"/announcements/{new_id()}"
    written = {
        "titles": {"pl": "Płukanie sieci", "en": "Flushing"},
        "bodies": {"pl": "W **nocy** woda może być mętna."},
        "conditions": [{"field": "town", "operator": "is", "values": ["Zdrój"]}],
        "version": 0,
    }
    draft = answered(app, "put_announcement", everything.write("PUT", path, written))
    assert (draft["status"], draft["conditions"][0]["values"]) == ("draft", ["Zdrój"])
    stale = everything.write("PUT", path, {**written, "titles": {"pl": "Inaczej"}})
    assert (stale.status_code, stale.json["reason"]) == (409, "ANNOUNCEMENT_CHANGED")
    published = everything.write("POST", f"{path}/publish", {"version": draft["version"]})
    assert answered(app, "publish_announcement", published)["status"] == "published"
    withdrawn = everything.write("POST", f"{path}/withdraw")
    answered(app, "withdraw_announcement", withdrawn)
    assert (withdrawn.status_code, withdrawn.data) == (204, b"")
    assert everything.read(path)["status"] == "withdrawn"


def test_rows_are_imported_in_batches(app: Flask, everything: Program, world: World):
    key = str(new_id())
    opened = everything.write("POST", "/imports", {"source": "erp: v_premises", "row_count": 2}, key=key)
    body = answered(app, "post_import", opened)
    again = everything.write("POST", "/imports", {"source": "erp: v_premises", "row_count": 2}, key=key)
    assert again.json["import_id"] == body["import_id"]
    path = f"/imports/{body['import_id']}"
    good = {"external_id": "api-1", "street": "Polna", "building": "3", "postcode": "57-000", "town": "Zdrój"}
    rows = [
        {"row_number": 1, "premises": good},
        {"row_number": 2, "premises": {**good, "external_id": "api-2", "postcode": "57000000"}},
    ]
    taken = answered(app, "put_batch", everything.write("PUT", f"{path}/batches/1", {"rows": rows}))
    assert (taken["batch_count"], taken["created_count"], taken["rejected_count"]) == (1, 1, 1)
    everything.write("PUT", f"{path}/batches/1", {"rows": rows})
    early = everything.write("PUT", f"{path}/batches/7", {"rows": rows})
    assert (early.status_code, early.json["reason"]) == (409, "BATCH_OUT_OF_ORDER")
    done = answered(app, "finish_import", everything.write("POST", f"{path}/finish"))
    assert (done["status"], done["done_count"]) == ("finished", 2)
    [reject] = answered(app, "list_rejects", everything.get(f"{path}/rejects"))["items"]
    assert (reject["row_number"], reject["reasons"][0]["field"]) == (2, "postcode")
    two = {"row_number": 3, "premises": good, "meter": {"external_id": "api-3"}}
    refused = everything.write("PUT", f"{path}/batches/2", {"rows": [two]})
    assert refused.status_code == 400
    assert refused.json["violations"] == [{"field": "rows[0]", "reason": "TOO_MANY"}]
    late = everything.write("PUT", f"{path}/batches/2", {"rows": rows})
    assert (late.status_code, late.json["reason"]) == (409, "IMPORT_FINISHED")


def test_an_import_is_cancelled(app: Flask, everything: Program):
    opened = everything.write("POST", "/imports", {"source": "pomyłka.csv", "dry_run": True}).json
    cancelled = everything.write("POST", f"/imports/{opened['import_id']}/cancel")
    assert answered(app, "cancel_import", cancelled)["status"] == "cancelled"


def test_a_run_is_prepared_and_discarded(app: Flask, everything: Program, world: World):
    run = {"name": "Próba", "period_from": "2024-08-01", "period_to": "2024-08-31", "payment_days": 14}
    key = str(new_id())
    made = answered(app, "post_run", everything.write("POST", "/runs", run, key=key))
    assert everything.write("POST", "/runs", run, key=key).json["run_id"] == made["run_id"]
    path = f"/runs/{made['run_id']}"
    early = everything.write("POST", f"{path}/issue", {"invoice_count": 1})
    assert (early.status_code, early.json["reason"]) == (409, "RUN_NOT_READY")
    world.billing.run_job("runs.advance")
    answered(app, "recalculate_run", everything.write("POST", f"{path}/recalculate"))
    world.billing.run_job("runs.advance")
    answered(app, "list_parked", everything.get(f"{path}/parked"))
    gone = answered(app, "discard_run", everything.write("POST", f"{path}/discard"))
    assert gone["status"] == "discarded"


def test_a_meter_is_replaced_once(app: Flask, everything: Program, world: World):
    customer, key = world.made["customer_id"], str(new_id())
    meter = everything.read(f"/customers/{customer}/meters")["items"][0]
    said = {
        "replaced_on": world.today.isoformat(),
        "final_value": "12",
        "serial_number": f"API{str(new_id())[-6:]}",
        "initial_value": "0",
    }
    path = f"/meters/{meter['meter_id']}/replace"
    new = answered(app, "replace_meter", everything.write("POST", path, said, key=key))
    assert new["serial_number"] == said["serial_number"]
    assert everything.write("POST", path, said, key=key).json["meter_id"] == new["meter_id"]


@pytest.mark.parametrize("key", [None, "", "ż", "a b", "x" * 201])
def test_a_write_without_a_sound_key_is_refused(everything: Program, key: str | None):
    headers = {} if key is None else {"Idempotency-Key": key.encode().decode("latin-1")}
    response = everything.send("POST", "/runs", json={}, headers=headers)
    assert response.status_code == 400
    assert response.json["reason"] in ("IDEMPOTENCY_KEY_REQUIRED", "IDEMPOTENCY_KEY_MALFORMED")


@pytest.mark.parametrize(
    ("body", "violation"),
    [
        ({}, {"field": "name", "reason": "REQUIRED"}),
        ({"name": "x", "owner": "y"}, {"field": "owner", "reason": "UNKNOWN_FIELD"}),
        ({"name": 5}, {"field": "name", "reason": "MALFORMED"}),
        ({"name": "x\u0000"}, {"field": "name", "reason": "MALFORMED"}),
        ({"period_from": "2024-1-1"}, {"field": "period_from", "reason": "MALFORMED"}),
        ({"payment_days": "14"}, {"field": "payment_days", "reason": "MALFORMED"}),
        ({"payment_days": True}, {"field": "payment_days", "reason": "MALFORMED"}),
        ({"payment_days": 91}, {"field": "payment_days", "reason": "OUT_OF_RANGE"}),
    ],
)
def test_what_is_wrong_with_a_body_is_told_by_field(
    everything: Program, body: Any, violation: dict[str, str]
):
    response = everything.write("POST", "/runs", body)
    assert response.status_code == 400
    assert violation in response.json["violations"]


@pytest.mark.parametrize(
    ("data", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b'{"name": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_or_too_large_is_refused(
    everything: Program, data: bytes, media: str, status: int
):
    headers = {"Idempotency-Key": str(new_id())}
    response = everything.send("POST", "/runs", data=data, content_type=media, headers=headers)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


def test_who_dribbles_is_left_alone(everything: Program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as stream:
        theirs.sendall(b'{"name": ')
        began = time.monotonic()
        response = everything.send(
            "POST",
            "/runs",
            content_type="application/json",
            headers={"Idempotency-Key": str(new_id())},
            environ_overrides={"wsgi.input": stream, "CONTENT_LENGTH": "100", bodies.CONNECTION: ours},
        )
    assert (response.status_code, response.json["reason"]) == (408, "REQUEST_TIMEOUT")
    assert time.monotonic() - began < 5
