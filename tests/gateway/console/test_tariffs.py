"""Taryfy: lists, drafts without a script, comparison, words, publication."""

import html
import re
from decimal import Decimal

import pytest
from ebok.billing.v1 import meters_pb2
from ebok.billing.v1.tariffs_pb2 import (
    CHARGE_BASIS_FIXED,
    CHARGE_BASIS_PER_UNIT,
    CHARGE_BASIS_RATIO,
    TariffComponent,
    TariffVersion,
)

from chassis.money import Money
from gateway.console.tariff_words import compare, example_total
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import STAFF_PASSWORD, World

TARIFFS = "/konsola/taryfy"
NEW = f"{TARIFFS}/nowa"
INPUT = re.compile(r'<input[^>]*name="([^"]+)"[^>]*>')
SELECT = re.compile(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the draft's form."""
    form = page[page.index('id="draft-form"') :]
    form = form[: form.index("</form>")]
    found = {}
    for match in INPUT.finditer(form):
        value = re.search(r'value="([^"]*)"', match[0])
        found[match[1]] = html.unescape(value[1]) if value else ""
    for name, options in SELECT.findall(form):
        value = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = value[1] if value else ""
    return found


def component(name: str, basis: int, price: str, **more: object) -> TariffComponent:
    values = {"commodity": meters_pb2.COMMODITY_WATER, "unit": "m3", "vat_rate": "8"} | more
    return TariffComponent(name=name, basis=basis, price=price, **values)  # type: ignore[arg-type]


def test_everybody_of_the_staff_reads_tariffs(world: World, daria: Visitor):
    text = daria.text(TARIFFS)
    assert "WS-E" in text
    assert "obowiązuje, 4 umowy" in text
    assert "szkic" in text
    assert "Nowa wersja" not in text
    published = world.tariff_versions[4].tariff_version_id
    version = daria.text(f"{TARIFFS}/{published}")
    assert "Składniki" in version
    assert "Odprowadzenie ścieków" in version
    assert "+5,4%" in version
    assert "Opublikuj" not in version


def test_a_clerk_reads_a_draft_and_changes_nothing(world: World, daria: Visitor):
    address = f"{TARIFFS}/{world.tariff_versions[-2].tariff_version_id}"
    page = daria.page(address)
    assert "draft-form" not in page
    assert "czeka na kierownictwo" in plain(page)
    for tail, fields in (("", {"rows": "0"}), ("/usun", {}), ("/opublikuj", {"code": "WS-E"})):
        response = daria.submit(address + tail, at="/konsola/ja", valid_from="2027-01-01", **fields)
        assert response.status_code in (403, 422), tail
    assert daria.get(NEW).status_code == 403
    assert daria.submit(NEW, at="/konsola/ja", code="WS-E", valid_from="2028-01-01").status_code == 403
    assert "Szkic" in daria.text(address)


def test_the_words_the_customer_reads(world: World, edward: Visitor):
    text = edward.text(f"{TARIFFS}/{world.tariff_versions[-2].tariff_version_id}")
    assert "Woda: 6,80 zł/m³." in text
    assert "Odprowadzenie ścieków: 9,70 zł/m³, liczone od 100% zużycia (woda)." in text
    assert "Abonament: 18,50 zł za każdy miesiąc." in text
    assert "Do tych cen doliczamy 8% VAT." in text
    assert "Przykład: 9 m³ w miesiącu kosztuje 180,36 zł z VAT, dotychczas 173,18 zł." in text


def test_the_example_takes_vat_once_for_each_rate():
    sewage = meters_pb2.COMMODITY_SEWAGE
    share = {"commodity": sewage, "ratio": "1", "ratio_of": meters_pb2.COMMODITY_WATER}
    components = [
        component("Woda", CHARGE_BASIS_PER_UNIT, "6.53"),
        component("Ścieki", CHARGE_BASIS_RATIO, "9.30", **share),
        component("Abonament", CHARGE_BASIS_FIXED, "17.88", unit="month"),
    ]
    # 58,77 + 83,70 + 17,88 = 160,35; 8 % of it is 12,828.
    assert example_total(components) == Money(173_18)
    assert example_total([component("Woda", CHARGE_BASIS_PER_UNIT, "1", vat_rate="ZW")]) == Money(9_00)
    assert example_total([]) == Money.zero()


def test_a_version_is_compared_with_the_one_before():
    water = component("Woda", CHARGE_BASIS_PER_UNIT, "6.00")
    before = TariffVersion(components=[water, component("Opłata", CHARGE_BASIS_FIXED, "0", unit="month")])
    now = TariffVersion(
        components=[
            component(" woda", CHARGE_BASIS_PER_UNIT, "6.30"),
            component("Rabat", CHARGE_BASIS_FIXED, "1", unit="month"),
        ]
    )
    rows, gone = compare(now, before)
    assert [(row.before, row.change) for row in rows] == [("6.00", Decimal("5.0")), (None, None)]
    assert [one.name for one in gone] == ["Opłata"]
    assert compare(before, before)[0][1].change is None  # From nothing to nothing there are no percents.


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "x" * 21}, "code"),
        ({"valid_from": ""}, "valid_from"),
        ({"valid_from": "32.13.2027"}, "valid_from"),
        ({"valid_from": "1800-01-01"}, "valid_from"),
        ({"valid_from": "2026-09-10"}, "valid_from"),
        ({"decision": "x" * 81}, "decision"),
        ({"source": "x" * 301}, "source"),
        ({"code": "NOWA"}, "name"),
    ],
)
def test_a_faulty_start_is_marked(edward: Visitor, typed: dict[str, str], field: str):
    good = {"code": "WS-E", "name": "", "valid_from": "2030-01-01", "decision": "Moja decyzja", "source": ""}
    response = edward.submit(NEW, **{**good, **typed})
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    if "decision" not in typed:
        assert 'value="Moja decyzja"' in response.text


def test_a_version_from_the_first_draft_to_its_publication(busy_town: World, manager: Visitor):
    page = manager.page(f"{NEW}?kod=WS-E")
    request_id = re.search(r'name="request_id" value="([^"]+)"', page)
    assert request_id
    start = {"code": "WS-E", "valid_from": "01.02.2027", "decision": "", "request_id": request_id[1]}
    sent = [manager.submit(NEW, **start).location for _twice in range(2)]
    assert sent[0] == sent[1]
    version = sent[0]
    fields = fields_of(manager.page(version))
    # It begins with what the version before charges.
    assert (fields["rows"], fields["name-0"], fields["price-0"]) == ("3", "Woda", "6,53")
    assert "Numer decyzji nie jest wpisany." in manager.text(version)

    # A row more, typed values stay; a row less, the others move up.
    fields |= {"price-0": "7,01", "decision": "WR.1.2027"}
    more = manager.submit(version, **fields, add="1")
    assert more.status_code == 200
    typed = fields_of(more.text)
    assert (typed["rows"], typed["price-0"], typed["name-3"]) == ("4", "7,01", "")
    less = manager.submit(version, **typed, remove="1")
    typed = fields_of(less.text)
    assert (typed["rows"], typed["name-1"]) == ("3", "Abonament")

    # An empty row is marked field by field, and nothing is lost.
    bad = manager.submit(version, **typed)
    assert bad.status_code == 422
    assert 'id="f-name-2-e"' in bad.text
    assert 'id="f-basis-2-e"' in bad.text
    assert fields_of(bad.text)["price-0"] == "7,01"

    typed |= {"name-2": "Ścieki", "basis-2": "ratio", "commodity-2": "2", "unit-2": "m3"}
    typed |= {"vat_rate-2": "8", "price-2": "9.80", "ratio-2": "95", "ratio_of-2": "1"}
    assert manager.submit(version, **typed).location == version
    text = manager.text(version)
    assert "Szkic zapisany." in text
    assert "+7,4%" in text
    assert "liczone od 95% zużycia (woda)" in text
    assert "Decyzja WR.1.2027." in text

    # Published after its code was typed, and only read from then on.
    for wrong in ("", "WS-X", "x" * 40):
        response = manager.submit(f"{version}/opublikuj", at=version, code=wrong)
        assert response.status_code == 422
        assert "Niczego nie opublikowano." in plain(response.text)
    assert manager.get(f"{version}/opublikuj").location == version
    for _twice in range(2):
        assert manager.submit(f"{version}/opublikuj", at=TARIFFS + "/nowa", code="ws-e").location == version
    text = manager.text(version)
    assert "Opublikowana" in text
    assert "Zapisz szkic" not in text
    response = manager.submit(version, at=NEW, **typed)
    assert response.status_code == 409
    assert manager.submit(f"{version}/usun", at=NEW).status_code == 409


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"price-0": "-1"}, "price-0"),
        ({"price-0": "drogo"}, "price-0"),
        ({"price-0": "1,1234567"}, "price-0"),
        ({"price-0": "9" * 12}, "price-0"),
        ({"price-0": ""}, "price-0"),
        ({"name-0": "x" * 81}, "name-0"),
        ({"basis-0": "kradzież"}, "basis-0"),
        ({"commodity-0": "77"}, "commodity-0"),
        ({"unit-0": "beczka"}, "unit-0"),
        ({"unit-0": "month"}, "unit-0"),
        ({"vat_rate-0": "7"}, "vat_rate-0"),
        ({"ratio-0": "50"}, "ratio-0"),
        ({"ratio-1": "0"}, "ratio-1"),
        ({"ratio-1": "101"}, "ratio-1"),
        ({"ratio-1": ""}, "ratio-1"),
        ({"ratio_of-1": "2"}, "ratio_of-1"),
        ({"valid_from": "x"}, "valid_from"),
    ],
)
def test_faults_of_components_are_marked_in_their_rows(
    world: World, edward: Visitor, typed: dict[str, str], field: str
):
    address = f"{TARIFFS}/{world.tariff_versions[-2].tariff_version_id}"
    fields = fields_of(edward.page(address)) | typed
    response = edward.submit(address, **fields)
    assert response.status_code in (409, 422)
    assert f'id="f-{field}-e"' in response.text


@pytest.mark.parametrize("rows", ["", "x", "-1", "99999", "0"])
def test_a_spoilt_count_of_rows_breaks_nothing(world: World, edward: Visitor, rows: str):
    address = f"{TARIFFS}/{world.tariff_versions[-2].tariff_version_id}"
    response = edward.submit(address, rows=rows, valid_from="2027-01-01")
    assert response.status_code == 422


def test_markup_in_a_component_stays_text(world: World, edward: Visitor):
    address = f"{TARIFFS}/{world.tariff_versions[-2].tariff_version_id}"
    fields = fields_of(edward.page(address)) | {"name-0": '"><script>alert(1)</script>', "price-0": "x"}
    assert "<script>alert" not in edward.submit(address, **fields).text


def test_a_draft_is_deleted(busy_town: World, manager: Visitor):
    version = manager.submit(NEW, code="W-E", valid_from="2029-01-01").location
    assert manager.submit(f"{version}/usun", at=version).location == TARIFFS
    assert manager.get(version).status_code == 404


def test_an_unknown_version_is_said_to_be_unknown(edward: Visitor):
    assert edward.get(f"{TARIFFS}/0192f000-0000-7000-8000-000000000000").status_code == 404
    assert edward.get(f"{TARIFFS}/x").status_code == 404


def test_what_was_typed_outlives_the_session(world: World):
    address = f"{TARIFFS}/{world.tariff_versions[-2].tariff_version_id}"
    edward = world.visitor("edward@wodociagi-zdroj.example", staff=True)
    fields = fields_of(edward.page(address)) | {"price-0": "7,77"}
    edward.submit("/konsola/wyloguj", at="/konsola/ja")
    sent = edward.submit(
        address, at="/konsola/logowanie", **{k: v for k, v in fields.items() if k != "csrf_token"}
    )
    assert sent.status_code == 303
    email = "edward@wodociagi-zdroj.example"
    second = edward.submit(sent.location, email=email, password=STAFF_PASSWORD)
    edward.submit(second.location, code=world.code(email))
    assert fields_of(edward.page(address))["price-0"] == "7,77"
