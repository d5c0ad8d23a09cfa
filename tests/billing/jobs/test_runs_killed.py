"""A worker that is a process of its own and is killed with SIGKILL while it issues."""

import os
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2, runs_pb2

from chassis.database import Database
from services.billing.storage.contracts import Contract
from services.billing.storage.customers import Customer
from services.billing.storage.meters import Meter
from services.billing.storage.readings import Reading
from services.billing.storage.service_points import ServicePoint
from tests.billing.bills import Runs, house, prices

HOUSES = 900
# Copies of the one house that is given, with everything that belongs to it: what is other in a copy, and of what.
COPIES = (
    (
        Customer,
        "k",
        "'customer_id', gen_random_uuid(), 'external_id', 'copy-' || n, 'number', 'copy-' || n",
        "customers k, generate_series(2, :houses) n",
    ),
    (
        ServicePoint,
        "s",
        "'service_point_id', gen_random_uuid(), 'external_id', 'copy-' || n || s.commodity",
        "service_points s, generate_series(2, :houses) n",
    ),
    (
        Meter,
        "m",
        "'meter_id', gen_random_uuid(), 'external_id', s.external_id, 'service_point_id', s.service_point_id",
        "meters m, service_points s WHERE s.external_id LIKE 'copy-%WATER'",
    ),
    (
        Contract,
        "c",
        "'contract_id', gen_random_uuid(), 'external_id', k.external_id, 'number', k.external_id,"
        " 'customer_id', k.customer_id",
        "contracts c, customers k WHERE k.external_id LIKE 'copy-%'",
    ),
    (
        Reading,
        "r",
        "'reading_id', gen_random_uuid(), 'meter_id', m.meter_id",
        "readings r, meters m WHERE m.external_id LIKE 'copy-%'",
    ),
)
DELIVERED = """
    INSERT INTO contract_service_points SELECT c.contract_id, s.service_point_id
      FROM contracts c JOIN service_points s ON s.external_id IN (c.external_id || 'WATER', c.external_id || 'SEWAGE')
     WHERE c.external_id LIKE 'copy-%'
"""


def copy_house(session, houses: int) -> None:
    """So many houses as the one there is; what the database reckons by itself is not copied."""
    for model, row, other, places in COPIES:
        table = model.__table__
        names = [column.name for column in table.columns if column.computed is None]
        copied = ", ".join(f"(one.copy).{name}" for name in names)
        statement = (
            f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {copied} FROM (SELECT"  # noqa: S608 - our own names
            f" jsonb_populate_record({row}, jsonb_build_object({other})) AS copy FROM {places}) AS one"
        )
        session.execute(sa.text(statement.replace(":houses", str(houses))))
    session.execute(sa.text(DELIVERED))


@pytest.fixture
def runs(served, as_edward) -> Runs:
    return Runs(served, as_edward)


def issued_count(database: Database) -> int:
    with database.reading() as session:
        return int(
            session.execute(sa.text("SELECT count(*) FROM invoices WHERE status = 'ISSUED'")).scalar_one()
        )


def worker(database: Database, keys_dir) -> subprocess.Popen:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EBOK_")},
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "EBOK_ENVIRONMENT": "test",
        "EBOK_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "EBOK_KEYS_DIR": str(keys_dir),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "services.billing", "job", "runs.advance"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def test_killed_in_the_middle_and_started_again_it_goes_on_and_nobody_is_billed_twice(
    given, runs, database, keys_dir, announced
):
    given.settings()
    prices(given)
    house(given)
    with database.transaction() as session:
        copy_house(session, HOUSES)
    run = runs.preview()
    while run.status == runs_pb2.RUN_STATUS_CALCULATING:  # More than one turn of the job, on a busy machine.
        runs.work()
        run = runs.get(run.run_id)
    assert run.invoice_count == HOUSES
    runs.stub.IssueBillingRun(runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=HOUSES))

    process = worker(database, keys_dir)
    while issued_count(database) == 0 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    halfway = issued_count(database)
    assert 0 < halfway < HOUSES

    deadline = time.monotonic() + 60
    while runs.get(run.run_id).status == runs_pb2.RUN_STATUS_ISSUING and time.monotonic() < deadline:
        runs.work()

    done = runs.get(run.run_id)
    assert (done.status, done.invoice_count) == (runs_pb2.RUN_STATUS_ISSUED, HOUSES)
    with database.reading() as session:
        numbers = session.execute(sa.text("SELECT number FROM invoices ORDER BY number")).scalars().all()
        charged = session.execute(sa.text("SELECT count(*), sum(amount) FROM ledger_entries")).one()
    assert numbers == [f"FV/2026/{number:06d}" for number in range(1, HOUSES + 1)]
    assert tuple(charged) == (HOUSES, HOUSES * 243_78)
    events = announced(events_pb2.InvoiceIssued)
    assert len({event.customer_id for event in events}) == len(events) == HOUSES
