"""What billing says: the money counts."""

import pytest
from ebok.billing.v1 import events_pb2

from chassis import wire
from chassis.errors import NotFound
from chassis.ids import new_id


def booked(payments, payment, **changes):
    values = {
        "payment_id": payment.payment_id,
        "customer_id": payment.customer_id,
        "entry_id": str(new_id()),
        "booked_at": wire.pack_instant(payments.clock.now()),
    } | changes
    return events_pb2.PaymentBooked(**values)


def test_a_booked_payment_says_so_once(payments, pay_at, served):
    started = payments.start()
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    for _ in range(2):
        assert served.deliver(booked(payments, started))
    assert payments.get(started).booked_at == wire.pack_instant(payments.clock.now())
    assert payments.steps(started)[-1] == "BOOKED"
    assert payments.steps(started).count("BOOKED") == 1


def test_before_it_is_settled_the_event_has_to_come_again(payments, pay_at, served):
    started = payments.start()
    event = booked(payments, started)
    with pytest.raises(NotFound):
        served.deliver(event)
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    assert served.deliver(event)
    assert payments.get(started).HasField("booked_at")
