"""Master data in the hands of staff: made, changed, refused, and what an import makes of it afterwards."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ebok.billing.v1 import customers_pb2, events_pb2, imports_pb2
from ebok.billing.v1 import records_pb2 as pb
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.billing.v1.records_pb2_grpc import RecordServiceStub
from ebok.common.v1 import paging_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import select

from chassis.errors import Conflict, Invalid, NotFound, PermissionDenied, Refusal
from chassis.ids import new_id
from services.billing.storage.contracts import Contract
from services.billing.storage.customers import Customer
from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.readings import ReadingStatus
from services.billing.storage.service_points import Commodity, ServicePoint
from tests.billing.bills import Runs, house, prices
from tests.billing.import_rows import contract, customer, meter, point, premises, whole_house

CUSTOMER, PREMISES = pb.RECORD_KIND_CUSTOMER, pb.RECORD_KIND_PREMISES
POINT, METER, CONTRACT = pb.RECORD_KIND_SERVICE_POINT, pb.RECORD_KIND_METER, pb.RECORD_KIND_CONTRACT
NAMES = {
    CUSTOMER: "customer",
    PREMISES: "premises",
    POINT: "service_point",
    METER: "meter",
    CONTRACT: "contract",
}
MODELS = {CUSTOMER: Customer, PREMISES: Premises, POINT: ServicePoint, METER: Meter, CONTRACT: Contract}
ROWS = {CUSTOMER: customer, PREMISES: premises, POINT: point, METER: meter, CONTRACT: contract}
IDS = {CUSTOMER: "k-1", PREMISES: "p-1", POINT: "s-1", METER: "m-1", CONTRACT: "u-1"}


class Office:
    """A clerk with the records, beside a connector."""

    def __init__(self, stub: Any, connector: Any, database: Any) -> None:
        self.stub, self.connector, self.database = stub, connector, database

    def id_of(self, kind: Any, external_id: str = "") -> str:
        """The id of what the provider calls so."""
        model: Any = MODELS[kind]
        [column] = model.__table__.primary_key
        with self.database.reading() as session:
            found = session.scalar(select(column).where(model.external_id == (external_id or IDS[kind])))
        return str(found)

    def get(self, kind: Any, record_id: str = "") -> pb.Record:
        request = pb.GetRecordRequest(kind=kind, record_id=record_id or self.id_of(kind))
        return self.stub.GetRecord(request).record

    def save(self, row: Any, record_id: str = "", revision: str = "") -> pb.Record:
        request = pb.SaveRecordRequest(record_id=record_id or str(new_id()), revision=revision, row=row)
        return self.stub.SaveRecord(request).record

    def change(self, record: pb.Record, **fields: Any) -> pb.Record:
        """The record with other values in some fields."""
        return self.save(changed(record, **fields), record.record_id, record.revision)

    def search(self, kind: Any, query: str = "", **fields: Any) -> list[str]:
        request = pb.SearchRecordsRequest(kind=kind, query=query, **fields)
        return [one.label for one in self.stub.SearchRecords(request).records]

    def bring(self, *rows: Any, **given: Any) -> Any:
        """A whole import; answers its counts."""
        import_id = str(new_id())
        self.connector.StartImport(imports_pb2.StartImportRequest(import_id=import_id, source="erp", **given))
        batch = imports_pb2.ImportRowsRequest(import_id=import_id, batch_number=1, rows=rows)
        self.connector.ImportRows(iter([batch]))
        return self.connector.FinishImport(imports_pb2.FinishImportRequest(import_id=import_id)).import_state

    def reasons(self, import_: Any) -> list[tuple[str, str]]:
        rejects = self.connector.ListRejects(
            imports_pb2.ListRejectsRequest(import_id=import_.import_id)
        ).rejects
        return [(one.field, one.reason) for reject in rejects for one in reject.reasons]


def changed(record: pb.Record, **fields: Any) -> imports_pb2.ImportRow:
    row = imports_pb2.ImportRow()
    row.CopyFrom(record.row)
    message = getattr(row, NAMES[record.kind])
    for name, value in fields.items():
        if isinstance(value, list):
            message.ClearField(name)
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return row


def value_of(record: pb.Record, name: str) -> Any:
    value = getattr(getattr(record.row, NAMES[record.kind]), name)
    return value if isinstance(value, str) else list(value)


def refused(act: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        act()
    return [(one.field, one.reason) for one in caught.value.violations]


@pytest.fixture
def office(billing, as_daria, as_system, database) -> Office:
    connector = billing(ImportServiceStub, as_system("connector"))
    return Office(billing(RecordServiceStub, as_daria), connector, database)


@pytest.fixture
def editable(given) -> None:
    """The settings let staff change what the provider's system owns."""
    given.settings(provider_data_editable=True)


# GetRecord


def test_what_came_from_the_provider_is_marked_with_it_its_age_and_locks(office, clock):
    office.bring(*whole_house())

    for kind, name in NAMES.items():
        record = office.get(kind)
        message = getattr(record.row, name)
        assert (record.kind, record.origin) == (kind, pb.RECORD_ORIGIN_PROVIDER)
        assert record.as_of.ToDatetime() == clock.now().replace(tzinfo=None)
        assert message.external_id == IDS[kind]
        others = {field.name for field in message.DESCRIPTOR.fields} - {"external_id"}
        assert set(record.locked_fields) == others
        assert not record.changed_fields


def test_a_record_says_of_itself_what_the_provider_said(office):
    office.bring(*whole_house())

    said = {kind: getattr(office.get(kind).row, name) for kind, name in NAMES.items()}

    assert said[CUSTOMER].phone == "+48600100200"
    assert (said[CUSTOMER].kind, said[CUSTOMER].e_invoice, said[CUSTOMER].language) == (
        "person",
        "true",
        "pl",
    )
    assert said[PREMISES] == premises().premises
    assert said[POINT] == point().service_point
    assert (said[METER].installed_on, said[METER].removed_on, said[METER].digits) == ("2024-01-01", "", "5")
    assert said[METER].service_point_external_id == "s-1"
    assert said[CONTRACT].tariff_code == "W1"
    assert said[CONTRACT].customer_external_id == "k-1"
    assert list(said[CONTRACT].service_point_external_ids) == ["s-1", "s-2"]


def test_records_have_names_that_people_know_them_by_and_whose_they_are(office):
    office.bring(*whole_house())
    anna = office.id_of(CUSTOMER)

    labels = {kind: (office.get(kind).label, office.get(kind).sub_label) for kind in NAMES}

    assert labels == {
        CUSTOMER: ("Anna Zdrojewska", "Nk-1"),
        PREMISES: ("ul. Lipowa 7/2", "57-000 Zdrój"),
        POINT: ("ul. Lipowa 7/2, Zdrój", "PPW/s-1"),
        METER: ("88 104 m-1", "ul. Lipowa 7/2, Zdrój"),
        CONTRACT: ("U/u-1", "Anna Zdrojewska"),
    }
    assert {office.get(kind).customer_id for kind in NAMES} == {anna}


def test_premises_of_two_customers_are_nobodys_alone(office):
    office.bring(*whole_house(), customer("k-2"), contract("u-2", customer_external_id="k-2"))

    assert office.get(PREMISES).customer_id == ""
    assert office.get(CONTRACT).customer_id == office.id_of(CUSTOMER)


@pytest.mark.parametrize("kind", NAMES)
def test_there_is_no_such_record(office, kind):
    with pytest.raises(NotFound) as caught:
        office.get(kind, str(new_id()))
    assert caught.value.reason == "RECORD_NOT_FOUND"


def test_records_are_for_staff(office, billing, as_anna, as_system):
    office.bring(*whole_house())
    for persona in (as_anna, as_system("connector")):
        stub = billing(RecordServiceStub, persona)
        for call in (
            lambda stub=stub: stub.GetRecord(
                pb.GetRecordRequest(kind=CUSTOMER, record_id=office.id_of(CUSTOMER))
            ),
            lambda stub=stub: stub.SearchRecords(pb.SearchRecordsRequest(kind=CUSTOMER)),
            lambda stub=stub: stub.SaveRecord(pb.SaveRecordRequest(record_id=str(new_id()), row=customer())),
        ):
            with pytest.raises(PermissionDenied):
                call()


# SearchRecords


@pytest.mark.parametrize(
    ("kind", "query", "found"),
    [
        (CUSTOMER, "zdrojewska nk-1", ["Anna Zdrojewska"]),
        (PREMISES, "LAKOWA 3", ["ul. Łąkowa 3"]),
        (PREMISES, "lipowa 7/2 57-000", ["ul. Lipowa 7/2"]),
        (POINT, "ppw/s-1", ["ul. Lipowa 7/2, Zdrój"]),
        (POINT, "łąkowa", ["ul. Łąkowa 3, Zdrój"]),
        (METER, "88104m-1", ["88 104 m-1"]),
        (METER, "lipowa", ["88 104 m-1"]),
        (CONTRACT, "u/u-1", ["U/u-1"]),
        (CONTRACT, "Zdrojewska", ["U/u-1"]),
        (METER, "%", []),
        (PREMISES, "_", []),
    ],
)
def test_records_are_found_by_what_one_knows_of_them(office, kind, query, found):
    place = premises("p-2", street="ul. Łąkowa", building="3", flat="")
    office.bring(*whole_house(), place, point("s-9", premises_external_id="p-2", code="X"))

    assert office.search(kind, query) == found


@pytest.mark.parametrize("kind", NAMES)
def test_what_belongs_to_a_customers_contracts_is_found_by_the_customer(office, kind):
    office.bring(*whole_house())
    office.bring(
        customer("k-2", name="Celina Lis"),
        premises("p-2"),
        point("s-9", premises_external_id="p-2"),
        meter("m-9", service_point_external_id="s-9"),
        contract("u-2", customer_external_id="k-2", service_point_external_ids=["s-9"]),
    )
    request = pb.SearchRecordsRequest(kind=kind, customer_id=office.id_of(CUSTOMER, "k-2"))

    [found] = office.stub.SearchRecords(request).records

    assert (
        getattr(found.row, NAMES[kind]).external_id
        == {**IDS, CUSTOMER: "k-2", PREMISES: "p-2", POINT: "s-9", METER: "m-9", CONTRACT: "u-2"}[kind]
    )


def test_pages_of_records_lead_forth_and_back(office):
    office.bring(*(premises(f"p-{number}", building=str(number)) for number in range(1, 8)))

    def page(cursor=""):
        asked = paging_pb2.PageRequest(page_size=3, cursor=cursor)
        return office.stub.SearchRecords(pb.SearchRecordsRequest(kind=PREMISES, page=asked))

    first = page()
    second = page(first.page.next_cursor)
    third = page(second.page.next_cursor)

    ids = [one.record_id for part in (first, second, third) for one in part.records]
    assert len(set(ids)) == 7
    assert page(second.page.previous_cursor).records == first.records
    with pytest.raises(Invalid):
        office.search(METER, page=paging_pb2.PageRequest(cursor=first.page.next_cursor))


# SaveRecord: new ones


def test_a_clerk_sets_a_customer_up_from_the_name_to_the_contract(office, served, given, billing, as_daria):
    given.tariff("W1")
    person = office.save(customer("", number="N1", name="Nowa Anna"))
    place = office.save(premises("", street="ul. Nowa"))
    tap = office.save(point("", premises_external_id=place.row.premises.external_id))
    dial = office.save(meter("", service_point_external_id=tap.row.service_point.external_id))
    deal = office.save(
        contract(
            "",
            customer_external_id=person.row.customer.external_id,
            service_point_external_ids=[tap.row.service_point.external_id],
        )
    )

    for record in (person, place, tap, dial, deal):
        assert record.origin == pb.RECORD_ORIGIN_OFFICE
        assert list(record.locked_fields) == []
        external_id = getattr(record.row, NAMES[record.kind]).external_id
        assert external_id == f"ebok:{record.record_id}"
    stub = billing(CustomerServiceStub, as_daria)
    for query in ("nowa anna", "ul. nowa 7/2", dial.row.meter.serial_number, deal.row.contract.number):
        [found] = stub.SearchCustomers(customers_pb2.SearchCustomersRequest(query=query)).customers
        assert found.customer.customer_id == person.record_id
        assert found.customer.premises_label == "ul. Nowa 7/2, Zdrój"
    labels = [one.premises_label for one in served.announced(events_pb2.CustomerChanged)]
    assert labels == ["", "ul. Nowa 7/2, Zdrój"]


@pytest.mark.repeats("RecordService/SaveRecord")
def test_a_record_saved_twice_is_made_and_told_once(office, served, database):
    record_id, row = str(new_id()), customer("", phone="600-100-200")

    first = office.save(row, record_id)
    again = office.save(row, record_id)

    assert again == first
    assert first.record_id == record_id
    assert len(served.announced(events_pb2.CustomerChanged)) == 1
    with database.reading() as session:
        assert len(session.scalars(select(Customer)).all()) == 1


def test_a_change_repeated_with_the_old_revision_finds_its_work_done(office, served):
    first = office.save(customer(""))
    row = changed(first, name="Anna Nowak", phone="500 100 200")

    second = office.save(row, first.record_id, first.revision)
    again = office.save(row, first.record_id, first.revision)

    assert again == second
    assert second.revision != first.revision
    assert len(served.announced(events_pb2.CustomerChanged)) == 2


def test_the_form_of_one_record_sent_at_once_makes_one(office, served):
    record_id, row = str(new_id()), customer("")
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(office.save(row, record_id))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 6
    assert len({one.SerializeToString(deterministic=True) for one in made}) == 1
    assert len(served.announced(events_pb2.CustomerChanged)) == 1


def test_two_clerks_at_once_change_a_record_once_and_the_other_is_told(office):
    record = office.save(customer(""))
    made: list[Any] = []
    told: list[Refusal] = []

    def change(name: str) -> None:
        try:
            made.append(office.change(record, name=name))
        except Refusal as refusal:
            told.append(refusal)

    threads = [threading.Thread(target=change, args=(name,)) for name in ("Anna Pierwsza", "Anna Druga")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [kept], [refusal] = made, told
    assert isinstance(refusal, Conflict)
    assert refusal.reason == "RECORD_CHANGED"
    assert office.get(CUSTOMER, record.record_id) == kept


def test_two_new_records_at_once_do_not_share_a_number(office):
    made: list[Any] = []
    told: list[Any] = []

    def make() -> None:
        try:
            made.append(office.save(customer("", number="N1")))
        except Invalid as refusal:
            told.extend((one.field, one.reason) for one in refusal.violations)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert told == [("customer.number", "NUMBER_TAKEN")] * 3


# SaveRecord: refusals


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (customer("", name="", number=""), [("customer.number", "REQUIRED"), ("customer.name", "REQUIRED")]),
        (customer("", kind="robot"), [("customer.kind", "UNKNOWN")]),
        (customer("", nip="1234563218"), [("customer.nip", "ONLY_FOR_COMPANIES")]),
        (customer("", kind="company", nip="1234563219"), [("customer.nip", "MALFORMED")]),
        (customer("", email="anna@"), [("customer.email", "MALFORMED")]),
        (customer("", number="x" * 41), [("customer.number", "TOO_LONG")]),
        (customer("", number="taken"), [("customer.number", "NUMBER_TAKEN")]),
        (
            premises("", building="", town=""),
            [("premises.building", "REQUIRED"), ("premises.town", "REQUIRED")],
        ),
        (premises("", postcode="57000"), [("premises.postcode", "MALFORMED")]),
        (
            point("", premises_external_id="p-99"),
            [("service_point.premises_external_id", "UNKNOWN_PREMISES")],
        ),
        (point("", premises_external_id=""), [("service_point.premises_external_id", "REQUIRED")]),
        (point("", commodity="milk"), [("service_point.commodity", "UNKNOWN")]),
        (
            meter("", service_point_external_id="s-99"),
            [("meter.service_point_external_id", "UNKNOWN_SERVICE_POINT")],
        ),
        (meter("", installed_on="2026-02-30"), [("meter.installed_on", "MALFORMED")]),
        (meter("", removed_on="2023-12-31"), [("meter.removed_on", "BEFORE_START")]),
        (meter("", digits="12"), [("meter.digits", "OUT_OF_RANGE")]),
        (meter("", unit="l"), [("meter.unit", "UNKNOWN")]),
        (contract("", customer_external_id="k-9"), [("contract.customer_external_id", "UNKNOWN_CUSTOMER")]),
        (contract("", tariff_code="NIE-MA"), [("contract.tariff_code", "UNKNOWN_TARIFF")]),
        (contract("", ends_on="2023-01-01"), [("contract.ends_on", "BEFORE_START")]),
        (
            contract("", service_point_external_ids=["s-1", "s-99"]),
            [("contract.service_point_external_ids", "UNKNOWN_SERVICE_POINT")],
        ),
        (contract("", number="U/u-1"), [("contract.number", "NUMBER_TAKEN")]),
    ],
)
def test_what_an_import_would_refuse_is_refused_at_its_field(office, served, row, faults):
    office.bring(*whole_house(), customer("k-7", number="taken"))
    told = len(served.announced(events_pb2.CustomerChanged))

    assert refused(lambda: office.save(row)) == faults
    assert len(served.announced(events_pb2.CustomerChanged)) == told


@pytest.mark.parametrize(
    "row",
    [
        imports_pb2.ImportRow(row_number=1),
        imports_pb2.ImportRow(payment=imports_pb2.PaymentRow(external_id="w-1")),
        imports_pb2.ImportRow(reading=imports_pb2.ReadingRow(meter_external_id="m-1")),
        imports_pb2.ImportRow(customer=customer().customer, defect=imports_pb2.ROW_DEFECT_TOO_MANY_CELLS),
    ],
)
def test_only_rows_of_master_data_are_records(office, row):
    assert refused(lambda: office.save(row)) == [("row", "UNKNOWN")]


def test_a_record_that_is_not_there_cannot_be_changed(office):
    with pytest.raises(NotFound) as caught:
        office.save(customer(""), revision="abc")
    assert caught.value.reason == "RECORD_NOT_FOUND"


def test_a_record_that_an_import_changed_is_read_anew_first(office, editable):
    office.bring(*whole_house())
    before = office.get(PREMISES)
    office.bring(premises(street="ul. Dębowa"))

    with pytest.raises(Conflict) as caught:
        office.change(before, flat="9")

    assert caught.value.reason == "RECORD_CHANGED"
    assert value_of(office.get(PREMISES), "flat") == "2"


def test_an_import_that_says_the_same_disturbs_nobody(office, editable, clock):
    office.bring(*whole_house())
    before = office.get(PREMISES)
    clock.advance(timedelta(days=1))
    office.bring(*whole_house())

    assert value_of(office.change(before, flat="9"), "flat") == "9"


# SaveRecord: what the provider owns

CHANGES: list[tuple[int, str, Any, Any]] = [
    (CUSTOMER, "name", "Anna Nowa", "Anna Inna"),
    (CUSTOMER, "number", "N-nowy", "N-inny"),
    (CUSTOMER, "email", "nowa@poczta.example", "inna@poczta.example"),
    (CUSTOMER, "phone", "+48500100200", "+48500100300"),
    (CUSTOMER, "e_invoice", "false", None),
    (CUSTOMER, "language", "uk", "en"),
    (PREMISES, "flat", "9", "10"),
    (POINT, "code", "PPE-9", "PPE-10"),
    (POINT, "premises_external_id", "p-2", "p-3"),
    (METER, "removed_on", "2026-12-31", "2026-11-30"),
    (METER, "serial_number", "77", "78"),
    (METER, "service_point_external_id", "s-2", "s-3"),
    (METER, "digits", "6", "7"),
    (CONTRACT, "tariff_code", "W2", "W3"),
    (CONTRACT, "ends_on", "2027-12-31", "2026-12-31"),
    (CONTRACT, "customer_external_id", "k-2", "k-3"),
    (CONTRACT, "service_point_external_ids", ["s-2"], ["s-1", "s-2"]),
    (CONTRACT, "signed_on", "2024-01-02", "2024-01-03"),
]


def town(kind: int = 0, **fields: Any) -> list[Any]:
    """Several of everything; `fields` go to the first of a kind."""
    rows = {one: make(**fields) if one == kind else make() for one, make in ROWS.items()}
    return [
        rows[CUSTOMER], customer("k-2"), customer("k-3"),
        rows[PREMISES], premises("p-2"), premises("p-3"),
        rows[POINT], point("s-2"), point("s-3"),
        rows[METER], rows[CONTRACT],
        contract("u-2", tariff_code="W2"), contract("u-3", tariff_code="W3"),
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "ours", "other"), CHANGES)
def test_a_field_of_the_providers_is_locked_unless_settings_say_so(office, kind, name, ours, other):
    office.bring(*town())
    record = office.get(kind)

    assert refused(lambda: office.change(record, **{name: ours})) == [
        (f"{NAMES[kind]}.{name}", "OWNED_BY_PROVIDER")
    ]
    assert office.get(kind) == record


@pytest.mark.parametrize(("kind", "name", "ours", "other"), CHANGES)
def test_our_word_stands_until_the_provider_says_another(office, editable, kind, name, ours, other):
    office.bring(*town())
    before = office.get(kind)
    as_it_was = value_of(before, name)

    after = office.change(before, **{name: ours})
    assert value_of(after, name) == ours
    assert dict(after.changed_fields) == {
        name: "\n".join(as_it_was) if isinstance(as_it_was, list) else as_it_was
    }
    assert (after.origin, after.as_of) == (pb.RECORD_ORIGIN_PROVIDER, before.as_of)

    again = office.bring(*town())
    assert (again.changed_count, again.rejected_count) == (0, 0)
    assert office.get(kind) == after

    if other is not None:
        news = office.bring(*town(kind, **{name: other}))
        assert (news.changed_count, news.rejected_count) == (1, 0)
        theirs = office.get(kind)
        assert value_of(theirs, name) == other
        assert not theirs.changed_fields
        office.bring(*town())
        assert value_of(office.get(kind), name) == as_it_was


@pytest.mark.parametrize(("kind", "name", "ours", "other"), CHANGES)
def test_a_dry_run_of_the_providers_next_word_changes_nothing(office, editable, kind, name, ours, other):
    office.bring(*town())
    ours_now = office.change(office.get(kind), **{name: ours})

    same = office.bring(*town(), dry_run=True)
    news = office.bring(*town(kind, **{name: other or "true"}), dry_run=True)

    assert same.changed_count == 0
    assert news.changed_count == (1 if other is not None else 0)
    assert office.get(kind) == ours_now


@pytest.mark.parametrize(("kind", "name", "ours", "other"), CHANGES)
def test_what_was_changed_here_can_be_taken_back(office, editable, kind, name, ours, other):
    office.bring(*town())
    before = office.get(kind)

    back = office.change(office.change(before, **{name: ours}), **{name: value_of(before, name)})

    assert back == before


def test_what_was_changed_here_may_be_taken_back_after_the_settings_said_no(office, given, database):
    settings = given.settings(provider_data_editable=True)
    office.bring(*whole_house())
    office.change(office.get(CUSTOMER), name="Anna Nowa")
    with database.transaction() as session:
        session.get_one(type(settings), 1).provider_data_editable = False

    record = office.get(CUSTOMER)

    assert "name" not in record.locked_fields
    assert "number" in record.locked_fields
    back = office.change(record, name="Anna Zdrojewska")
    assert "name" in back.locked_fields


def test_a_field_beside_ours_goes_on_being_the_providers(office, editable):
    office.bring(*whole_house())
    office.change(office.get(CUSTOMER), name="Anna Nowa")

    office.bring(customer(town="Zdrojów"))

    record = office.get(CUSTOMER)
    assert (value_of(record, "name"), value_of(record, "town")) == ("Anna Nowa", "Zdrojów")
    assert dict(record.changed_fields) == {"name": "Anna Zdrojewska"}


def test_ours_goes_where_the_providers_next_word_leaves_no_room_for_it(office, editable):
    office.bring(*whole_house())
    office.change(office.get(CONTRACT), starts_on="2026-05-01")
    office.change(office.get(METER), installed_on="2024-06-01", digits="6")

    news = office.bring(
        contract(ends_on="2026-03-31", service_point_external_ids=["s-1", "s-2"]),
        meter(removed_on="2024-03-31"),
    )

    assert (news.changed_count, news.rejected_count) == (2, 0)
    deal, dial = office.get(CONTRACT), office.get(METER)
    assert (value_of(deal, "starts_on"), value_of(deal, "ends_on")) == ("2024-01-01", "2026-03-31")
    assert (value_of(dial, "installed_on"), value_of(dial, "removed_on")) == ("2024-01-01", "2024-03-31")
    assert (value_of(dial, "digits"), dict(dial.changed_fields)) == ("5", {})


def test_a_number_that_staff_gave_is_not_taken_by_an_import(office, editable):
    office.bring(*whole_house())
    office.change(office.get(CUSTOMER), number="N-nowy")

    news = office.bring(customer("k-2", number="N-nowy"), customer("k-3", number="Nk-1"), customer())

    assert office.reasons(news) == [("number", "NUMBER_TAKEN")]
    assert (news.created_count, news.unchanged_count) == (1, 1)


def test_own_contact_data_of_the_customer_go_first_whatever_staff_write(
    office, editable, given, served, billing, as_daria
):
    anna = given.customer(external_id="k-1", own_email="ja@poczta.example", source_email="erp@poczta.example")

    office.change(office.get(CUSTOMER, str(anna.customer_id)), email="biuro@poczta.example")

    stub = billing(CustomerServiceStub, as_daria)
    found = stub.GetCustomer(customers_pb2.GetCustomerRequest(customer_id=str(anna.customer_id))).customer
    assert found.email == "ja@poczta.example"
    [event] = served.announced(events_pb2.CustomerChanged)
    assert event.email == "ja@poczta.example"
    [hit] = stub.SearchCustomers(customers_pb2.SearchCustomersRequest(query="biuro@poczta")).customers
    assert hit.customer.customer_id == str(anna.customer_id)


# Records made here, and imports


def test_an_import_does_not_touch_what_was_made_here(office):
    made = office.save(customer("", number="N1", name="Nowa Anna"))
    external_id = made.row.customer.external_id

    news = office.bring(customer("k-1", number="N1"), customer(external_id, number="N2", name="Nikt"))

    assert sorted(office.reasons(news)) == [("external_id", "OWNED_BY_OFFICE"), ("number", "NUMBER_TAKEN")]
    assert office.get(CUSTOMER, made.record_id) == made


def test_the_age_of_what_the_provider_says_again_is_new(office, clock):
    office.bring(*whole_house())
    clock.advance(timedelta(days=2))
    said_at = Timestamp()
    said_at.FromDatetime(clock.now() - timedelta(hours=3))

    again = office.bring(*whole_house(), as_of=said_at)

    assert again.changed_count == 0
    assert [office.get(kind).as_of for kind in NAMES] == [said_at] * len(NAMES)


def test_the_age_of_what_was_made_here_is_that_of_the_last_change(office, clock, given):
    given.tariff("W1")
    office.bring(customer(), premises(), point(), point("s-2"))
    deal = office.save(contract(""))
    clock.advance(timedelta(days=2))

    later = office.change(deal, service_point_external_ids=["s-1", "s-2"])

    assert later.as_of.ToDatetime() == clock.now().replace(tzinfo=None)


# What invoices and readings stand on


@pytest.fixture
def billed(office, given, served, as_edward) -> Any:
    """Anna's house, billed from November to the end of December 2025."""
    given.settings(provider_data_editable=True)
    prices(given)
    one = house(given)
    runs = Runs(served, as_edward)
    assert len(runs.invoices(runs.bill().run_id)) == 1
    return one


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"starts_on": "2025-11-02"}, [("contract.starts_on", "BILLED")]),
        ({"ends_on": "2025-12-30"}, [("contract.ends_on", "BILLED")]),
        ({"service_point_external_ids": []}, [("contract.service_point_external_ids", "BILLED")]),
        ({"customer_external_id": "k-celina"}, [("contract.customer_external_id", "BILLED")]),
        ({"starts_on": "2025-10-01"}, []),
        ({"ends_on": "2025-12-31"}, []),
    ],
)
def test_a_contract_goes_on_covering_what_was_billed(office, given, billed, fields, faults):
    given.customer("Celina Lis", external_id="k-celina")
    record = office.get(CONTRACT, str(billed.contract.contract_id))

    if not faults:
        assert office.change(record, **fields).changed_fields
        return
    assert refused(lambda: office.change(record, **fields)) == faults
    assert office.get(CONTRACT, record.record_id) == record


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"installed_on": "2025-11-01"}, [("meter.installed_on", "HAS_READINGS")]),
        ({"removed_on": "2025-12-30"}, [("meter.removed_on", "HAS_READINGS")]),
        ({"unit": "kWh"}, [("meter.unit", "HAS_READINGS")]),
        ({"service_point_external_id": "s-other"}, [("meter.service_point_external_id", "HAS_READINGS")]),
        ({"digits": "3"}, []),
        ({"removed_on": "2025-12-31"}, []),
        ({"serial_number": "1"}, []),
    ],
)
def test_a_meter_goes_on_holding_its_readings(office, given, billed, fields, faults):
    given.service_point(external_id="s-other")
    given.reading(billed.meter, "2025-12-31", "90000", status=ReadingStatus.REJECTED)
    record = office.get(METER, str(billed.meter.meter_id))

    if not faults:
        assert office.change(record, **fields).changed_fields
        return
    assert refused(lambda: office.change(record, **fields)) == faults
    assert office.get(METER, record.record_id) == record


def test_a_meter_keeps_the_digits_that_its_readings_need(office, given, editable):
    dial = given.meter()
    given.reading(dial, "2026-01-31", "12345")
    record = office.get(METER, str(dial.meter_id))

    assert refused(lambda: office.change(record, digits="4")) == [("meter.digits", "ABOVE_DIGITS")]


@pytest.mark.parametrize("used_by", ["meter", "contract", ""])
def test_the_commodity_of_a_point_in_use_stays(office, given, editable, used_by):
    tap = given.service_point(commodity=Commodity.WATER)
    if used_by == "meter":
        given.meter(tap)
    if used_by == "contract":
        given.contract(given.customer(), tap)
    record = office.get(POINT, str(tap.service_point_id))

    if not used_by:
        assert value_of(office.change(record, commodity="heat"), "commodity") == "heat"
        return
    assert refused(lambda: office.change(record, commodity="heat")) == [("service_point.commodity", "IN_USE")]


# References


def test_a_record_names_what_it_refers_to(office):
    office.bring(*whole_house())

    said = {
        kind: [(one.field, one.external_id, one.label, one.sub_label) for one in office.get(kind).references]
        for kind in NAMES
    }

    place = "ul. Lipowa 7/2, Zdrój"
    assert said == {
        CUSTOMER: [],
        PREMISES: [],
        POINT: [("premises_external_id", "p-1", "ul. Lipowa 7/2", "57-000 Zdrój")],
        METER: [("service_point_external_id", "s-1", place, "PPW/s-1")],
        CONTRACT: [
            ("customer_external_id", "k-1", "Anna Zdrojewska", "Nk-1"),
            ("service_point_external_ids", "s-1", place, "PPW/s-1"),
            ("service_point_external_ids", "s-2", place, "PPW/s-2"),
        ],
    }
    [premises_of_tap] = office.get(POINT).references
    assert premises_of_tap.record_id == office.id_of(PREMISES)
