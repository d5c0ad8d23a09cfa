"""The tables of what may follow what."""

import ast
from itertools import product
from pathlib import Path

import pytest

from chassis.ids import new_id
from services.payments.domain import states, waits
from services.payments.domain.numbers import LETTERS, new_number
from services.payments.storage.payments import Payment, PaymentStatus
from services.payments.storage.refunds import RefundStatus

HOME = Path(states.__file__).parents[1]


def test_settled_is_final():
    assert [pair for pair in states.PAYMENT_STEPS if pair[0] is PaymentStatus.SETTLED] == []


def test_no_payment_moves_back():
    rank = {
        PaymentStatus.STARTED: 0,
        PaymentStatus.UNKNOWN: 1,
        PaymentStatus.PENDING: 2,
        PaymentStatus.FAILED: 3,
        PaymentStatus.RECEIVED: 4,
        PaymentStatus.SETTLED: 5,
    }
    back = [(left, right) for left, right in states.PAYMENT_STEPS if rank[left] >= rank[right]]
    # An authorisation that lapses was never money of ours.
    assert back == [(PaymentStatus.RECEIVED, PaymentStatus.FAILED)]


def test_money_that_was_given_back_stays_given_back():
    assert [pair for pair in states.REFUND_STEPS if pair[0] is RefundStatus.REFUNDED] == []


@pytest.mark.parametrize(("left", "right"), list(product(PaymentStatus, PaymentStatus)))
def test_what_the_table_does_not_know_is_refused_before_anything_is_written(left, right):
    if (left, right) in states.PAYMENT_STEPS:
        return
    payment = Payment(payment_id=new_id(), status=left, reason="as before")
    with pytest.raises(states.TransitionUnsound):
        states.advance(None, payment, right, now=None)  # type: ignore[arg-type]
    assert (payment.status, payment.reason) == (left, "as before")


def test_every_status_can_be_reached_and_every_unfinished_one_left():
    reached = {right for _, right in states.PAYMENT_STEPS} | {PaymentStatus.STARTED}
    assert reached == set(PaymentStatus)
    left = {left for left, _ in states.PAYMENT_STEPS}
    assert left == set(PaymentStatus) - {PaymentStatus.SETTLED}


def test_nothing_else_writes_a_status():
    writers = {
        path.relative_to(HOME).as_posix()
        for path in HOME.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr == "status"
    }
    assert writers == {"domain/states.py"}


def test_waits_grow_to_an_hour():
    assert list(waits.WAITS) == sorted(waits.WAITS)
    assert waits.WAITS[-1].total_seconds() == 3600


def test_numbers_are_read_out_without_doubt():
    numbers = {new_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert not set("01OIL") & set(LETTERS)
    for number in numbers:
        head, first, second = number.split("-")
        assert (head, len(first), len(second)) == ("P", 4, 4)
        assert set(first + second) <= set(LETTERS)
