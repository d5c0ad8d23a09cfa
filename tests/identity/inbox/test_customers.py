"""The switcher's labels follow billing, in whatever order its events arrive; who manages hears of another contact."""

from itertools import permutations

import pytest
from ebok.billing.v1.events_pb2 import ContactEmailChanged, CustomerChanged
from ebok.identity.v1.events_pb2 import ContactChangePassedOn

from chassis import wire
from chassis.ids import new_id
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


def test_who_may_manage_is_to_hear_of_another_contact_address_and_celina_is_not(
    identity, anna, celina, served
):
    identity.claim_annas(anna)
    identity.claim_celinas(celina)
    event = ContactEmailChanged(
        change_id=str(new_id()),
        customer_id=str(cast.ANNA_CUSTOMER),
        customer_name="Anna Nowak",
        old_email="dom@poczta.example",
        new_email="obcy@poczta.example",
        changed_at=wire.pack_instant(served.clock.now()),
    )
    event_id = new_id()
    for _ in range(2):
        served.deliver(event, event_id=event_id)
    [told] = served.announced(ContactChangePassedOn)
    assert [one.email for one in told.holders] == ["anna@poczta.example"]
    for name in ("change_id", "customer_id", "customer_name", "old_email", "new_email", "changed_at"):
        assert getattr(told, name) == getattr(event, name), name


def test_of_a_customer_nobody_holds_the_contact_address_alone_is_to_hear(identity, served):
    served.deliver(
        ContactEmailChanged(
            change_id=str(new_id()), customer_id=str(cast.ANNA_CUSTOMER), old_email="dom@poczta.example"
        )
    )
    [told] = served.announced(ContactChangePassedOn)
    assert (list(told.holders), told.old_email) == ([], "dom@poczta.example")
