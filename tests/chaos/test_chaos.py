"""Whatever is killed when: what was paid is booked once, the rest is not, and nothing is stuck."""

import os

import pytest

from tests.chaos.breaking import PARTS
from tests.chaos.storm import rounds
from tests.journeys.conftest import running_company

SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.broker
@pytest.mark.timeout(1500)
def test_three_rounds_of_chaos_leave_the_books_right(capsys: pytest.CaptureFixture[str]):
    live_through(3, capsys)


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.timeout(5400)
def test_ten_rounds_of_chaos_leave_the_books_right(capsys: pytest.CaptureFixture[str]):
    live_through(10, capsys)


def live_through(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    with running_company(with_broker=True) as (company, node):
        company.live_through()
        with capsys.disabled():
            killed = rounds(company, node, count=count, seed=SEED, say=print)
        assert killed == set(PARTS)
