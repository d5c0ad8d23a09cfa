"""What other systems read: each path is as the document says, and says what the services say."""

import io
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from tests.gateway.api import said
from tests.gateway.api.office import Office, Program
from tests.gateway.api.said import Said
from tests.gateway.world import World


def readers(app: Flask, *, personal: bool = False) -> list[Said]:
    return [one for one in said.operations(app) if one.method == "GET" and one.is_personal is personal]


def test_every_path_that_reads_answers_as_the_document_says(app: Flask, world: World, everything: Program):
    faults, seen = list[str](), 0
    for one in readers(app):
        response = everything.get(said.path_of(world, one))
        assert response.status_code == 200, (one.path, response.text)
        faults += said.faults(app, one, response)
        seen += 1
    assert faults == []
    assert seen > 25


def test_every_list_has_something_in_it(app: Flask, world: World, everything: Program):
    """The eyes of the test above: an empty list is as any document says."""
    empty = []
    for one in readers(app):
        body = everything.get(said.path_of(world, one)).get_json(silent=True)
        if isinstance(body, dict) and body.get("items") == []:
            empty.append(one.name)
    # Nobody is parked in the newest run, and its own import refused nothing.
    assert set(empty) <= {"list_parked", "list_rejects", "list_run_invoices"}


def test_a_customer_is_found_and_read(everything: Program, world: World):
    found = everything.read("/customers?query=Anna")["items"]
    [anna] = [one for one in found if one["customer_id"] == world.annas.customer_id]
    assert (anna["number"], anna["kind"], anna["currency"]) == ("20411085", "person", "PLN")
    one = everything.read(f"/customers/{world.annas.customer_id}")
    assert one["name"] == world.annas.name
    assert "balance" not in one


def test_an_invoice_says_what_billing_says(everything: Program, world: World):
    invoice = world.annas.last_invoice
    path = f"/customers/{world.annas.customer_id}/invoices/{invoice.invoice_id}"
    body = everything.read(path)
    grosze = invoice.total_gross.grosze
    assert body["invoice"]["total_gross"] == f"{grosze // 100}.{grosze % 100:02d}"
    assert body["invoice"]["currency"] == body["currency"] == "PLN"
    assert (
        body["invoice"]["due_on"]
        == f"{invoice.due_on.year}-{invoice.due_on.month:02}-{invoice.due_on.day:02}"
    )
    assert sum(cents(row["gross"]) for row in body["vat_rows"]) == grosze
    assert sum(cents(row["net"]) for row in body["vat_rows"]) == cents(body["invoice"]["total_net"])


def cents(amount: str) -> int:
    zloty, _, grosze = amount.partition(".")
    assert len(grosze) == 2
    return int(zloty) * 100 + int(grosze)


def test_an_invoice_comes_as_a_pdf(everything: Program, world: World):
    invoice = world.annas.last_invoice
    response = everything.get(f"/customers/{world.annas.customer_id}/invoices/{invoice.invoice_id}/pdf")
    assert response.mimetype == "application/pdf"
    assert invoice.number in PdfReader(io.BytesIO(response.data)).pages[0].extract_text()
    assert ".pdf" in response.headers["Content-Disposition"]


def test_a_ledger_adds_up(everything: Program, world: World):
    body = everything.read(f"/customers/{world.annas.customer_id}/ledger?from=2025-01-01&until=2026-11-22")
    assert (body["from"], body["until"]) == ("2025-01-01", "2026-11-22")
    opening, closing, charged, paid, refunded, corrected = (
        cents(body[key].removeprefix("-")) * (-1 if body[key].startswith("-") else 1)
        for key in ("opening_balance", "closing_balance", "charged", "paid", "refunded", "corrected")
    )
    assert opening + charged - paid + refunded + corrected == closing
    assert body["entries"][-1]["balance_after"] == body["closing_balance"]


def test_a_list_is_walked_through_by_its_links(everything: Program, world: World):
    path = f"/customers/{world.annas.customer_id}/invoices?page_size=7"
    seen, response = list[str](), everything.get(path)
    for _page in range(20):
        seen += [one["invoice_id"] for one in response.json["items"]]
        links = response.headers.get("Link", "")
        if 'rel="next"' not in links:
            break
        [following] = [one for one in links.split(", ") if one.endswith('rel="next"')]
        assert response.json["next_cursor"] in following.replace("%3D", "=")
        response = everything.get(following[1 : following.index(">")].removeprefix("/api/v1"))
    assert seen == [one.invoice_id for one in world.annas.invoices]
    assert 'rel="prev"' in response.headers["Link"]
    assert response.json["next_cursor"] is None


WRONG = [
    "page_size=0",
    "page_size=101",
    "page_size=x",
    "page_size=1.5",
    "siez=3",
    "year=20x6",
    "paid_state=unpaid",
]


@pytest.mark.parametrize("query", [*WRONG, "page_size=1&page_size=2"])
def test_a_query_that_the_document_does_not_have_is_refused(everything: Program, world: World, query: str):
    response = everything.get(f"/customers/{world.annas.customer_id}/invoices?{query}")
    assert response.status_code == 400, response.text
    assert response.mimetype == "application/problem+json"
    assert response.json["reason"] == "MALFORMED_REQUEST"
    assert response.json["violations"]


def test_a_cursor_of_nobody_is_refused_by_the_service(everything: Program, world: World):
    response = everything.get(f"/customers/{world.annas.customer_id}/invoices?cursor=abc")
    assert response.status_code == 422
    assert response.json["violations"] == [{"field": "page.cursor", "reason": "MALFORMED"}]


def test_filters_filter(everything: Program, world: World):
    path = f"/customers/{world.celinas.customer_id}/invoices"
    overdue = everything.read(f"{path}?paid_state=overdue")["items"]
    assert overdue
    assert {one["paid_state"] for one in overdue} == {"overdue"}
    assert {one["issued_on"][:4] for one in everything.read(f"{path}?year=2025")["items"]} == {"2025"}
    assert everything.read("/customers?in_arrears=true&kind=person")["items"]
    assert everything.read("/payments?status=failed")["items"][0]["status"] == "failed"


def test_who_has_the_answer_is_not_told_again(everything: Program, world: World):
    path = f"/customers/{world.annas.customer_id}/invoices"
    first = everything.get(path)
    tag = first.headers["ETag"]
    again = everything.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert everything.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]


def test_head_says_what_get_would_and_options_asks_no_token(app: Flask, everything: Program, world: World):
    path = f"/customers/{world.annas.customer_id}/invoices"
    head, get = everything.send("HEAD", path), everything.get(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]
    options = app.test_client().options(f"/api/v1{path}")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_no_other_origin_is_let_in_and_no_cookie_is_set(everything: Program, world: World):
    headers = {"Origin": "https://zlo.example"}
    response = everything.get(f"/customers/{world.annas.customer_id}", headers=headers)
    assert [name for name, _value in response.headers if name.startswith("Access-Control")] == []
    assert "Set-Cookie" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/customers/{unknown}", 404, "CUSTOMER_NOT_FOUND"),
        ("/customers/{anna}/invoices/{unknown}", 404, "INVOICE_NOT_FOUND"),
        ("/customers/{celina}/invoices/{annas}", 404, "INVOICE_NOT_FOUND"),
        ("/customers/{celina}/invoices/{annas}/pdf", 404, "INVOICE_NOT_FOUND"),
        ("/customers/kowalska", 404, "NOT_FOUND"),
        ("/nothing", 404, "NOT_FOUND"),
        ("/imports/{unknown}", 404, "IMPORT_NOT_FOUND"),
        ("/tickets/{unknown}", 404, "TICKET_NOT_FOUND"),
        ("/customers/{anna}/ledger?from=2026-12-01&until=2026-01-01", 422, "INVALID_INPUT"),
    ],
)
def test_what_is_not_there_is_a_problem_with_a_reason(
    everything: Program, world: World, path: str, status: int, reason: str
):
    ids = {
        "unknown": said.UNKNOWN,
        "anna": world.annas.customer_id,
        "celina": world.celinas.customer_id,
        "annas": world.annas.last_invoice.invoice_id,
    }
    response = everything.get(path.format(**ids))
    body: Any = response.get_json(force=True)
    assert (response.status_code, body["status"], body["reason"]) == (status, status, reason)
    assert response.mimetype == "application/problem+json"
    assert (body["type"], len(body["trace_id"])) == ("about:blank", 32)


def test_a_method_that_is_not_there_says_which_are(everything: Program, world: World):
    response = everything.send("DELETE", f"/customers/{world.annas.customer_id}")
    assert (response.status_code, response.json["reason"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_while_billing_is_away_the_caller_is_told_to_come_again(world: World, office: Office):
    app = world.make_app(billing="127.0.0.1:9", call_timeout_s=1)
    response = Program(app, office.system("GIS").token).get(f"/customers/{world.annas.customer_id}")
    assert (response.status_code, response.json["reason"]) == (503, "NO_ANSWER")
    assert int(response.headers["Retry-After"]) >= 1
