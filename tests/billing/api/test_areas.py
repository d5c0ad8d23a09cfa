"""A clerk limited to a town or a commodity: what is hers she sees, what is elsewhere not."""

import pytest
from ebok.billing.v1 import customers_pb2 as pb
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub

from chassis import errors
from chassis.actors import Actor, ActorKind, Area
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER, DARIA_STAFF


@pytest.fixture
def two(given):
    """Anna in Zdrój with water, Celina in Lipowiec with heat."""
    given.customer("Anna", customer_id=ANNA_CUSTOMER, towns=["Zdrój"], commodities=["water", "sewage"])
    given.customer("Celina", customer_id=CELINA_CUSTOMER, towns=["Lipowiec"], commodities=["heat"])


@pytest.fixture
def as_limited(billing, persona, two):
    """`as_limited(towns=…, commodities=…)`: the door of customers as Daria with that area."""

    def door(**area):
        limits = {name: frozenset(values) for name, values in area.items()}
        daria = persona(Actor(ActorKind.STAFF, str(DARIA_STAFF), "Daria", area=Area(**limits)))
        return billing(CustomerServiceStub, daria)

    return door


def names(door) -> list[str]:
    return [one.customer.name for one in door.SearchCustomers(pb.SearchCustomersRequest()).customers]


@pytest.mark.parametrize(
    ("area", "seen"),
    [
        ({}, ["Anna", "Celina"]),
        ({"towns": ["Zdrój"]}, ["Anna"]),
        ({"towns": ["Zdrój", "Lipowiec"]}, ["Anna", "Celina"]),
        ({"commodities": ["heat"]}, ["Celina"]),
        ({"commodities": ["water", "gas"]}, ["Anna"]),
        ({"towns": ["Zdrój"], "commodities": ["heat"]}, []),
        ({"towns": ["Nigdzie"]}, []),
    ],
)
def test_the_search_finds_who_is_in_the_area(as_limited, area, seen):
    assert names(as_limited(**area)) == seen


def test_one_customer_is_shown_in_the_area_and_refused_elsewhere(as_limited):
    door = as_limited(towns=["Zdrój"])
    anna = door.GetCustomer(pb.GetCustomerRequest(customer_id=str(ANNA_CUSTOMER))).customer
    assert anna.name == "Anna"
    with pytest.raises(errors.PermissionDenied, match="OUTSIDE_AREA"):
        door.GetCustomer(pb.GetCustomerRequest(customer_id=str(CELINA_CUSTOMER)))
    with pytest.raises(errors.PermissionDenied, match="OUTSIDE_AREA"):
        door.GetCustomer(pb.GetCustomerRequest(customer_id="0192aaaa-0000-7000-8000-000000000000"))
