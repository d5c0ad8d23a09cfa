"""Billing, served; and `given`, which puts things into its tables as they stand after an import."""

from collections.abc import Callable
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.testing.served import Served
from services.billing.__main__ import part
from tests.billing.given import Given


@pytest.fixture
def served(serving: Callable[..., Served]) -> Served:
    return serving(part)


@pytest.fixture
def database(served: Served) -> Database:
    return served.database


@pytest.fixture
def given(database: Database, clock: FixedClock) -> Given:
    return Given(database, clock)


@pytest.fixture
def billing(served: Served) -> Callable[..., Any]:
    """`billing(InvoiceServiceStub, as_anna)`: one of billing's services, called as somebody."""
    return served.stub
