"""The switcher's labels follow billing, in whatever order its events arrive."""

from itertools import permutations

import pytest
from ebok.billing.v1.events_pb2 import CustomerChanged

from chassis.testing import cast


def changed(version: int, name: str) -> CustomerChanged:
    return CustomerChanged(
        customer_id=str(cast.ANNA_CUSTOMER),
        version=version,
        number="K-1001",
        name=name,
        email="anna@poczta.example",
        premises_label=f"ul. Wodna {version}",
    )


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_newest_labels_stay_whatever_the_order(identity, anna, served, order):
    identity.claim_annas(anna)
    for version in order:
        served.deliver(changed(version, f"Anna {version}"))
    [held] = identity.check(anna).grants
    assert (held.customer_name, held.premises_label) == ("Anna 3", "ul. Wodna 3")


def test_labels_of_an_event_are_not_overwritten_by_a_later_proof(identity, anna, served):
    served.deliver(changed(5, "Anna Nowak-Lis"))
    assert identity.claim_annas(anna).customer_name == "Anna Nowak-Lis"


def test_event_of_a_customer_nobody_holds_makes_no_grant(identity, anna, served, count):
    served.deliver(changed(1, "Anna Nowak"))
    assert count("grants") == 0
    assert list(identity.check(anna).grants) == []
