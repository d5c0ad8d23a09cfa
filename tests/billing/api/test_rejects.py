"""Refused rows, mended and taken again or set aside, through real gRPC and PostgreSQL."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from sqlalchemy import func, select

from chassis.errors import FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from services.billing.storage.contracts import Contract, ContractServicePoint
from services.billing.storage.customers import Customer
from services.billing.storage.ledger import LedgerEntry
from services.billing.storage.meters import Meter
from services.billing.storage.readings import Reading
from tests.billing.import_rows import (
    contract,
    customer,
    meter,
    payment,
    point,
    premises,
    reading,
    whole_house,
)


@pytest.fixture
def bring(billing: Callable[..., Any], as_system: Callable[..., Any]) -> Callable[..., pb.Import]:
    """`bring(rows)`: a whole import of one batch; answers its counts."""
    stub = billing(ImportServiceStub, as_system("connector"))

    def run(rows: list[pb.ImportRow], **given: Any) -> Any:
        import_id = str(new_id())
        stub.StartImport(pb.StartImportRequest(import_id=import_id, source="erp", **given))
        stub.ImportRows(iter([pb.ImportRowsRequest(import_id=import_id, batch_number=1, rows=rows)]))
        return stub.FinishImport(pb.FinishImportRequest(import_id=import_id)).import_state

    return run


@pytest.fixture
def daria(billing: Callable[..., Any], as_daria: Any) -> Any:
    return billing(ImportServiceStub, as_daria)


def _refused(daria: Any, import_: pb.Import, *, open_only: bool = False) -> list[pb.Reject]:
    wanted = pb.ListRejectsRequest(import_id=import_.import_id, open_only=open_only)
    return list(daria.ListRejects(wanted).rejects)


def _mend(daria: Any, reject: pb.Reject, **changes: str) -> pb.Reject:
    row = dict(reject.row) | changes
    return daria.ResubmitReject(pb.ResubmitRejectRequest(reject_id=reject.reject_id, row=row)).reject


def _open(daria: Any, import_: pb.Import) -> int:
    return daria.GetImport(pb.GetImportRequest(import_id=import_.import_id)).import_state.open_reject_count


@pytest.mark.repeats("ImportService/ResubmitReject")
def test_a_mended_row_comes_in_once_however_often_it_is_sent(bring, daria, database):
    done = bring([*whole_house(), reading("2026-02-31", "112", 42)])
    [reject] = _refused(daria, done)
    assert (reject.status, done.open_reject_count) == (pb.REJECT_STATUS_OPEN, 1)

    mended = _mend(daria, reject, read_on="2026-03-01")
    again = _mend(daria, reject, read_on="2026-03-02", value="999")

    assert again == mended
    assert (mended.status, mended.settled_by) == (pb.REJECT_STATUS_MENDED, "Daria")
    assert (mended.row["read_on"], mended.mended_row["read_on"]) == ("2026-02-31", "2026-03-01")
    assert mended.HasField("settled_at")
    assert _open(daria, done) == 0
    with database.reading() as session:
        days = list(session.scalars(select(Reading.read_on).order_by(Reading.read_on)))
    assert [str(day) for day in days] == ["2026-01-31", "2026-02-28", "2026-03-01"]


def test_one_of_every_kind_is_mended_by_the_rules_of_an_import(bring, daria, database):
    done = bring(
        [
            customer(number=""),
            premises(building=""),
            point(commodity="wine"),
            meter(installed_on="yesterday"),
            contract(starts_on="2024-13-01", service_point_external_ids=["s-1"]),
            reading("2026-01-31", "x"),
            payment(amount="-5"),
        ]
    )
    by_kind = {reject.kind: reject for reject in _refused(daria, done)}
    assert len(by_kind) == 7

    _mend(daria, by_kind["premises"], building="7")
    _mend(daria, by_kind["service_points"], commodity="water")
    _mend(daria, by_kind["meters"], installed_on="2024-01-01")
    _mend(daria, by_kind["customers"], number="100")
    _mend(daria, by_kind["contracts"], starts_on="2024-01-01", service_point_external_ids=" s-1 ,")
    _mend(daria, by_kind["readings"], value="100.5")
    _mend(daria, by_kind["payments"], amount="5")

    assert _open(daria, done) == 0
    with database.reading() as session:
        counts = [
            session.scalar(select(func.count()).select_from(model))
            for model in (Customer, Meter, Contract, ContractServicePoint, Reading, LedgerEntry)
        ]
        # What customers are found by goes with them, as in an import.
        assert "lipowa" in session.scalar(select(Customer.search_places)).lower()
    assert counts == [1, 1, 1, 1, 1, 1]


def test_a_row_that_is_still_wrong_is_refused_at_its_fields_and_waits_on(bring, daria, database):
    done = bring([*whole_house(), reading("2026-02-31", "x")])
    [reject] = _refused(daria, done)

    with pytest.raises(Invalid) as refused:
        _mend(daria, reject, meter_external_id="m-99")

    assert {(one.field, one.reason) for one in refused.value.violations} == {
        ("row.meter_external_id", "UNKNOWN_METER"),
        ("row.read_on", "MALFORMED"),
        ("row.value", "MALFORMED"),
    }
    assert _open(daria, done) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 2


def test_a_mended_reading_that_is_doubtful_waits_for_a_clerk_like_any_other(bring, daria, database):
    done = bring([*whole_house(), reading("2026-02-31", "7")])
    [reject] = _refused(daria, done)

    _mend(daria, reject, read_on="2026-03-01")

    with database.reading() as session:
        assert session.scalar(select(Reading.reason).where(Reading.status == "SUBMITTED")) == "BELOW_PREVIOUS"


def test_names_that_are_no_fields_and_kinds_that_are_none_are_refused(bring, daria):
    done = bring([reading("2026-02-31", "7"), pb.ImportRow(row_number=2)])
    of_reading, of_nothing = _refused(daria, done)

    with pytest.raises(Invalid) as refused:
        _mend(daria, of_reading, colour="1")
    assert [(one.field, one.reason) for one in refused.value.violations] == [("row[0].key", "UNKNOWN")]
    with pytest.raises(Invalid):
        daria.ResubmitReject(pb.ResubmitRejectRequest(reject_id=of_nothing.reject_id, row={"a": "b"}))
    with pytest.raises(Invalid):
        daria.ResubmitReject(pb.ResubmitRejectRequest(reject_id=of_reading.reject_id))
    with pytest.raises(Invalid) as refused:
        _mend(daria, of_reading, value="1" * 501)
    assert [one.reason for one in refused.value.violations] == ["TOO_LONG"]


@pytest.mark.repeats("ImportService/DismissReject")
def test_a_row_set_aside_stays_so(bring, daria, database):
    done = bring([*whole_house(), reading("2026-02-31", "112"), reading("2026-02-30", "112", 9)])
    first, second = _refused(daria, done)

    request = pb.DismissRejectRequest(reject_id=first.reject_id)
    aside = daria.DismissReject(request).reject
    assert daria.DismissReject(request).reject == aside
    assert aside.status == pb.REJECT_STATUS_DISMISSED

    with pytest.raises(FailedPrecondition) as refused:
        _mend(daria, first, read_on="2026-03-01")
    assert refused.value.reason == "REJECT_SETTLED"
    _mend(daria, second, read_on="2026-03-01")
    with pytest.raises(FailedPrecondition):
        daria.DismissReject(pb.DismissRejectRequest(reject_id=second.reject_id))
    assert _open(daria, done) == 0
    assert done.rejected_count == 2


def test_rows_of_a_dry_run_are_not_settled(bring, daria):
    done = bring([*whole_house(), reading("2026-02-31", "112")], dry_run=True)
    [reject] = _refused(daria, done)
    assert (done.rejected_count, done.open_reject_count) == (1, 0)

    for settle in (
        lambda: _mend(daria, reject, read_on="2026-02-28"),
        lambda: daria.DismissReject(pb.DismissRejectRequest(reject_id=reject.reject_id)),
    ):
        with pytest.raises(FailedPrecondition) as refused:
            settle()
        assert refused.value.reason == "TRIAL_ONLY"


def test_one_row_leads_to_the_next_that_waits(bring, daria):
    done = bring([reading("2026-02-31", "1", number) for number in (5, 7, 7, 9)])
    five, seven, twin, nine = _refused(daria, done)

    def after(reject: pb.Reject) -> str:
        found = daria.GetReject(pb.GetRejectRequest(reject_id=reject.reject_id))
        assert found.import_state.import_id == done.import_id
        assert found.reject.reject_id == reject.reject_id
        return found.next_reject_id

    assert [after(five), after(seven), after(twin), after(nine)] == [
        seven.reject_id,
        twin.reject_id,
        nine.reject_id,
        five.reject_id,
    ]
    for reject in (seven, twin, nine):
        daria.DismissReject(pb.DismissRejectRequest(reject_id=reject.reject_id))
    assert after(nine) == five.reject_id
    assert after(five) == ""
    assert [one.reject_id for one in _refused(daria, done, open_only=True)] == [five.reject_id]


def test_two_clerks_at_once_make_one_reading(bring, billing, as_daria, as_edward, daria, database):
    done = bring([*whole_house(), reading("2026-02-31", "112")])
    [reject] = _refused(daria, done)
    answers: list[pb.Reject] = []

    def mend(stub: Any, day: str) -> None:
        answers.append(_mend(stub, reject, read_on=day))

    clerks = [
        threading.Thread(target=mend, args=(billing(ImportServiceStub, who), day))
        for who, day in ((as_daria, "2026-03-01"), (as_edward, "2026-03-02"))
    ]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()

    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert _open(daria, done) == 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 3


def test_nobody_but_staff_settles_and_what_is_not_there_is_not_found(
    bring, billing, daria, as_celina, as_system
):
    done = bring([reading("2026-02-31", "1")])
    [reject] = _refused(daria, done)

    for who in (as_celina, as_system("connector")):
        stub = billing(ImportServiceStub, who)
        for call in (
            lambda stub=stub: _mend(stub, reject),
            lambda stub=stub: stub.DismissReject(pb.DismissRejectRequest(reject_id=reject.reject_id)),
            lambda stub=stub: stub.GetReject(pb.GetRejectRequest(reject_id=reject.reject_id)),
        ):
            with pytest.raises(PermissionDenied):
                call()
    unknown = str(new_id())
    for asking in (
        lambda: daria.GetReject(pb.GetRejectRequest(reject_id=unknown)),
        lambda: daria.DismissReject(pb.DismissRejectRequest(reject_id=unknown)),
        lambda: daria.ResubmitReject(pb.ResubmitRejectRequest(reject_id=unknown, row={"value": "1"})),
    ):
        with pytest.raises(NotFound) as refused:
            asking()
        assert refused.value.reason == "REJECT_NOT_FOUND"
