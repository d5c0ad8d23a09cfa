"""What many ask for at the same moment is done at once, in order, and each hears what became of his own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.together import Together


class Doubling:
    """An act that doubles numbers. It holds its first act back until it is let go, and keeps what came to each."""

    def __init__(self, fault_of=None):
        self.acts = []
        self.begun, self.let_go = threading.Event(), threading.Event()
        self._fault_of = fault_of

    def __call__(self, numbers):
        self.acts.append(list(numbers))
        self.begun.set()
        assert self.let_go.wait(20)
        if self._fault_of in numbers:
            raise LookupError(str(numbers))
        return [2 * number for number in numbers]


def ask(together, doubling, *parties):
    """The first party acts; while it does, the others come one after the other. Answers their futures."""
    with ThreadPoolExecutor(len(parties)) as threads:
        asked = [threads.submit(together.do, parties[0])]
        assert doubling.begun.wait(20)
        for count, party in enumerate(parties[1:], start=1):
            asked.append(threads.submit(together.do, party))
            until = time.monotonic() + 20
            while len(together._waiting) < count:
                assert time.monotonic() < until
                time.sleep(0.001)
        doubling.let_go.set()
    return asked


def test_who_comes_alone_is_done_alone_and_at_once():
    doubling = Doubling()
    doubling.let_go.set()
    together = Together(doubling, items_max=8)
    assert [together.do([number]) for number in (3, 4)] == [[6], [8]]
    assert doubling.acts == [[3], [4]]


def test_a_crowd_is_done_at_once_in_the_order_in_which_it_came():
    doubling = Doubling()
    asked = ask(Together(doubling, items_max=8), doubling, [1], [2, 3], [4], [5])
    assert doubling.acts == [[1], [2, 3, 4, 5]]
    assert [one.result() for one in asked] == [[2], [4, 6], [8], [10]]


def test_an_act_has_no_more_than_it_may_and_no_party_is_torn_apart():
    doubling = Doubling()
    asked = ask(Together(doubling, items_max=4), doubling, [1], [2, 3, 4], [5, 6], [7], [8, 9, 10, 11])
    assert doubling.acts == [[1], [2, 3, 4], [5, 6, 7], [8, 9, 10, 11]]
    assert [len(one.result()) for one in asked] == [1, 3, 2, 1, 4]


def test_a_fault_is_told_to_everybody_who_had_a_part_in_it_and_the_next_go_on():
    doubling = Doubling(fault_of=3)
    asked = ask(Together(doubling, items_max=2), doubling, [1], [2], [3], [4])
    assert doubling.acts == [[1], [2, 3], [4]]
    assert asked[0].result() == [2]
    for one in asked[1:3]:
        with pytest.raises(LookupError):
            one.result()
    assert asked[3].result() == [8]


def test_nobody_is_forgotten_in_a_flood():
    acts = []

    def negate(numbers):
        acts.append(len(numbers))
        time.sleep(0.0005)
        return [-number for number in numbers]

    together = Together(negate, items_max=5)
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda number: together.do([number]), range(2000)))
    assert results == [[-number] for number in range(2000)]
    assert sum(acts) == 2000
    assert max(acts) == 5
