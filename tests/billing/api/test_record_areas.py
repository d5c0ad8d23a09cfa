"""Master data and a clerk who is limited to an area: hers she keeps, the rest is neither told nor moved in."""

from collections.abc import Callable
from typing import Any

import pytest
from ebok.billing.v1 import records_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.billing.v1.records_pb2_grpc import RecordServiceStub

from chassis.actors import Actor, ActorKind, Area
from chassis.errors import PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import DARIA_STAFF
from tests.billing.api.test_records import (
    CONTRACT,
    CUSTOMER,
    IDS,
    METER,
    NAMES,
    POINT,
    PREMISES,
    ROWS,
    Office,
    changed,
)
from tests.billing.import_rows import contract, customer, meter, point, premises, whole_house

pytestmark = pytest.mark.usefixtures("editable")
OUTSIDE = pytest.raises(PermissionDenied, match="OUTSIDE_AREA")
HOME = {"towns": ["Zdrój"], "commodities": ["water"]}
ELSEWHERE = ({"towns": ["Lipowiec"]}, {"commodities": ["gas"]}, {"towns": ["Zdrój"], "commodities": ["heat"]})


@pytest.fixture
def editable(given) -> None:
    """The settings let staff change what the provider's system owns."""
    given.settings(provider_data_editable=True)


@pytest.fixture
def limited(office: Office, billing: Callable[..., Any], persona: Any) -> Callable[..., Office]:
    """`limited(towns=…, commodities=…)`: Daria's hands with that area, on a house in Zdrój and one in Lipowiec."""
    office.bring(
        *whole_house(),
        customer("k-2", 10, number="20422096"),
        premises("p-2", 11, town="Lipowiec"),
        point("s-3", 12, premises_external_id="p-2", commodity="heat"),
        meter("m-2", 13, service_point_external_id="s-3", serial_number="22 333 444"),
        contract(
            "u-2",
            14,
            number="U/2/2026",
            customer_external_id="k-2",
            service_point_external_ids=["s-3"],
            tariff_code="C-E",
        ),
    )

    def hands(**area: Any) -> Office:
        limits = {name: frozenset(values) for name, values in area.items()}
        daria = persona(Actor(ActorKind.STAFF, str(DARIA_STAFF), "Daria", area=Area(**limits)))
        return Office(billing(RecordServiceStub, daria), office.connector, office.database)

    return hands


@pytest.fixture
def office(billing, as_daria, as_system, database) -> Office:
    connector = billing(ImportServiceStub, as_system("connector"))
    return Office(billing(RecordServiceStub, as_daria), connector, database)


def test_in_the_area_each_kind_is_shown(limited):
    hands = limited(**HOME)
    assert {kind: getattr(hands.get(kind).row, name).external_id for kind, name in NAMES.items()} == IDS


@pytest.mark.parametrize("area", ELSEWHERE, ids=str)
@pytest.mark.parametrize("kind", NAMES, ids=NAMES.get)
def test_elsewhere_each_kind_is_refused_as_what_is_not_there(limited, kind, area):
    hands = limited(**area)
    with OUTSIDE:
        hands.get(kind)
    with OUTSIDE:
        hands.get(kind, str(new_id()))


def test_what_is_in_the_area_is_changed(limited):
    hands = limited(**HOME)
    for kind, field, value in (
        (CUSTOMER, "email", "nowa@poczta.example"),
        (PREMISES, "flat", "3"),
        (METER, "serial_number", "11 222 334"),
    ):
        saved = hands.change(hands.get(kind), **{field: value})
        assert getattr(getattr(saved.row, NAMES[kind]), field) == value


@pytest.mark.parametrize("area", ELSEWHERE, ids=str)
@pytest.mark.parametrize("kind", NAMES, ids=NAMES.get)
def test_elsewhere_nothing_is_changed(office, limited, kind, area):
    hands, record = limited(**area), office.get(kind)
    with OUTSIDE:
        hands.save(changed(record), record.record_id, record.revision)
    assert office.get(kind).revision == record.revision


def test_nothing_is_moved_out_of_the_area(office, limited):
    hands = limited(**HOME)
    before = office.get(PREMISES)
    with OUTSIDE:
        hands.change(hands.get(PREMISES), town="Lipowiec")
    with OUTSIDE:
        hands.change(hands.get(POINT), premises_external_id="p-2")
    assert office.get(PREMISES).revision == before.revision


def test_nobody_is_moved_into_the_area(office, limited):
    """Neither by a new record nor by a contract: with a point of hers it would make a customer hers."""
    hands = limited(**HOME)
    for kind in NAMES:
        with OUTSIDE:
            hands.save(ROWS[kind]("", 1))
    with OUTSIDE:
        hands.change(hands.get(CONTRACT), customer_external_id="k-2")
    with OUTSIDE:
        hands.get(CUSTOMER, office.id_of(CUSTOMER, "k-2"))
    with OUTSIDE:
        hands.get(POINT, office.id_of(POINT, "s-3"))


def test_a_search_is_for_a_customer_of_the_area(office, limited):
    hands = limited(**HOME)
    anna, other = (office.id_of(CUSTOMER, key) for key in ("k-1", "k-2"))
    assert hands.search(METER, customer_id=anna)
    with OUTSIDE:
        hands.search(METER, customer_id=other)
    with OUTSIDE:
        hands.search(METER)
    with OUTSIDE:
        hands.stub.SearchRecords(pb.SearchRecordsRequest(kind=CUSTOMER, query="Anna"))
