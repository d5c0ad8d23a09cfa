"""Acts: written with the change, before a read is answered, and never for what was refused."""

import pytest
import sqlalchemy as sa
from ebok.common.v1 import acts_pb2

from chassis.errors import NotFound, PermissionDenied, Refusal
from chassis.ids import new_id
from chassis.testing import cast
from tests.chassis.example import notes_pb2

ANNA = str(cast.ANNA_CUSTOMER)


def acts(served):
    return served.announced(acts_pb2.ActRecorded)


def add(stub, text="x"):
    return stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text=text))


def test_change_is_recorded_with_all_that_is_known(served, notes, as_daria, clock):
    note = add(notes(as_daria))
    [act] = acts(served)
    assert act.act == "example.v1.NoteService/AddNote"
    assert (act.actor_kind, act.actor_id, act.actor_name) == ("staff", str(cast.DARIA_STAFF), "Daria")
    assert (act.address, act.customer_id, act.subject_id) == (cast.ADDRESS, ANNA, note.note_id)
    assert act.changed
    assert act.happened_at.ToDatetime(tzinfo=clock.now().tzinfo) == clock.now()
    assert len(act.trace_id) == 32


def test_change_and_act_are_one_transaction(served, notes, as_anna):
    with served.database.transaction() as session:
        session.execute(
            sa.text("ALTER TABLE outbox ADD CONSTRAINT no_acts CHECK (type <> 'ebok.common.v1.ActRecorded')")
        )
    with pytest.raises(Exception, match="INTERNAL"):
        add(notes(as_anna))
    assert served.announced(notes_pb2.NoteAdded) == []
    with served.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM note")) == 0


def test_refused_change_leaves_no_act(served, notes, as_anna, as_celina):
    with pytest.raises(Refusal):
        add(notes(as_anna), "refuse")
    with pytest.raises(PermissionDenied):
        add(notes(as_celina))
    with pytest.raises(Refusal):
        add(notes(as_anna), "x" * 51)
    assert acts(served) == []


def test_read_by_staff_is_recorded_and_one_by_the_customer_is_not(served, notes, as_anna, as_daria):
    note = add(notes(as_anna))
    request = notes_pb2.GetNoteRequest(customer_id=ANNA, note_id=note.note_id)
    notes(as_anna).GetNote(request)
    assert [act.changed for act in acts(served)] == [True]
    notes(as_daria).GetNote(request)
    [_, act] = acts(served)
    assert (act.changed, act.subject_id, act.customer_id) == (False, note.note_id, ANNA)


def test_read_of_nothing_is_not_recorded(served, notes, as_daria):
    with pytest.raises(NotFound):
        notes(as_daria).GetNote(notes_pb2.GetNoteRequest(customer_id=ANNA, note_id=str(new_id())))
    assert acts(served) == []


def test_streamed_read_is_recorded_before_its_first_answer(served, notes, as_anna, as_daria):
    add(notes(as_anna))
    answers = notes(as_daria).ListNotes(notes_pb2.ListNotesRequest(customer_id=ANNA))
    next(answers)
    assert [act.changed for act in acts(served)] == [True, False]
    answers.close()


def test_streamed_read_of_an_empty_list_is_recorded(served, notes, as_daria):
    assert list(notes(as_daria).ListNotes(notes_pb2.ListNotesRequest(customer_id=ANNA))) == []
    assert len(acts(served)) == 1


def test_read_that_cannot_be_recorded_is_not_answered(served, notes, as_daria):
    with served.database.transaction() as session:
        session.execute(sa.text("ALTER TABLE outbox RENAME TO hidden"))
    with pytest.raises(Exception, match="INTERNAL"):
        list(notes(as_daria).ListNotes(notes_pb2.ListNotesRequest(customer_id=ANNA)))


def test_job_that_changes_is_recorded_and_one_that_looks_is_not(served):
    assert served.run_job("notes.look")
    assert acts(served) == []
    assert served.run_job("notes.write", text="hi")
    [act] = acts(served)
    assert (act.act, act.actor_kind, act.actor_id) == ("notes.write", "system", "notify")
    assert [event.text for event in served.announced(notes_pb2.NoteAdded)] == ["dear hi"]


def test_thread_forgets_the_act_after_the_request(served, notes, as_anna):
    """The next work on the same threads is nobody's act."""
    stub = notes(as_anna)
    for _ in range(20):
        add(stub)
    assert len(acts(served)) == 20
    for _ in range(20):
        stub.Hello(notes_pb2.HelloRequest())
    assert len(acts(served)) == 20
