"""What notify asks of billing: who is in a segment."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from ebok.billing.v1 import audiences_pb2, audiences_pb2_grpc
from ebok.billing.v1.audiences_pb2 import AudienceMember
from ebok.common.v1.segments_pb2 import Segment
from google.protobuf import json_format

from chassis import wire
from chassis.rpc.client import Channel

STREAM_S_MAX = 300.0


class Audiences:
    """Billing's audiences. Never asked inside a transaction."""

    def __init__(self, channel: Channel) -> None:
        self._stub = channel.stub(audiences_pb2_grpc.AudienceServiceStub)

    def stream(
        self, segment: dict[str, Any], *, after: UUID | None = None
    ) -> Iterator[Sequence[AudienceMember]]:
        """Everybody in a segment (as it is stored, its message as JSON) in pieces, by customer id upwards after one."""
        request = audiences_pb2.StreamAudienceRequest(
            segment=json_format.ParseDict(segment, Segment()),
            after_customer_id=wire.pack_id(after) if after else "",
        )
        for piece in self._stub.StreamAudience(request, timeout=STREAM_S_MAX):
            yield piece.members
