"""The door for a provider's own data, through real gRPC and PostgreSQL."""

import itertools
import resource
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from ebok.billing.v1 import events_pb2
from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.common.v1 import paging_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, example, settings
from hypothesis import given as generated
from hypothesis import strategies as some
from sqlalchemy import func, select

from chassis.database import Database
from chassis.errors import (
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    Refusal,
    Unavailable,
)
from chassis.ids import new_id
from chassis.rpc.errors import RemoteFault
from services.billing.domain.readings import runs_backwards
from services.billing.storage.contracts import Contract, ContractServicePoint
from services.billing.storage.customers import Customer
from services.billing.storage.daily_use import DailyUse, UseToDerive
from services.billing.storage.imports import ImportReject, ImportTrial
from services.billing.storage.intervals import IntervalReading
from services.billing.storage.ledger import LedgerEntry
from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.readings import Reading
from services.billing.storage.service_points import ServicePoint
from services.billing.storage.tariffs import Tariff
from tests.billing.import_rows import (
    contract,
    customer,
    interval,
    meter,
    payment,
    point,
    premises,
    reading,
    spoiled,
    whole_house,
)

MODELS = (Customer, Premises, ServicePoint, Meter, Contract, ContractServicePoint, Tariff, Reading)


class Connector:
    """Sends rows as the connector does."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def start(self, **given: Any) -> str:
        import_id = str(given.pop("import_id", None) or new_id())
        values = {"source": "erp: v_all"} | given
        self.stub.StartImport(pb.StartImportRequest(import_id=import_id, **values))
        return import_id

    def send(self, import_id: str, *batches: Iterable[pb.ImportRow], first: int = 1) -> Any:
        requests = [
            pb.ImportRowsRequest(import_id=import_id, batch_number=number, rows=list(rows))
            for number, rows in enumerate(batches, start=first)
        ]
        return self.stub.ImportRows(iter(requests)).import_state

    def bring(self, *batches: Iterable[pb.ImportRow], **given: Any) -> Any:
        """A whole import; answers its counts."""
        import_id = self.start(**given)
        self.send(import_id, *batches)
        return self.stub.FinishImport(pb.FinishImportRequest(import_id=import_id)).import_state

    def rejects(self, import_id: str) -> list[pb.Reject]:
        return list(self.stub.ListRejects(pb.ListRejectsRequest(import_id=import_id)).rejects)

    def reasons(self, import_id: str) -> list[tuple[str, str]]:
        """Field and reason of each fault, row by row."""
        return [(one.field, one.reason) for reject in self.rejects(import_id) for one in reject.reasons]


@pytest.fixture
def connector(billing: Callable[..., Any], as_system: Callable[..., Any]) -> Connector:
    return Connector(billing(ImportServiceStub, as_system("connector")))


@pytest.fixture
def count(database: Database) -> Callable[[Any], int]:
    def rows(model: Any) -> int:
        with database.reading() as session:
            return int(session.scalar(select(func.count()).select_from(model)) or 0)

    return rows


def counts(import_: Any) -> tuple[int, int, int, int]:
    return (import_.created_count, import_.changed_count, import_.unchanged_count, import_.rejected_count)


def test_a_whole_house_comes_in_from_one_batch_in_any_order(connector, count):
    rows = list(reversed(whole_house()))

    done = connector.bring(rows)

    assert counts(done) == (len(rows), 0, 0, 0)
    assert done.rows_by_kind == {
        "customers": 1,
        "premises": 1,
        "service_points": 2,
        "meters": 1,
        "contracts": 1,
        "readings": 2,
        "payments": 1,
    }
    assert done.status == pb.IMPORT_STATUS_FINISHED
    assert [count(model) for model in MODELS] == [1, 1, 2, 1, 1, 2, 1, 2]


def test_the_same_file_twice_changes_nothing(connector, served, count, given):
    hours = [interval(f"2026-01-10T{hour:02}:00Z", "0.25", row_number=20 + hour) for hour in range(3)]
    rows = [*whole_house(), *hours]
    first = connector.bring(rows)
    given.derived()
    models = (*MODELS, IntervalReading, DailyUse)
    before, events = [count(model) for model in models], len(served.announced(events_pb2.CustomerChanged))

    again = connector.bring(rows)

    assert first.rows_by_kind["intervals"] == count(IntervalReading) == 3
    assert counts(again) == (0, 0, len(rows), 0)
    assert [count(model) for model in models] == before
    assert count(UseToDerive) == 0, "nothing is to be derived anew"
    assert len(served.announced(events_pb2.CustomerChanged)) == events


def test_a_changed_row_changes_one(connector, database):
    connector.bring(whole_house())

    changed = connector.bring(
        [
            customer(name="Anna Nowa"),
            premises(flat="3"),
            point(code="PPW/neu"),
            meter(serial_number="99 999"),
            contract(ends_on="2026-12-31", service_point_external_ids=["s-1", "s-2"]),
            point("s-2", commodity="sewage"),
        ]
    )

    assert counts(changed) == (0, 5, 1, 0)
    with database.reading() as session:
        anna = session.scalars(select(Customer)).one()
    assert (anna.name, anna.premises_label) == ("Anna Nowa", "ul. Lipowa 7/3, Zdrój")
    assert "99 999" in anna.search_places
    assert "neu" in anna.search_places


def test_only_the_points_of_a_contract_change(connector, count):
    connector.bring(whole_house())

    changed = connector.bring([contract(service_point_external_ids=["s-1"])])

    assert counts(changed) == (0, 1, 0, 0)
    assert count(ContractServicePoint) == 1


def test_customers_are_announced_with_growing_versions_and_their_address(connector, served):
    connector.bring([customer()])
    connector.bring([premises(), point(), contract()])
    connector.bring([customer(e_invoice="false")])

    told = served.announced(events_pb2.CustomerChanged)

    assert [(one.version, one.premises_label, one.e_invoice) for one in told] == [
        (1, "", True),
        (2, "ul. Lipowa 7/2, Zdrój", True),
        (3, "ul. Lipowa 7/2, Zdrój", False),
    ]
    assert {one.email for one in told} == {"anna@poczta.example"}


def test_a_contract_that_passes_to_another_customer_moves_the_address_with_it(connector, served):
    connector.bring([*whole_house(), customer("k-2", number="2", name="Bartek")])

    connector.bring([contract(customer_external_id="k-2", service_point_external_ids=["s-1", "s-2"])])

    newest = {one.name: one for one in served.announced(events_pb2.CustomerChanged)}
    assert newest["Anna Zdrojewska"].premises_label == ""
    assert newest["Bartek"].premises_label == "ul. Lipowa 7/2, Zdrój"


def test_the_customers_own_contact_data_survive_the_providers(connector, database):
    connector.bring([customer()])
    with database.transaction() as session:
        session.scalars(select(Customer)).one().own_email = "sama@poczta.example"

    connector.bring([customer(email="erp@poczta.example")])

    with database.reading() as session:
        anna = session.scalars(select(Customer)).one()
    assert (anna.email, anna.source_email) == ("sama@poczta.example", "erp@poczta.example")
    assert "sama@poczta.example" in anna.search_own


BAD_ROWS = [
    (customer(""), "external_id", "REQUIRED"),
    (customer("x" * 81), "external_id", "TOO_LONG"),
    (customer("a\tb"), "external_id", "MALFORMED"),
    (customer(number=""), "number", "REQUIRED"),
    (customer(number="9" * 41), "number", "TOO_LONG"),
    (customer(kind="pies"), "kind", "UNKNOWN"),
    (customer(kind=""), "kind", "REQUIRED"),
    (customer(name=" "), "name", "REQUIRED"),
    (customer(name="Anna\x00"), "name", "MALFORMED"),
    (customer(name="Anna\u202egnp.exe"), "name", "MALFORMED"),
    (customer(name="A" * 201), "name", "TOO_LONG"),
    (customer(email="anna@"), "email", "MALFORMED"),
    (customer(email="a@" + "b" * 250 + ".example"), "email", "TOO_LONG"),
    (customer(phone="12"), "phone", "MALFORMED"),
    (customer(nip="1234563218"), "nip", "ONLY_FOR_COMPANIES"),
    (customer(kind="company", nip="1234563219"), "nip", "MALFORMED"),
    (customer(kind="company", nip="１２３４５６３２１８"), "nip", "MALFORMED"),
    (customer(account_number="61 1090 1014 0000 0712 1981 2875"), "account_number", "MALFORMED"),
    (customer(postcode="57000"), "postcode", "MALFORMED"),
    (customer(language="de"), "language", "UNKNOWN"),
    (customer(e_invoice="tak"), "e_invoice", "UNKNOWN"),
    (premises(building=""), "building", "REQUIRED"),
    (premises(town=""), "town", "REQUIRED"),
    (premises(street="u" * 101), "street", "TOO_LONG"),
    (point(premises_external_id="p-nie"), "premises_external_id", "UNKNOWN_PREMISES"),
    (point(premises_external_id=""), "premises_external_id", "REQUIRED"),
    (point(premises_external_id="p\x00"), "premises_external_id", "MALFORMED"),
    (point(commodity="piwo"), "commodity", "UNKNOWN"),
    (meter(service_point_external_id="s-nie"), "service_point_external_id", "UNKNOWN_SERVICE_POINT"),
    (meter(serial_number=""), "serial_number", "REQUIRED"),
    (meter(installed_on=""), "installed_on", "REQUIRED"),
    (meter(installed_on="01.01.2024"), "installed_on", "MALFORMED"),
    (meter(installed_on="2024-02-30"), "installed_on", "MALFORMED"),
    (meter(installed_on="0999-01-01"), "installed_on", "OUT_OF_RANGE"),
    (meter(removed_on="2023-12-31"), "removed_on", "BEFORE_START"),
    (meter(digits="2"), "digits", "OUT_OF_RANGE"),
    (meter(digits="10"), "digits", "OUT_OF_RANGE"),
    (meter(digits="pięć"), "digits", "MALFORMED"),
    (meter(digits="²"), "digits", "MALFORMED"),
    (meter(unit="l"), "unit", "UNKNOWN"),
    (contract(customer_external_id="k-nie"), "customer_external_id", "UNKNOWN_CUSTOMER"),
    (contract(service_point_external_ids=["s-nie"]), "service_point_external_ids", "UNKNOWN_SERVICE_POINT"),
    (contract(service_point_external_ids=["s-1"] * 101), "service_point_external_ids", "TOO_MANY"),
    (contract(tariff_code=""), "tariff_code", "REQUIRED"),
    (contract(tariff_code="W" * 21), "tariff_code", "TOO_LONG"),
    (contract(starts_on="jutro"), "starts_on", "MALFORMED"),
    (contract(ends_on="2023-12-31"), "ends_on", "BEFORE_START"),
    (reading("2026-01-31", "1", meter_external_id="m-nie"), "meter_external_id", "UNKNOWN_METER"),
    (reading("", "1"), "read_on", "REQUIRED"),
    (reading("2026-1-31", "1"), "read_on", "MALFORMED"),
    (reading("2026-01-31", ""), "value", "REQUIRED"),
    (reading("2026-01-31", "12,5"), "value", "MALFORMED"),
    (reading("2026-01-31", "1e3"), "value", "MALFORMED"),
    (reading("2026-01-31", "NaN"), "value", "MALFORMED"),
    (reading("2026-01-31", "٣"), "value", "MALFORMED"),
    (reading("2026-01-31", "-1"), "value", "OUT_OF_RANGE"),
    (reading("2026-01-31", "100000000000"), "value", "OUT_OF_RANGE"),
    (reading("2026-01-31", "9" * 81), "value", "TOO_LONG"),
    (reading("2026-01-31", "1.2345"), "value", "TOO_PRECISE"),
    (reading("2026-01-31", "1", kind="guess"), "kind", "UNKNOWN"),
    (payment(""), "external_id", "REQUIRED"),
    (payment(customer_external_id="k-nie"), "customer_external_id", "UNKNOWN_CUSTOMER"),
    (payment(amount="0"), "amount", "OUT_OF_RANGE"),
    (payment(amount="-5"), "amount", "OUT_OF_RANGE"),
    (payment(amount="1.005"), "amount", "TOO_PRECISE"),
    (payment(booked_on="2026-03-17"), "booked_on", "OUT_OF_RANGE"),
    (payment(invoice_number="FV/2020/000001"), "invoice_number", "UNKNOWN_INVOICE"),
    (pb.ImportRow(row_number=1), "", "UNKNOWN_KIND"),
    (spoiled(premises("p-9"), pb.ROW_DEFECT_TOO_MANY_CELLS), "", "TOO_MANY_CELLS"),
    (spoiled(premises("p-9"), 99), "", "UNREADABLE"),
]


def test_bad_rows_of_every_kind_never_lose_the_good_ones(connector, count):
    good = whole_house()
    bad = []
    for place, (row, _, _) in enumerate(BAD_ROWS):
        copy = pb.ImportRow()
        copy.CopyFrom(row)
        copy.row_number = place + 1
        kind = copy.WhichOneof("row")
        if kind and getattr(copy, kind).external_id in {"k-1", "p-1", "s-1", "m-1", "u-1", "w-1"}:
            getattr(copy, kind).external_id = f"bad-{place}"
        if kind in ("customer", "contract") and getattr(copy, kind).number[:2] in ("Nk", "U/"):
            getattr(copy, kind).number = f"bad-{place}"
        bad.append(copy)
    import_id = connector.start()
    connector.send(import_id, [row for pair in zip(bad, good * len(bad), strict=False) for row in pair])

    done = connector.stub.GetImport(pb.GetImportRequest(import_id=import_id)).import_state
    assert done.rejected_count == len(bad)
    assert [count(model) for model in MODELS] == [1, 1, 2, 1, 1, 2, 1, 2]
    assert done.done_count == 2 * len(bad)
    reasons = {
        reject.row_number: [(one.field, one.reason) for one in reject.reasons]
        for reject in all_rejects(connector, import_id)
    }
    for place, (_, field, reason) in enumerate(BAD_ROWS):
        assert (field, reason) in reasons[place + 1], (place, field, reason, reasons[place + 1])


def all_rejects(connector, import_id):
    found, cursor = [], ""
    while True:
        answer = connector.stub.ListRejects(
            pb.ListRejectsRequest(
                import_id=import_id, page=paging_pb2.PageRequest(page_size=10, cursor=cursor)
            )
        )
        found.extend(answer.rejects)
        cursor = answer.page.next_cursor
        if not cursor:
            return found


def test_a_reject_shows_the_row_and_what_was_wrong_with_it(connector):
    import_id = connector.start()
    connector.send(
        import_id,
        [customer("k-7", 41, name="<script>\x00" + "y" * 600, email="x" * 300, kind="")],
    )

    [reject] = connector.rejects(import_id)

    assert (reject.row_number, reject.kind, reject.external_id) == (41, "customers", "k-7")
    assert [(one.field, one.reason) for one in reject.reasons] == [
        ("kind", "REQUIRED"),
        ("name", "MALFORMED"),
        ("email", "TOO_LONG"),
    ]
    assert reject.reasons[1].value.startswith("<script>\N{REPLACEMENT CHARACTER}yyy")
    assert len(reject.reasons[1].value) == 80
    assert len(reject.row["name"]) == 500
    assert reject.row["number"] == "Nk-7"


def test_a_number_belongs_to_the_first_that_has_it(connector):
    connector.bring([customer("k-1", number="1")])
    import_id = connector.start()
    connector.send(
        import_id,
        [
            customer("k-2", number="1"),
            customer("k-3", number="3"),
            customer("k-4", number="3"),
            customer("k-1", number="1"),
        ],
    )

    assert connector.reasons(import_id) == [("number", "NUMBER_TAKEN")] * 2
    done = connector.stub.GetImport(pb.GetImportRequest(import_id=import_id)).import_state
    assert counts(done) == (1, 0, 1, 2)


def test_an_id_that_comes_twice_in_a_batch_is_made_and_changed(connector, database):
    done = connector.bring([customer(name="Anna"), customer(name="Anna Nowa"), customer(name="Anna Nowa")])

    assert counts(done) == (1, 1, 1, 0)
    with database.reading() as session:
        assert session.scalars(select(Customer.name)).all() == ["Anna Nowa"]


def test_texts_lose_what_surrounds_them_and_accounts_and_numbers_are_normalised(connector, database):
    connector.bring(
        [
            customer(
                " k-1 ",
                name="  Wodna\u00a0 Sp.  z o.o. ",
                kind="COMPANY",
                nip="123-456-32-18",
                account_number="PL61 1090 1014 0000 0712 1981 2874",
                phone="(74) 866 10 10",
                language="UK",
                e_invoice="TRUE",
            )
        ]
    )

    with database.reading() as session:
        found = session.scalars(select(Customer)).one()
    assert (found.external_id, found.name, found.nip) == ("k-1", "Wodna Sp. z o.o.", "1234563218")
    assert found.account_number == "61109010140000071219812874"
    assert (found.source_phone, found.language, found.e_invoice) == ("+48748661010", "uk", True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@generated(values=some.lists(some.text(max_size=300), min_size=13, max_size=13))
@example(values=["\x00", *[""] * 12])
def test_whatever_stands_in_the_fields_is_counted_and_never_breaks_the_batch(connector, values):
    names = [field.name for field in pb.CustomerRow.DESCRIPTOR.fields]
    a, b, c, d, e, f, *_ = values
    rows = [
        pb.ImportRow(customer=pb.CustomerRow(**dict(zip(names, values, strict=True)))),
        customer("k-safe", number=a, name=b, address_line=c, town=d),
        premises("p-safe", street=a, building=b, flat=c, town=d, postcode=e),
        premises("p-1"),
        point("s-safe", code=a, premises_external_id=b),
        point("s-1"),
        meter("m-safe", serial_number=a, digits=b, unit=c, removed_on=d),
        contract(
            "u-safe",
            number=a,
            tariff_code=b,
            ends_on=c,
            customer_external_id=d,
            service_point_external_ids=[e],
        ),
        reading(a, b, external_id=c, kind=d, meter_external_id=e),
        payment(a, title=b, amount=c, booked_on=d, invoice_number=e),
        customer("k-1"),
        payment(f"w{f}", title=a),
    ]

    done = connector.bring(rows)

    assert done.done_count == len(rows)
    assert sum(counts(done)) == len(rows)
    assert done.created_count + done.changed_count + done.unchanged_count >= 3


# Readings


def shown(database):
    with database.reading() as session:
        rows = session.scalars(
            select(Reading).order_by(Reading.read_on, Reading.received_at, Reading.reading_id)
        )
        return [(row.read_on.isoformat(), str(row.value), row.status.value, row.reason) for row in rows]


@pytest.fixture
def house(connector):
    connector.bring(whole_house()[:6])


@pytest.mark.parametrize(
    ("read_on", "value", "reason"),
    [
        ("2026-02-28", "99.999", "BELOW_PREVIOUS"),
        ("2026-03-17", "101", "IN_FUTURE"),
        ("2026-02-28", "100000", "ABOVE_DIGITS"),
        ("2023-12-31", "1", "OUTSIDE_METER_LIFE"),
        ("2026-01-31", "101", "SECOND_OF_DAY"),
        ("2026-01-01", "100.001", "BELOW_PREVIOUS"),
    ],
)
def test_a_doubtful_reading_is_kept_and_waits(connector, house, database, read_on, value, reason):
    connector.bring([reading("2026-01-31", "100", external_id="o-1")])

    done = connector.bring([reading(read_on, value, external_id="o-2")])
    again = connector.bring([reading(read_on, value, external_id="o-2")])

    assert (counts(done), counts(again)) == ((1, 0, 0, 0), (0, 0, 1, 0))
    kept = [row for row in shown(database) if row[2] == "SUBMITTED"]
    assert [(one[0], one[3]) for one in kept] == [(read_on, reason)]


def test_a_meter_may_roll_over_but_not_run_backwards(connector, house, database):
    connector.bring(
        [reading("2026-01-31", "99990"), reading("2026-02-28", "12.5"), reading("2026-03-01", "12.4")]
    )

    assert [(row[1], row[3]) for row in shown(database)] == [
        ("99990.000", ""),
        ("12.500", ""),
        ("12.400", "BELOW_PREVIOUS"),
    ]


def test_an_older_reading_that_comes_later_is_judged_by_both_neighbours(connector, house, database):
    connector.bring([reading("2026-01-31", "100"), reading("2026-03-15", "120")])
    connector.bring([reading("2026-02-28", "110"), reading("2026-02-10", "121"), reading("2026-02-11", "99")])

    assert [row[2:] for row in shown(database)] == [
        ("ACCEPTED", ""),
        ("SUBMITTED", "BELOW_PREVIOUS"),
        ("SUBMITTED", "BELOW_PREVIOUS"),
        ("ACCEPTED", ""),
        ("ACCEPTED", ""),
    ]


def test_a_corrected_reading_supersedes_what_it_was(connector, house, database):
    connector.bring([reading("2026-01-31", "100", external_id="o-1"), reading("2026-02-28", "110")])

    done = connector.bring([reading("2026-01-31", "101", external_id="o-1"), reading("2026-02-28", "112")])

    assert counts(done) == (0, 2, 0, 0)
    assert [row[1:3] for row in shown(database)] == [
        ("100.000", "SUPERSEDED"),
        ("101.000", "ACCEPTED"),
        ("110.000", "SUPERSEDED"),
        ("112.000", "ACCEPTED"),
    ]


def test_a_correction_that_must_wait_lets_the_old_value_count(connector, house, database):
    connector.bring([reading("2026-01-31", "100"), reading("2026-02-28", "110", external_id="o-2")])
    connector.bring([reading("2026-02-28", "90", external_id="o-2")])
    assert [row[1:] for row in shown(database)][1:] == [
        ("110.000", "ACCEPTED", ""),
        ("90.000", "SUBMITTED", "BELOW_PREVIOUS"),
    ]

    connector.bring([reading("2026-02-28", "111", external_id="o-2")])

    assert [row[1:3] for row in shown(database)][1:] == [
        ("110.000", "SUPERSEDED"),
        ("90.000", "SUPERSEDED"),
        ("111.000", "ACCEPTED"),
    ]


def test_a_correction_may_move_a_reading_to_another_day_and_meter(connector, house, database):
    connector.bring([meter("m-2"), reading("2026-01-31", "100", external_id="o-1")])
    connector.bring([reading("2026-02-01", "100", external_id="o-1")])
    done = connector.bring([reading("2026-02-01", "100", external_id="o-1", meter_external_id="m-2")])

    assert counts(done) == (0, 1, 0, 0)
    assert [row[2] for row in shown(database)] == ["SUPERSEDED", "SUPERSEDED", "ACCEPTED"]


def test_a_later_reading_is_judged_without_one_that_moves_away_in_the_same_batch(connector, house, database):
    connector.bring([meter("m-2"), reading("2026-01-31", "100", external_id="o-1")])

    moved = reading("2026-01-31", "100", external_id="o-1", meter_external_id="m-2")
    done = connector.bring([reading("2026-02-28", "50"), moved])

    assert counts(done) == (1, 1, 0, 0)
    assert [row[1:] for row in shown(database)] == [
        ("100.000", "SUPERSEDED", ""),
        ("100.000", "ACCEPTED", ""),
        ("50.000", "ACCEPTED", ""),
    ]


def test_what_gives_way_on_one_meter_leaves_the_others_of_its_batch_alone(connector, house, database):
    connector.bring([meter("m-2"), meter("m-3"), reading("2026-01-31", "200", meter_external_id="m-2")])

    done = connector.bring(
        [
            reading("2026-02-01", "1"),
            reading("2026-01-31", "201", meter_external_id="m-2"),
            reading("2026-02-02", "202", meter_external_id="m-2"),
            reading("2026-02-03", "3", meter_external_id="m-3"),
        ]
    )

    assert counts(done) == (3, 1, 0, 0)
    assert [row[1:3] for row in shown(database)] == [
        ("200.000", "SUPERSEDED"),
        ("201.000", "ACCEPTED"),
        ("1.000", "ACCEPTED"),
        ("202.000", "ACCEPTED"),
        ("3.000", "ACCEPTED"),
    ]


def test_an_invoiced_reading_is_not_changed(connector, house, database, clock):
    connector.bring([reading("2026-01-31", "100")])
    with database.transaction() as session:
        session.scalars(select(Reading)).one().billed_at = clock.now()
    import_id = connector.start()

    connector.send(import_id, [reading("2026-01-31", "100"), reading("2026-01-31", "101", row_number=9)])

    assert connector.reasons(import_id) == [("value", "READING_BILLED")]
    assert [row[1:3] for row in shown(database)] == [("100.000", "ACCEPTED")]


def test_the_same_value_under_another_id_says_nothing_new(connector, house, count):
    connector.bring([reading("2026-01-31", "100", external_id="o-1")])

    done = connector.bring([reading("2026-01-31", "100.0"), reading("2026-01-31", "100", external_id="o-2")])

    assert counts(done) == (0, 0, 2, 0)
    assert count(Reading) == 1


def test_rows_of_one_meter_in_one_batch_are_judged_by_each_other(connector, house, database):
    rows = [reading(f"2026-02-{day:02d}", str(100 + day)) for day in range(28, 0, -1)]

    done = connector.bring([*rows, rows[3], reading("2026-02-10", "0")])

    assert counts(done) == (28, 1, 1, 0)
    assert {row[2] for row in shown(database)} == {"ACCEPTED", "SUBMITTED"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@generated(
    said=some.lists(
        some.tuples(
            some.integers(1, 28),
            some.sampled_from([0, 5, 50, 99000, 99990]),
            some.sampled_from(["", "a", "b"]),
        ),
        max_size=25,
    ),
    cuts=some.sets(some.integers(1, 24)),
)
def test_accepted_readings_never_run_backwards_however_they_come(connector, said, cuts, database):
    meter_id = f"m-{new_id()}"
    connector.bring([*whole_house()[:4], meter(meter_id)])
    rows = [
        reading(
            f"2026-02-{day:02d}",
            str(value),
            meter_external_id=meter_id,
            external_id=source and f"{meter_id}{source}{day % 4}",
        )
        for day, value, source in said
    ]
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]

    connector.bring(*[rows[start:end] for start, end in itertools.pairwise(edges)])

    with database.reading() as session:
        accepted = session.scalars(
            select(Reading)
            .join(Meter, Meter.meter_id == Reading.meter_id)
            .where(Meter.external_id == meter_id, Reading.status == "ACCEPTED")
            .order_by(Reading.read_on)
        ).all()
    for before, after in itertools.pairwise(accepted):
        assert before.read_on < after.read_on
        assert not runs_backwards(before.value, after.value, digits=5)


# Batches, breaks, dry runs


@pytest.mark.repeats("ImportService/StartImport", "ImportService/ImportRows")
def test_a_broken_stream_goes_on_where_it_stopped(connector, count):
    import_id = connector.start(row_count=4)

    def breaks():
        for number in (1, 2):
            yield pb.ImportRowsRequest(
                import_id=import_id, batch_number=number, rows=[customer(f"k-{number}")]
            )
        wait_until(lambda: count(Customer) == 2)
        raise ConnectionError

    with pytest.raises((Unavailable, RemoteFault, Refusal)):
        connector.stub.ImportRows(breaks())
    found = connector.stub.StartImport(
        pb.StartImportRequest(import_id=import_id, source="erp: v_all", row_count=4)
    ).import_state
    done = connector.send(import_id, *[[customer(f"k-{number}")] for number in range(1, 5)])

    assert (found.batch_count, found.created_count) == (2, 2)
    assert counts(done) == (4, 0, 0, 0)
    assert (done.batch_count, done.row_count, count(Customer)) == (4, 4, 4)


def wait_until(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_batch_that_has_no_one_before_it_is_out_of_order(connector, count):
    import_id = connector.start()

    with pytest.raises(FailedPrecondition) as refused:
        connector.send(import_id, [customer()], first=2)

    assert (refused.value.reason, refused.value.metadata["expected"]) == ("BATCH_OUT_OF_ORDER", "1")
    assert count(Customer) == 0


def test_a_dry_run_checks_and_counts_everything_and_leaves_nothing(connector, served, count):
    house = whole_house()
    batches = [[row] for row in house] + [[customer(), customer(name="Anna Nowa"), meter("m-2", digits="x")]]

    tried = connector.bring(*batches, dry_run=True)

    assert tried.dry_run
    assert counts(tried) == (len(house), 1, 1, 1)
    assert [count(model) for model in MODELS] == [0] * len(MODELS)
    assert served.announced(events_pb2.CustomerChanged) == []
    assert count(ImportTrial) == 0
    assert count(ImportReject) == 1
    assert len(served.announced(events_pb2.ImportFinished)) == 1


def test_a_dry_run_sees_numbers_taken_in_earlier_batches(connector):
    import_id = connector.start(dry_run=True)

    connector.send(import_id, [customer("k-1", number="1")], [customer("k-2", number="1")])

    assert connector.reasons(import_id) == [("number", "NUMBER_TAKEN")]


def test_a_dry_run_over_what_is_there_counts_it_as_known(connector, count):
    connector.bring(whole_house())
    before = [count(model) for model in MODELS]

    tried = connector.bring(
        whole_house(), [customer(name="Inna")], [reading("2026-01-31", "101")], dry_run=True
    )

    assert counts(tried) == (0, 2, len(whole_house()), 0)
    assert [count(model) for model in MODELS] == before


def test_two_imports_at_once_of_the_same_rows_make_each_once(connector, count):
    rows = [
        *whole_house(),
        *[customer(f"k-{place}") for place in range(2, 40)],
        *[
            reading(f"2025-{month:02d}-{day:02d}", str(month * 3 + day / 10))
            for month in range(1, 7)
            for day in (1, 15)
        ],
    ]
    results = []

    def run():
        results.append(connector.bring(*[rows[place : place + 7] for place in range(0, len(rows), 7)]))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one.created_count for one in results) + sum(one.unchanged_count for one in results) == 3 * len(
        rows
    )
    assert sum(one.created_count for one in results) == len(rows)
    assert (count(Customer), count(Reading)) == (39, 14)


@pytest.mark.repeats("ImportService/CancelImport")
def test_an_import_that_is_stopped_keeps_what_came_and_takes_no_more(
    billing, as_edward, connector, served, count
):
    import_id = connector.start()
    connector.send(import_id, [customer()])
    console = billing(ImportServiceStub, as_edward)
    request = pb.CancelImportRequest(import_id=import_id)

    stopped = console.CancelImport(request).import_state
    again = console.CancelImport(request).import_state

    assert stopped.status == pb.IMPORT_STATUS_CANCELLED
    assert again == stopped
    with pytest.raises(FailedPrecondition) as refused:
        connector.send(import_id, [customer("k-2")], first=2)
    assert refused.value.reason == "IMPORT_CANCELLED"
    assert connector.stub.FinishImport(pb.FinishImportRequest(import_id=import_id)).import_state == stopped
    assert count(Customer) == 1
    assert len(served.announced(events_pb2.ImportFinished)) == 1


@pytest.mark.repeats("ImportService/FinishImport")
def test_a_finished_import_is_closed_for_good(billing, as_edward, connector, served):
    done = connector.bring([customer(), customer("k-2", kind="x")])
    request = pb.FinishImportRequest(import_id=done.import_id)

    assert connector.stub.FinishImport(request).import_state == done
    [event] = served.announced(events_pb2.ImportFinished)
    assert (event.import_id, event.done_count, event.rejected_count) == (done.import_id, 2, 1)
    for call in (
        lambda: connector.start(import_id=done.import_id),
        lambda: connector.send(done.import_id, [customer()], first=2),
        lambda: billing(ImportServiceStub, as_edward).CancelImport(
            pb.CancelImportRequest(import_id=done.import_id)
        ),
    ):
        with pytest.raises(FailedPrecondition) as refused:
            call()
        assert refused.value.reason == "IMPORT_FINISHED"


def test_an_id_stands_for_one_source(connector):
    import_id = connector.start()

    assert connector.start(import_id=import_id) == import_id
    for other in ({"source": "inny.csv"}, {"dry_run": True}):
        with pytest.raises(Conflict) as refused:
            connector.start(import_id=import_id, **other)
        assert refused.value.reason == "IMPORT_DIFFERS"


def test_an_unknown_import_is_not_found(billing, as_edward, connector):
    import_id = str(new_id())
    for call in (
        lambda: connector.send(import_id, [customer()]),
        lambda: connector.rejects(import_id),
        lambda: connector.stub.GetImport(pb.GetImportRequest(import_id=import_id)),
        lambda: connector.stub.FinishImport(pb.FinishImportRequest(import_id=import_id)),
        lambda: billing(ImportServiceStub, as_edward).CancelImport(
            pb.CancelImportRequest(import_id=import_id)
        ),
    ):
        with pytest.raises(NotFound) as refused:
            call()
        assert refused.value.reason == "IMPORT_NOT_FOUND"


def test_a_batch_of_more_than_five_thousand_rows_is_refused_whole(connector, count):
    import_id = connector.start()

    with pytest.raises(Invalid) as refused:
        connector.send(import_id, [customer(f"k-{place}") for place in range(5001)])

    assert (refused.value.violations[0].field, refused.value.violations[0].reason) == ("rows", "TOO_MANY")
    assert count(Customer) == 0


def test_an_empty_stream_and_an_empty_batch_are_nothing(connector):
    assert connector.stub.ImportRows(iter(())).import_state.import_id == ""
    assert connector.send(connector.start(), []).batch_count == 1


def test_imports_are_listed_newest_first_by_pages(billing, as_daria, connector, clock):
    started = []
    for _ in range(5):
        started.append(connector.bring([customer()]).import_id)
        clock.advance(timedelta(minutes=1))
    console = billing(ImportServiceStub, as_daria)

    def page(cursor=""):
        return console.ListImports(
            pb.ListImportsRequest(page=paging_pb2.PageRequest(page_size=2, cursor=cursor))
        )

    first, second = page(), page(page().page.next_cursor)
    assert [one.import_id for one in [*first.imports, *second.imports]] == started[:0:-1]
    assert [one.import_id for one in page(second.page.next_cursor).imports] == started[:1]
    assert page(second.page.previous_cursor).imports == first.imports


def test_the_datas_own_age_is_kept_and_refreshed_without_an_announcement(connector, database, served, clock):
    first = Timestamp()
    first.FromDatetime(clock.now() - timedelta(days=2))
    connector.bring([customer()], as_of=first)
    connector.bring([customer()])

    with database.reading() as session:
        assert session.scalars(select(Customer.as_of)).one() == clock.now()
    assert len(served.announced(events_pb2.CustomerChanged)) == 1


def test_nobody_but_the_connector_brings_rows(billing, as_edward, as_celina, as_system):
    request = pb.StartImportRequest(import_id=str(new_id()), source="x")
    for persona in (as_edward, as_celina, as_system("identity")):
        stub = billing(ImportServiceStub, persona)
        with pytest.raises(PermissionDenied):
            stub.StartImport(request)
        with pytest.raises(PermissionDenied):
            stub.ImportRows(iter([pb.ImportRowsRequest(import_id=request.import_id, batch_number=1)]))
    for persona in (as_celina, as_system("notify")):
        with pytest.raises(PermissionDenied):
            billing(ImportServiceStub, persona).ListRejects(
                pb.ListRejectsRequest(import_id=request.import_id)
            )


def test_a_clerk_may_look_and_not_stop(billing, as_daria, connector):
    import_id = connector.start()
    console = billing(ImportServiceStub, as_daria.allowed("billing.imports.read"))

    assert console.GetImport(pb.GetImportRequest(import_id=import_id)).import_state.import_id == import_id
    with pytest.raises(PermissionDenied):
        console.CancelImport(pb.CancelImportRequest(import_id=import_id))


# Payments


def test_a_payment_is_posted_once_and_a_changed_one_is_refused(connector, count):
    connector.bring([customer(), payment()])
    import_id = connector.start()

    connector.send(
        import_id,
        [payment(), payment(amount="123.46"), payment("w-2", amount="1"), payment("w-2", amount="1")],
    )

    done = connector.stub.GetImport(pb.GetImportRequest(import_id=import_id)).import_state
    assert counts(done) == (1, 0, 2, 1)
    assert connector.reasons(import_id) == [("amount", "PAYMENT_DIFFERS")]
    assert count(LedgerEntry) == 2


def test_an_imported_payment_cannot_pass_for_one_of_the_payments_service(connector, count):
    connector.bring([customer()])
    import_id = connector.start()
    connector.send(import_id, [payment(f"payment:{new_id()}"), payment("refund:1"), payment("payments-1")])
    assert connector.reasons(import_id) == [("external_id", "MALFORMED")] * 2
    assert count(LedgerEntry) == 1


@pytest.mark.long
def test_a_long_stream_takes_no_more_memory_than_a_short_one(connector, house, count):
    def batches(first, last):
        for number in range(first, last + 1):
            rows = [
                reading(f"{2024 + place % 2}-{1 + place % 12:02d}-{1 + place % 28:02d}", "1e")
                for place in range(1000)
            ]
            yield pb.ImportRowsRequest(import_id=import_id, batch_number=number, rows=rows)

    import_id = connector.start()
    connector.stub.ImportRows(batches(1, 5), timeout=120)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connector.stub.ImportRows(batches(6, 40), timeout=300)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert count(ImportReject) == 40_000
    assert grown_kb < 40_000


def test_one_stream_is_of_one_import(connector, count):
    first, second = connector.start(), connector.start()
    requests = [
        pb.ImportRowsRequest(import_id=import_id, batch_number=number, rows=[customer(f"k-{number}")])
        for number, import_id in enumerate((first, second), start=1)
    ]

    with pytest.raises(Invalid) as refused:
        connector.stub.ImportRows(iter(requests))

    assert [(one.field, one.reason) for one in refused.value.violations] == [("import_id", "DIFFERS")]
    assert count(Customer) == 1
