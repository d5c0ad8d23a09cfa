"""The real billing with three invoices of Anna's and one of Celina's, for a whole run of tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ebok.billing.v1 import ledger_pb2
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub

from chassis.actors import Actor, ActorKind
from chassis.clock import FixedClock
from chassis.config import Environment
from chassis.keys import load_signer
from chassis.testing import cast
from chassis.testing.cast import Persona
from chassis.testing.databases import connect
from chassis.testing.fixtures import TEST_INSTANT
from chassis.testing.served import Served
from services.billing.__main__ import part as billing
from tests.billing.bills import Runs, house, prices
from tests.billing.given import Given

READINGS = {"2025-08-31": "790", "2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "830"}
PERIODS = (("2025-09-01", "2025-10-31"), ("2025-11-01", "2025-12-31"), ("2026-01-01", "2026-02-28"))


@dataclass(frozen=True)
class Town:
    """Where billing answers, and what is open: Anna's invoices, the oldest due first; Celina's."""

    address: str
    clock: FixedClock
    annas: list[Any]
    celinas: list[Any]
    anna_number: str

    @property
    def open_grosze(self) -> int:
        """All that Anna owes."""
        return sum(invoice.open_amount.grosze for invoice in self.annas)


@contextmanager
def town_of(databases: Any, keys_dir: Path) -> Iterator[Town]:
    """Billing, served."""
    url = databases.new_url(billing.migrations)
    database, clock = connect(url), FixedClock(TEST_INSTANT)
    config = billing.load_config(
        environment=Environment.TEST, keys_dir=keys_dir, listen="127.0.0.1:0", rpc_threads=8
    )
    runtime = billing.runtime(config, clock, database)
    server = billing.build_server(runtime)
    server.start()
    served = Served(billing, runtime, server, clock)
    try:
        yield _filled(served, clock, keys_dir)
    finally:
        served.close()
        database.close()
        databases.drop(url)


def _filled(served: Served, clock: FixedClock, keys_dir: Path) -> Town:
    given = Given(served.database, clock)
    given.settings()
    prices(given)
    anna = house(given, READINGS, customer_id=cast.ANNA_CUSTOMER, starts_on="2025-09-01").customer
    house(given, READINGS, name="Celina", customer_id=cast.CELINA_CUSTOMER, starts_on="2026-01-01")
    given.customer("Bartek", customer_id=cast.BARTEK_CUSTOMER)
    staff = Persona(cast.staff(cast.EDWARD_STAFF, "Edward"), _signer("identity", keys_dir), clock)
    runs = Runs(served, staff)
    for from_day, until_day in PERIODS:
        run = runs.preview(from_day, until_day)
        runs.issue(run.run_id)
    system = Persona(Actor(ActorKind.SYSTEM, "payments", "payments"), _signer("payments", keys_dir), clock)
    ledger = served.stub(LedgerServiceStub, system)

    def open_of(customer_id: Any) -> list[Any]:
        request = ledger_pb2.GetPayableRequest(customer_id=str(customer_id))
        return list(ledger.GetPayable(request).invoices)

    return Town(
        served.address, clock, open_of(cast.ANNA_CUSTOMER), open_of(cast.CELINA_CUSTOMER), anna.number
    )


def _signer(part: str, keys_dir: Path) -> Any:
    return load_signer(part, keys_dir / "private" / f"{part}.key")
