"""Refusals cross the wire both ways, in every kind of call; bugs cross it without details."""

import time

import grpc
import pytest

from chassis import errors
from chassis.errors import Refusal, Violation
from chassis.rpc.client import gather
from chassis.rpc.errors import NoAnswer, RemoteFault
from tests.chassis.example import notes_pb2

CASES = [
    ("not found", errors.NotFound, "NOTE_NOT_FOUND", {"note_id": "7"}, "there is no such note"),
    ("invalid", errors.Invalid, "INVALID_INPUT", {}, ""),
    ("precondition", errors.FailedPrecondition, "NOTE_GONE", {"note_id": "8"}, "the note is gone"),
    ("conflict", errors.Conflict, "CONFLICT", {}, ""),
    ("denied", errors.PermissionDenied, "PERMISSION_DENIED", {}, ""),
    ("unauthenticated", errors.Unauthenticated, "UNAUTHENTICATED", {}, ""),
    ("limited", errors.RateLimited, "RATE_LIMITED", {}, "slower"),
    ("unavailable", errors.Unavailable, "UNAVAILABLE", {"provider": "bank"}, ""),
    ("polish", errors.FailedPrecondition, "NOTE_GONE", {"name": "Łódź"}, "zażółć gęślą jaźń"),
]


def call(kind, stub, how, after=0):
    request = notes_pb2.RefuseRequest(how=how, after=after)
    if kind == "unary":
        return [stub.Refuse(request)]
    if kind == "future":
        return gather(stub.Refuse.future(request))
    if kind == "answers":
        return list(stub.RefuseStreaming(request))
    if kind == "upload":
        return [stub.RefuseUpload(iter([request]))]
    return list(stub.RefuseEcho(iter([request])))


KINDS = ["unary", "future", "answers", "upload", "both"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("how", "family", "reason", "metadata", "message"), CASES)
def test_refusal_comes_back_as_its_own_class(notes, kind, how, family, reason, metadata, message):
    with pytest.raises(Refusal) as caught:
        call(kind, notes(), how)

    assert type(caught.value) is family
    assert caught.value.reason == reason
    assert caught.value.metadata == metadata
    assert caught.value.message == message


@pytest.mark.parametrize("kind", KINDS)
def test_violations_and_the_wait_come_back(notes, kind):
    with pytest.raises(errors.Invalid) as invalid:
        call(kind, notes(), "invalid")
    assert invalid.value.violations == (Violation("rows[3].value", "MALFORMED", "not a number"),)

    with pytest.raises(errors.RateLimited) as limited:
        call(kind, notes(), "limited")
    assert limited.value.retry_after_s == 17


@pytest.mark.parametrize("kind", KINDS)
def test_bug_is_answered_without_details(notes, kind, capfd):
    with pytest.raises(RemoteFault) as caught:
        call(kind, notes(), "bug")
    assert caught.value.code is grpc.StatusCode.INTERNAL
    assert "secret" not in str(caught.value)
    assert "secret" not in capfd.readouterr().out


def test_bug_is_logged_with_its_trace_and_place(logged, notes):
    trace = "a" * 32
    with pytest.raises(RemoteFault):
        notes().Refuse(
            notes_pb2.RefuseRequest(how="bug"), metadata=(("traceparent", f"00-{trace}-{'b' * 16}-01"),)
        )

    def told() -> bool:
        return any(trace in line and "ZeroDivisionError" in line for line in logged.getvalue().splitlines())

    # The answer may be here before the server's thread has written its line, and a line of an earlier call after it.
    deadline = time.monotonic() + 10
    while not told() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert told()


def test_answers_before_the_refusal_arrive(notes):
    seen = []
    with pytest.raises(errors.FailedPrecondition):
        for answer in notes().RefuseStreaming(notes_pb2.RefuseRequest(how="precondition", after=3)):
            seen.append(answer.text)
    assert seen == ["0", "1", "2"]


def test_more_violations_than_the_trailer_holds_are_counted(notes):
    with pytest.raises(errors.Invalid) as caught:
        notes().Refuse(notes_pb2.RefuseRequest(how="many"))
    shown, omitted = len(caught.value.violations), int(caught.value.metadata["violations_omitted"])
    assert shown > 0
    assert shown + omitted == 500


def test_absent_server_is_no_answer():
    from chassis.rpc.client import Channel
    from tests.chassis.example import notes_pb2_grpc

    channel = Channel("127.0.0.1:1")
    with pytest.raises(NoAnswer):
        channel.stub(notes_pb2_grpc.NoteServiceStub).Hello(notes_pb2.HelloRequest(), timeout=0.5)
    channel.close()


def test_unknown_method_is_a_fault_not_a_refusal(served):
    from ebok.common.v1 import delivery_pb2

    from chassis.rpc.client import Channel

    channel = Channel(served.address)
    call_it = channel.unary_unary(
        "/example.v1.NoteService/Nothing",
        request_serializer=delivery_pb2.DeliverRequest.SerializeToString,
        response_deserializer=delivery_pb2.DeliverResponse.FromString,
    )
    with pytest.raises(RemoteFault):
        call_it(delivery_pb2.DeliverRequest())
    channel.close()


def test_gather_raises_after_all_have_ended(notes):
    stub = notes()
    slow = stub.Hello.future(notes_pb2.HelloRequest(name="x"))
    with pytest.raises(errors.NotFound):
        gather(stub.Refuse.future(notes_pb2.RefuseRequest(how="not found")), slow)
    assert slow.result().words == "hello x"
