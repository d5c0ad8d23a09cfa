"""Segments under a name through their door: kept, changed, taken away; what may not be kept."""

from typing import Any

import pytest
from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import segments_pb2 as pb
from ebok.notify.v1.segments_pb2_grpc import SegmentServiceStub

from chassis.errors import Conflict, Invalid, PermissionDenied
from chassis.ids import new_id

IN_ZDROJ = segments_pb2.SegmentCondition(
    field=segments_pb2.SEGMENT_FIELD_TOWN, operator=segments_pb2.SEGMENT_OPERATOR_IS, values=["Zdrój"]
)
EMPTY = segments_pb2.SegmentCondition(
    field=segments_pb2.SEGMENT_FIELD_TOWN, operator=segments_pb2.SEGMENT_OPERATOR_IS
)


@pytest.fixture
def desk(served, as_edward) -> Any:
    return served.stub(SegmentServiceStub, as_edward)


def segment(*conditions: segments_pb2.SegmentCondition, **fields: Any) -> pb.SavedSegment:
    values: dict[str, Any] = {
        "segment_id": str(new_id()),
        "name": "Zdrój",
        "segment": segments_pb2.Segment(conditions=conditions or [IN_ZDROJ]),
    }
    return pb.SavedSegment(**values | fields)


def save(desk, wanted):
    return desk.SaveSegment(pb.SaveSegmentRequest(segment=wanted)).segment


def remove(desk, kept):
    desk.RemoveSegment(pb.RemoveSegmentRequest(segment_id=kept.segment_id))


def names(desk) -> list[str]:
    return [one.name for one in desk.ListSegments(pb.ListSegmentsRequest()).segments]


@pytest.mark.repeats("SegmentService/SaveSegment")
def test_a_segment_is_kept_once_and_changed_by_who_saw_it(desk):
    wanted = segment()
    first = save(desk, wanted)
    assert save(desk, wanted) == first
    assert (first.version, first.written_by, list(first.segment.conditions)) == (1, "Edward", [IN_ZDROJ])

    first.name = "Całe Zdrój"
    assert save(desk, first).version == 2
    first.name = "Inaczej"
    with pytest.raises(Conflict) as refused:
        save(desk, first)
    assert refused.value.reason == "SEGMENT_CHANGED"


def test_a_name_is_taken_once_and_they_are_listed_by_it(desk):
    for name in ("Cerkiew", "ąę", "Zdrój", "Anin"):
        save(desk, segment(name=name))
    with pytest.raises(Conflict) as refused:
        save(desk, segment(name=" Zdrój "))
    assert refused.value.reason == "SEGMENT_NAME_TAKEN"
    assert names(desk) == ["ąę", "Anin", "Cerkiew", "Zdrój"]


@pytest.mark.repeats("SegmentService/RemoveSegment")
def test_one_taken_away_is_gone_and_is_not_saved_back(desk):
    kept = save(desk, segment())
    remove(desk, kept)
    remove(desk, kept)
    assert names(desk) == []
    kept.name = "Znowu"
    with pytest.raises(Conflict):
        save(desk, kept)


@pytest.mark.parametrize(
    ("wanted", "field", "reason"),
    [
        (segment(name=""), "segment.name", "REQUIRED"),
        (segment(name="x" * 81), "segment.name", "TOO_LONG"),
        (segment(segment=segments_pb2.Segment()), "segment.segment", "REQUIRED"),
        (segment(IN_ZDROJ, EMPTY), "segment.segment.conditions[1]", "REQUIRED"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(desk, wanted, field, reason):
    with pytest.raises(Invalid) as refused:
        save(desk, wanted)
    assert [(one.field, one.reason) for one in refused.value.violations] == [(field, reason)]


def test_there_is_an_end_to_how_many_there_are(desk):
    for number in range(200):
        save(desk, segment(name=f"Segment {number}"))
    with pytest.raises(Invalid) as refused:
        save(desk, segment())
    assert [(one.field, one.reason) for one in refused.value.violations] == [("segment", "TOO_MANY")]


def test_who_may_only_use_them_changes_none_and_customers_have_no_business_here(
    served, desk, as_edward, as_celina
):
    kept = save(desk, segment())
    reader = served.stub(SegmentServiceStub, as_edward.without("notify.segments.change"))
    assert names(reader) == ["Zdrój"]
    for act in (lambda: save(reader, segment(name="Inny")), lambda: remove(reader, kept)):
        with pytest.raises(PermissionDenied):
            act()
    with pytest.raises(PermissionDenied):
        names(served.stub(SegmentServiceStub, as_celina))
