"""The door of tariffs: drafted, published, never edited."""

import threading
from typing import Any

import pytest
from ebok.billing.v1 import meters_pb2
from ebok.billing.v1 import tariffs_pb2 as pb
from ebok.billing.v1.tariffs_pb2_grpc import TariffServiceStub
from google.type import date_pb2
from hypothesis import given as generated
from hypothesis import strategies as some

from chassis.errors import Invalid, NotFound, PermissionDenied, Refusal
from chassis.ids import new_id
from services.billing.domain.tariffs import Component, _faults
from services.billing.storage.service_points import Commodity
from services.billing.storage.tariffs import ChargeBasis

JULY = date_pb2.Date(year=2026, month=7, day=1)
AUGUST = date_pb2.Date(year=2026, month=8, day=1)


def water(**fields):
    values: dict[str, Any] = {
        "name": "Woda",
        "commodity": meters_pb2.COMMODITY_WATER,
        "basis": pb.CHARGE_BASIS_PER_UNIT,
        "price": "5.12",
        "vat_rate": "8",
        "unit": "m3",
    } | fields
    return pb.TariffComponent(**values)


def sewage(**fields):
    values: dict[str, Any] = {
        "name": "Ścieki",
        "commodity": meters_pb2.COMMODITY_SEWAGE,
        "basis": pb.CHARGE_BASIS_RATIO,
        "ratio": "0.9",
        "ratio_of": meters_pb2.COMMODITY_WATER,
    } | fields
    return water(**values)


def fee(**fields):
    return water(**{"name": "Abonament", "basis": pb.CHARGE_BASIS_FIXED, "unit": "month"} | fields)


@pytest.fixture
def tariffs(billing, as_edward):
    return billing(TariffServiceStub, as_edward)


def create(stub, **given):
    values = {
        "tariff_version_id": str(new_id()),
        "tariff_code": "W1",
        "tariff_name": "Gospodarstwa domowe",
        "valid_from": JULY,
        "components": [water(), sewage(), fee()],
    } | given
    return stub.CreateTariffVersion(pb.CreateTariffVersionRequest(**values)).tariff_version


def update(stub, version, **given):
    values = {
        "tariff_version_id": version.tariff_version_id,
        "valid_from": version.valid_from,
        "components": version.components,
    } | given
    return stub.UpdateTariffVersion(pb.UpdateTariffVersionRequest(**values)).tariff_version


def publish(stub, version):
    request = pb.PublishTariffVersionRequest(tariff_version_id=version.tariff_version_id)
    return stub.PublishTariffVersion(request).tariff_version


def delete(stub, version):
    stub.DeleteTariffVersion(pb.DeleteTariffVersionRequest(tariff_version_id=version.tariff_version_id))


def refused(call, *arguments, **given):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **given)
    return caught.value.reason


def test_a_draft_is_made_changed_and_published(tariffs):
    draft = create(tariffs, decision="WR.1", source="https://bip.example")
    changed = update(tariffs, draft, components=[water(price="5.123456")], decision="WR.2")
    published = publish(tariffs, draft)

    assert draft.status == pb.TARIFF_VERSION_STATUS_DRAFT
    assert [(one.name, one.price, one.ratio) for one in draft.components] == [
        ("Woda", "5.12", ""),
        ("Ścieki", "5.12", "0.9"),
        ("Abonament", "5.12", ""),
    ]
    assert [one.price for one in changed.components] == ["5.123456"]
    assert (published.status, published.decision) == (pb.TARIFF_VERSION_STATUS_PUBLISHED, "WR.2")
    assert published.HasField("published_at")
    [tariff] = tariffs.ListTariffs(pb.ListTariffsRequest()).tariffs
    assert (tariff.code, tariff.name, list(tariff.versions)) == ("W1", "Gospodarstwa domowe", [published])


@pytest.mark.repeats("TariffService/CreateTariffVersion", "TariffService/PublishTariffVersion")
def test_creating_and_publishing_twice_changes_nothing(tariffs):
    version_id = str(new_id())
    draft = create(tariffs, tariff_version_id=version_id)

    assert create(tariffs, tariff_version_id=version_id) == draft
    assert publish(tariffs, draft) == publish(tariffs, draft)


@pytest.mark.repeats("TariffService/UpdateTariffVersion", "TariffService/DeleteTariffVersion")
def test_changing_twice_is_changing_once_and_what_is_thrown_away_is_gone(tariffs):
    draft = create(tariffs)

    changed = update(tariffs, draft, components=[water(price="6.5")])
    assert update(tariffs, draft, components=[water(price="6.5")]) == changed

    delete(tariffs, draft)
    assert refused(delete, tariffs, draft) == "TARIFF_VERSION_NOT_FOUND"
    [tariff] = tariffs.ListTariffs(pb.ListTariffsRequest()).tariffs
    assert list(tariff.versions) == []


def test_a_published_version_is_never_changed_or_thrown_away(tariffs):
    version = publish(tariffs, create(tariffs))

    assert refused(update, tariffs, version, components=[water(price="9")]) == "TARIFF_VERSION_PUBLISHED"
    assert refused(delete, tariffs, version) == "TARIFF_VERSION_PUBLISHED"
    again = tariffs.GetTariffVersion(pb.GetTariffVersionRequest(tariff_version_id=version.tariff_version_id))
    assert again.tariff_version == version


def test_one_day_has_one_version(tariffs):
    first, second = create(tariffs), create(tariffs, valid_from=AUGUST)

    assert refused(create, tariffs) == "TARIFF_VERSION_EXISTS"
    assert refused(update, tariffs, second, valid_from=JULY) == "TARIFF_VERSION_EXISTS"
    assert refused(create, tariffs, tariff_version_id=first.tariff_version_id, valid_from=AUGUST) == (
        "TARIFF_VERSION_EXISTS"
    )
    assert create(tariffs, tariff_code="W2").tariff_code == "W2"


def test_a_draft_without_lines_begins_with_those_of_the_version_before(tariffs):
    publish(tariffs, create(tariffs))

    copied = create(tariffs, valid_from=AUGUST, components=[], tariff_name="")
    empty = create(tariffs, tariff_code="W2", components=[])

    assert [one.name for one in copied.components] == ["Woda", "Ścieki", "Abonament"]
    assert refused(publish, tariffs, empty) == "TARIFF_VERSION_EMPTY"


def test_a_draft_can_be_thrown_away(tariffs):
    draft = create(tariffs)
    delete(tariffs, draft)

    for call in (publish, delete):
        assert refused(call, tariffs, draft) == "TARIFF_VERSION_NOT_FOUND"
    assert refused(update, tariffs, draft) == "TARIFF_VERSION_NOT_FOUND"
    with pytest.raises(NotFound):
        tariffs.GetTariffVersion(pb.GetTariffVersionRequest(tariff_version_id=draft.tariff_version_id))
    assert create(tariffs).tariff_code == "W1"


def test_a_tariff_that_contracts_named_first_gets_its_name_from_its_first_version(tariffs, given):
    given.contract(given.customer(), tariff=given.tariff("W7", "W7"))
    given.contract(given.customer(), tariff=given.tariff("W7"), ends_on="2025-12-31")

    create(tariffs, tariff_code="W7", tariff_name="Ogródki")
    create(tariffs, tariff_code="W7", tariff_name="Inna nazwa", valid_from=AUGUST)

    [tariff] = tariffs.ListTariffs(pb.ListTariffsRequest()).tariffs
    assert (tariff.name, tariff.contract_count, len(tariff.versions)) == ("Ogródki", 1, 2)
    assert tariff.versions[0].valid_from == AUGUST


@pytest.mark.parametrize(
    ("component", "field", "reason"),
    [
        (water(price="-0.01"), "price", "OUT_OF_RANGE"),
        (water(price="100000000"), "price", "OUT_OF_RANGE"),
        (water(vat_rate="7"), "vat_rate", "UNKNOWN"),
        (water(vat_rate="np"), "vat_rate", "UNKNOWN"),
        (water(unit="l"), "unit", "UNKNOWN"),
        (water(unit="month"), "unit", "UNKNOWN"),
        (fee(unit="m3"), "unit", "UNKNOWN"),
        (water(name="  "), "name", "REQUIRED"),
        (water(ratio="0.5"), "ratio", "ONLY_FOR_RATIO"),
        (water(ratio_of=meters_pb2.COMMODITY_SEWAGE), "ratio_of", "ONLY_FOR_RATIO"),
        (sewage(ratio=""), "ratio", "REQUIRED"),
        (sewage(ratio="0"), "ratio", "OUT_OF_RANGE"),
        (sewage(ratio="1.01"), "ratio", "OUT_OF_RANGE"),
        (sewage(ratio_of=0), "ratio_of", "REQUIRED"),
        (sewage(ratio_of=meters_pb2.COMMODITY_SEWAGE), "ratio_of", "SAME"),
    ],
)
def test_a_line_that_lacks_something_is_refused_field_by_field(tariffs, component, field, reason):
    draft = create(tariffs, components=[water()])
    for call, arguments in ((create, {"valid_from": AUGUST}), (update, {"version": draft})):
        with pytest.raises(Invalid) as caught:
            call(tariffs, components=[fee(), component], **arguments)
        assert [(one.field, one.reason) for one in caught.value.violations] == [
            (f"components[1].{field}", reason)
        ]


def test_all_faults_of_all_lines_come_at_once(tariffs):
    with pytest.raises(Invalid) as caught:
        create(tariffs, components=[water(vat_rate="9", unit="t"), sewage(ratio="2"), water(), water()])

    assert [one.field for one in caught.value.violations] == [
        "components[0].vat_rate",
        "components[0].unit",
        "components[1].ratio",
        "components[3]",
    ]


def test_a_new_tariff_needs_a_name_and_a_possible_day(tariffs):
    assert refused(create, tariffs, tariff_name=" ") == "INVALID_INPUT"
    assert refused(create, tariffs, tariff_code=" ") == "INVALID_INPUT"
    assert refused(create, tariffs, valid_from=date_pb2.Date(year=26, month=7, day=1)) == "INVALID_INPUT"
    assert refused(create, tariffs, valid_from=date_pb2.Date(year=2026, month=2, day=30)) == "INVALID_INPUT"
    assert list(tariffs.ListTariffs(pb.ListTariffsRequest()).tariffs) == []


def test_many_who_draft_the_same_day_at_once_make_one_version(tariffs):
    results = []

    def attempt():
        try:
            results.append(create(tariffs).tariff_version_id)
        except Refusal as refusal:
            results.append(refusal.reason)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results)[1:] == ["TARIFF_VERSION_EXISTS"] * 5
    [tariff] = tariffs.ListTariffs(pb.ListTariffsRequest()).tariffs
    assert len(tariff.versions) == 1


def test_a_clerk_reads_and_does_not_publish(billing, tariffs, as_daria, given):
    draft = create(tariffs)
    clerk = billing(TariffServiceStub, as_daria.allowed("billing.tariffs.read"))

    assert len(clerk.ListTariffs(pb.ListTariffsRequest()).tariffs) == 1
    for call in (publish, delete, update):
        with pytest.raises(PermissionDenied):
            call(clerk, draft)
    with pytest.raises(PermissionDenied):
        create(clerk)


def test_celina_reads_no_tariffs(billing, as_celina):
    with pytest.raises(PermissionDenied):
        billing(TariffServiceStub, as_celina).ListTariffs(pb.ListTariffsRequest())


@generated(
    price=some.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-10, max_value=10),
    ratio=some.none()
    | some.decimals(allow_nan=False, allow_infinity=False, places=7, min_value=-2, max_value=2),
    basis=some.sampled_from(ChargeBasis),
    vat_rate=some.text(max_size=3),
    unit=some.sampled_from(["m3", "month", "kWh", "", "x"]),
    name=some.text(max_size=5),
)
def test_a_line_without_faults_fits_its_table(price, ratio, basis, vat_rate, unit, name):
    line = Component(
        name, Commodity.SEWAGE, basis, price, vat_rate, ratio, Commodity.WATER if ratio else None, unit
    )

    if not _faults(line):
        assert 0 <= price < 10**8
        assert round(price, 6) == price
        assert (basis is ChargeBasis.RATIO) == (ratio is not None)
        assert ratio is None or (0 < ratio <= 1 and round(ratio, 6) == ratio)
        assert vat_rate in {"23", "8", "5", "0", "ZW"}
