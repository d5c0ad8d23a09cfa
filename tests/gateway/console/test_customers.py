"""Klienci: search, the customer's page and its tabs."""

import csv
import io

import openpyxl
import pytest
from pypdf import PdfReader

from tests.gateway.visitors import Visitor
from tests.gateway.world import World

LIST = "/konsola/klienci"


@pytest.mark.parametrize(
    "query",
    ["20411085", "anna zdrojewska", "zdrojewska anna", "anna@poczta.example", "600 100 200", "Lipowa 7"],
)
def test_one_hit_leads_straight_to_the_customer(world: World, daria: Visitor, query: str):
    response = daria.get(LIST, query_string={"q": query})
    assert response.status_code == 303
    assert response.location == f"{LIST}/{world.annas.customer_id}"


def test_an_invoice_number_leads_to_its_customer(world: World, daria: Visitor):
    response = daria.get(LIST, query_string={"q": world.celinas.last_invoice.number})
    assert response.location == f"{LIST}/{world.celinas.customer_id}"


def test_the_list_shows_balances_and_filters(daria: Visitor):
    everybody = daria.text(LIST)
    assert all(name in everybody for name in ("Anna", "Celina Lis", "Bartek Brzozowski", "Piekarnia Zdrój"))
    assert "nadpłata" in everybody
    companies = daria.text(f"{LIST}?rodzaj=firma")
    assert "Piekarnia" in companies
    assert "Celina" not in companies
    late = daria.text(f"{LIST}?zaleglosci=1&q=")
    assert "Celina Lis" in late
    assert "Bartek" not in late
    assert "Nikt nie pasuje" in daria.text(f"{LIST}?q=xyzzy")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "x" * 101}, "q"),
        ({"q": "a\x07b"}, "q"),
        ({"rodzaj": "kot"}, "rodzaj"),
        ({"kolejnosc": "-1"}, "kolejnosc"),
    ],
)
def test_a_faulty_filter_is_marked_and_stays(daria: Visitor, query: dict[str, str], field: str):
    response = daria.get(LIST, query_string=query)
    assert response.status_code in (409, 422)
    assert f'id="f-{field}-e"' in response.text


def test_markup_in_a_search_stays_text(daria: Visitor):
    page = daria.page(LIST, query_string={"q": "<script>alert(1)</script>"})
    assert "<script>alert" not in page


def test_a_spoilt_cursor_leads_to_the_beginning(daria: Visitor):
    response = daria.get(f"{LIST}?cursor=zzz&rodzaj=firma")
    assert (response.status_code, response.location) == (303, f"{LIST}?rodzaj=firma")


def test_the_list_goes_into_files(daria: Visitor):
    response = daria.get(f"{LIST}.csv?rodzaj=osoba")
    rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    names = [row[1] for row in rows]  # Other tests may have made further customers.
    known = ("Nazwa", "Anna Zdrojewska", "Bartek Brzozowski", "Celina Lis")
    assert [name for name in names if name in known] == [*known]
    assert not [name for name in names if name.startswith("Piekarnia")]
    book = openpyxl.load_workbook(io.BytesIO(daria.get(f"{LIST}.xlsx").data))
    everybody = [str(row[1]) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert set(names) < set(everybody)
    assert [name for name in everybody if name.startswith("Piekarnia")]


def test_the_page_shows_the_customer_at_a_glance(world: World, daria: Visitor):
    text = daria.text(f"{LIST}/{world.annas.customer_id}")
    for words in (
        "20 411 085",
        "e-faktura",
        "600 100 200",
        "anna@poczta.example",
        "Do zapłaty",
        "do 27 listopada, za 5 dni",
        world.annas.last_invoice.number,
        "WS-E",
        "88 104 601",
        "Otwarcie karty zapisano w dzienniku: Daria",
    ):
        assert words in text, words
    assert "Anna" in text
    assert "Bartek" in text  # Who holds Anna's customer, too.


def test_late_customers_are_told_apart(world: World, daria: Visitor):
    assert "po terminie" in daria.text(f"{LIST}/{world.celinas.customer_id}")


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("rozrachunki", "Saldo na początku"),
        ("faktury", "FV/2026/"),
        ("odczyty", "88 104 601"),
        ("umowy", "Umowa U/2019/0117"),
        ("dostep", "pełny dostęp"),
        ("wiadomosci", "Wiadomości"),
    ],
)
def test_each_tab_has_its_own(world: World, daria: Visitor, tab: str, words: str):
    assert words in daria.text(f"{LIST}/{world.annas.customer_id}/{tab}")


def test_the_journal_is_for_managers(world: World, daria: Visitor, edward: Visitor):
    address = f"{LIST}/{world.annas.customer_id}/dziennik"
    assert daria.get(address).status_code == 403
    assert address not in daria.page(f"{LIST}/{world.annas.customer_id}")
    daria.get(f"{LIST}/{world.annas.customer_id}")
    world.deliver()
    text = edward.text(address)
    assert "Daria" in text
    assert "otwarto kartę klienta" in text
    assert "zmiana" in edward.text(f"{address}?zmiany=1")


@pytest.mark.parametrize(
    ("tab", "query", "field"),
    [
        ("rozrachunki", "od=2026-12-01&do=2026-01-01", "do"),
        ("rozrachunki", "od=wczoraj", "od"),
        ("faktury", "stan=zjedzona", "stan"),
        ("faktury", "rok=-5", "rok"),
        ("faktury", "rok=99999999999999999999", "rok"),
        ("faktury", "rok=%D9%A2%D9%A0%D9%A2%D9%A5", "rok"),
        ("odczyty", "punkt=%3Cb%3E", "punkt"),
    ],
)
def test_faulty_filters_of_tabs_are_marked(world: World, daria: Visitor, tab: str, query: str, field: str):
    response = daria.get(f"{LIST}/{world.annas.customer_id}/{tab}?{query}")
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text


def test_an_invoice_is_shown_and_printed(world: World, daria: Visitor):
    invoice = world.annas.invoices[1]
    address = f"{LIST}/{world.annas.customer_id}/faktury/{invoice.invoice_id}"
    text = daria.text(address)
    for words in (
        invoice.number,
        "Woda",
        "Abonament",
        "VAT",
        "Odczyty, na których stoi",
        "Wobec poprzedniej faktury",
    ):
        assert words in text
    response = daria.get(f"{address}/pdf")
    assert response.mimetype == "application/pdf"
    assert invoice.number in "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(response.data)).pages
    )


def test_an_invoice_of_another_customer_is_not_there(world: World, daria: Visitor):
    address = f"{LIST}/{world.celinas.customer_id}/faktury/{world.annas.last_invoice.invoice_id}"
    assert daria.get(address).status_code == 404
    assert daria.get(f"{address}/pdf").status_code == 404


def test_a_contract_is_printed(world: World, daria: Visitor):
    contract = world.annas.contracts[0]
    response = daria.get(f"{LIST}/{world.annas.customer_id}/umowy/{contract.contract_id}/pdf")
    assert response.data.startswith(b"%PDF")


@pytest.mark.parametrize(
    "tail", ["", "/rozrachunki", "/faktury", "/odczyty", "/umowy", "/dostep", "/wiadomosci"]
)
def test_an_unknown_customer_is_said_to_be_unknown(daria: Visitor, tail: str):
    address = f"{LIST}/0192f000-0000-7000-8000-000000000000{tail}"
    assert daria.get(address).status_code == 404
    assert daria.get(f"{LIST}/nie-id{tail}").status_code == 404


def test_the_statement_goes_into_files(world: World, daria: Visitor):
    response = daria.get(f"{LIST}/{world.annas.customer_id}/rozrachunki.csv")
    rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:3] == ["Dzień", "Co", "Faktura"]
    assert {row[1] for row in rows[1:]} == {"Faktura", "Wpłata"}


def test_an_entry_tells_what_its_money_paid_and_why(world: World, daria: Visitor):
    house = f"/konsola/klienci/{world.annas.customer_id}"
    entry = f"{house}/rozrachunki/{world.paid_entry_id}"
    assert entry in daria.page(f"{house}/rozrachunki?od=2025-10-01&do=2025-11-30")
    said = daria.text(entry)
    for words in ("Na co poszły pieniądze i dlaczego", "wybór płacącego", "99,11 zł", "FV/2025/"):
        assert words in said, words
    invoice = next(one for one in world.annas.invoices if one.number in said)
    said = daria.text(f"{house}/faktury/{invoice.invoice_id}")
    assert "Czym ją zapłacono i dlaczego" in said
    assert "wybór płacącego" in said


def test_an_entry_of_somebody_else_is_not_found(world: World, daria: Visitor):
    for entry_id in (world.paid_entry_id, "018f0000-0000-7000-8000-000000000000"):
        assert (
            daria.get(f"/konsola/klienci/{world.celinas.customer_id}/rozrachunki/{entry_id}").status_code
            == 404
        )
