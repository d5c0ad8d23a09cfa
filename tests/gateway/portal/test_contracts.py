"""Contracts in words and as documents."""

import io

from pypdf import PdfReader

from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_contracts_say_where_what_and_how_much(anna: Visitor):
    text = anna.text("/umowy")
    for words in (
        "Umowa U/2019/0117",
        "Umowa U/2026/0031",
        "ul. Lipowa 7/2, 57-000 Zdrój",
        "Woda, ścieki",
        "Woda 6,53 zł za każdy m³",
        "9,30 zł za każdy m³; ścieków liczymy tyle, ile wody",
        "17,88 zł za każdy miesiąc, niezależnie od zużycia",
        "Ceny bez VAT, obowiązują od 10 września 2026. VAT wynosi 8%.",
    ):
        assert words in text, words


def test_the_document_is_the_contract(world: World, anna: Visitor):
    contract = world.annas.contracts[0]
    response = anna.get(f"/umowy/{contract.contract_id}/pdf")
    assert response.mimetype == "application/pdf"
    assert contract.number in PdfReader(io.BytesIO(response.data)).pages[0].extract_text()
