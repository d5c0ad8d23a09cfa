"""The door of contracts."""

import io

import pytest
from ebok.billing.v1 import contracts_pb2 as pb
from ebok.billing.v1.contracts_pb2_grpc import ContractServiceStub
from pypdf import PdfReader

from chassis.errors import NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.storage.service_points import Commodity
from tests.billing.given import day


@pytest.fixture
def house(given):
    """Anna's water and sewage at one address, with a price list; the settings are there."""
    given.settings()
    anna = given.customer("Anna Zdrojewska", customer_id=ANNA_CUSTOMER)
    premises = given.premises()
    water = given.service_point(premises, code="W-7")
    sewage = given.service_point(premises, commodity=Commodity.SEWAGE, code="S-7")
    meter = given.meter(water, serial_number="88 104 612")
    given.meter(water, serial_number="11 000 111", installed_on="2020-01-01", removed_on=day("2023-12-31"))
    given.reading(meter, "2026-01-31", "100.5")
    given.tariff_version(valid_from="2025-01-01")
    given.tariff_version(valid_from="2027-01-01")
    contract = given.contract(
        anna, water, sewage, number="U/2024/17", starts_on="2024-01-01", signed_on=day("2025-12-20")
    )
    return anna, contract


def contracts_of(stub, customer_id):
    return list(stub.ListContracts(pb.ListContractsRequest(customer_id=str(customer_id))).contracts)


def test_a_contract_shows_points_meters_and_the_prices_of_today(billing, as_anna, house):
    _, contract = house

    [shown] = contracts_of(billing(ContractServiceStub, as_anna), ANNA_CUSTOMER)

    assert (shown.number, shown.contract_id) == ("U/2024/17", str(contract.contract_id))
    assert (shown.tariff_code, shown.tariff_name) == ("W1", "Gospodarstwa domowe")
    assert [point.code for point in shown.service_points] == ["W-7", "S-7"]
    water = shown.service_points[0]
    assert [meter.serial_number for meter in water.meters] == ["88 104 612", "11 000 111"]
    assert (water.meters[0].last_value, water.meters[1].last_value) == ("100.500", "")
    assert shown.tariff_version.valid_from.year == 2025
    assert [component.price for component in shown.tariff_version.components] == ["5.12", "8.34", "4.50"]
    assert not shown.HasField("ends_on")


def test_the_newest_contract_comes_first_and_one_without_prices_shows_none(billing, as_daria, given, house):
    anna, _ = house
    given.contract(anna, tariff=given.tariff("W9", "Bez cen"), starts_on="2026-01-01", number="U/2026/1")

    first, second = contracts_of(billing(ContractServiceStub, as_daria), ANNA_CUSTOMER)

    assert (first.number, second.number) == ("U/2026/1", "U/2024/17")
    assert not first.HasField("tariff_version")
    assert not first.service_points


def test_the_pdf_names_parties_points_tariff_and_where_the_data_come_from(billing, as_anna, house):
    _, contract = house
    stub = billing(ContractServiceStub, as_anna)

    answer = stub.GetContractPdf(
        pb.GetContractPdfRequest(customer_id=str(ANNA_CUSTOMER), contract_id=str(contract.contract_id))
    )

    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert answer.file_name == "umowa-U-2024-17.pdf"
    for words in (
        "Wodociągi Zdrój",
        "Anna Zdrojewska",
        "U/2024/17",
        "W-7",
        "ul. Lipowa 7/2",
        "Pochodzenie danych",
    ):
        assert words in text
    assert "11 000 111" not in text


def test_a_contract_prints_before_the_settings_are_known(billing, as_anna, given):
    contract = given.contract(given.customer(customer_id=ANNA_CUSTOMER))
    request = pb.GetContractPdfRequest(customer_id=str(ANNA_CUSTOMER), contract_id=str(contract.contract_id))

    assert billing(ContractServiceStub, as_anna).GetContractPdf(request).content.startswith(b"%PDF")


def test_celina_sees_nothing_of_annas_contracts(billing, as_celina, given, house):
    _, contract = house
    given.customer("Celina", customer_id=CELINA_CUSTOMER)
    stub = billing(ContractServiceStub, as_celina)

    with pytest.raises(PermissionDenied):
        contracts_of(stub, ANNA_CUSTOMER)
    with pytest.raises(PermissionDenied):
        stub.GetContractPdf(
            pb.GetContractPdfRequest(customer_id=str(ANNA_CUSTOMER), contract_id=str(contract.contract_id))
        )
    assert contracts_of(stub, CELINA_CUSTOMER) == []
    words = set()
    for contract_id in (str(contract.contract_id), str(new_id())):
        with pytest.raises(NotFound) as refused:
            stub.GetContractPdf(
                pb.GetContractPdfRequest(customer_id=str(CELINA_CUSTOMER), contract_id=contract_id)
            )
        assert refused.value.reason == "CONTRACT_NOT_FOUND"
        words.add(refused.value.message)
    assert len(words) == 1
