"""The door for segments that staff keep under a name."""

from ebok.notify.v1 import segments_pb2 as pb
from ebok.notify.v1 import segments_pb2_grpc as rpc

from chassis import acts, segments, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Violation, refuse_if
from chassis.rpc.server import Context
from services.notify.domain import segments as kept
from services.notify.storage.segments import SavedSegment


class SegmentService(rpc.SegmentServiceServicer):
    """Front door for saved segments: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListSegments(self, request: pb.ListSegmentsRequest, context: Context) -> pb.ListSegmentsResponse:
        with self._database.reading() as session:
            return pb.ListSegmentsResponse(segments=[_pack(one) for one in kept.list_all(session)])

    def SaveSegment(self, request: pb.SaveSegmentRequest, context: Context) -> pb.SaveSegmentResponse:
        wanted = request.segment
        if not segments.unpack_segment(wanted.segment, field="segment.segment"):
            refuse_if([Violation("segment.segment", "REQUIRED")])
        with self._database.transaction() as session:
            saved = kept.save(
                session,
                wire.unpack_id(wanted.segment_id, field="segment.segment_id"),
                name=wanted.name.strip(),
                segment=segments.to_stored(wanted.segment),
                version=wanted.version,
                by=context.actor,
                now=self._clock.now(),
            )
            acts.name_subject(wire.pack_id(saved.segment_id))
            return pb.SaveSegmentResponse(segment=_pack(saved))

    def RemoveSegment(self, request: pb.RemoveSegmentRequest, context: Context) -> pb.RemoveSegmentResponse:
        with self._database.transaction() as session:
            kept.remove(session, wire.unpack_id(request.segment_id, field="segment_id"))
        return pb.RemoveSegmentResponse()


def _pack(one: SavedSegment) -> pb.SavedSegment:
    return pb.SavedSegment(
        segment_id=wire.pack_id(one.segment_id),
        name=one.name,
        segment=segments.from_stored(one.segment),
        version=one.version,
        written_by=one.written_by,
        written_at=wire.pack_instant(one.written_at),
    )
