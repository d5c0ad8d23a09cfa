"""The contract as PDF."""

from dataclasses import replace
from datetime import date

import pytest

from services.billing.documents.contracts import render_contract
from services.billing.domain.plain import UnreadableDocument
from services.billing.domain.printed import PrintedClause, PrintedContract, PrintedServicePoint
from tests.billing.documents.examples import ANNA, printed_contract
from tests.billing.documents.paper import embedded_fonts, page_count, properties, text_starts, words


def test_a_contract_says_who_what_where_and_from_when():
    pdf = render_contract(printed_contract())
    text = words(pdf)

    for said in (
        "Umowa o zaopatrzenie w wodę i odprowadzanie ścieków",
        "Nr UM/2026/000311, zawarta 20 sierpnia 2026, Zdrój",
        "Dostawca Wodociągi Zdrój",
        "NIP 123-456-32-18",
        "Odbiorca Anna Źdźbło-Łęcka ul. Lipowa 3 57-000 Zdrój Numer klienta 311 085",
        "Dostawca dostarcza do nieruchomości: ul. Lipowa 3, 57-000 Zdrój.",
        "W-00311 woda piwnica 77 410 233",
        "Grupa taryfowa: W2 gospodarstwa domowe. W dniu zawarcia obowiązuje taryfa W2 Zdrój od 1 stycznia 2026.",
        "Umowa obowiązuje od 1 września 2026 na czas nieokreślony.",
        "§ 2. Płatność Termin płatności stoi na fakturze i nie jest krótszy niż 14 dni.",
        "Odbiorca, data i podpis",
        "Strona 1 z 1",
    ):
        assert said in text
    assert properties(pdf)["title"] == "Umowa o zaopatrzenie w wodę i odprowadzanie ścieków UM/2026/000311"
    assert properties(pdf)["language"] == "pl-PL"
    assert all(embedded_fonts(pdf).values())


def test_an_end_and_a_signature_are_named():
    text = words(
        render_contract(
            printed_contract(
                until_day=date(2028, 8, 31),
                signed_on=date(2026, 8, 21),
                signed_how="w eBOK kodem z SMS",
                tariff=None,
            )
        )
    )

    assert "od 1 września 2026 do 31 sierpnia 2028." in text
    assert "Podpisana 21 sierpnia 2026, w eBOK kodem z SMS." in text
    assert "data i podpis" not in text
    assert "W dniu zawarcia" not in text


def test_a_long_contract_goes_on_with_nothing_lost():
    clauses = tuple(
        PrintedClause(f"Sprawa {number}", f"Początek {number}. {'Zdanie o wodzie. ' * 300}Koniec {number}.")
        for number in range(4)
    )
    points = tuple(PrintedServicePoint(f"W-{number:05}", "water") for number in range(60))
    pdf = render_contract(printed_contract(clauses=clauses, service_points=points))
    text = words(pdf)

    pages = page_count(pdf)
    assert pages > 5
    assert f"Strona {pages} z {pages}" in words(pdf, page=pages)
    assert text.count("wodzie.") == 1200
    assert all(f"Koniec {number}." in text for number in range(4))
    assert all(point.code in text for point in points)
    assert min(y for _, y in text_starts(pdf)) > 30


def test_a_contract_without_points_or_clauses_prints():
    bare = printed_contract(clauses=(), service_points=(), place="", buyer=replace(ANNA, nip="5261040828"))

    assert "NIP 526-104-08-28" in words(render_contract(bare))


def test_a_clause_without_text_is_a_heading():
    assert "§ 1. Pusty" in words(render_contract(printed_contract(clauses=(PrintedClause("Pusty", ""),))))


def test_bytes_are_the_same_again():
    contract = printed_contract()

    assert render_contract(PrintedContract.from_json(contract.to_json())) == render_contract(contract)


def test_a_template_we_do_not_have_is_refused():
    with pytest.raises(UnreadableDocument):
        render_contract(printed_contract(template_version=9))
