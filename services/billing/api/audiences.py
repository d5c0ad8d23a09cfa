"""The door for audiences: who is in a segment."""

from collections.abc import Iterator
from typing import Any

from ebok.billing.v1 import audiences_pb2 as pb
from ebok.billing.v1 import audiences_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.money import Money
from chassis.rpc.server import Context
from chassis.segments import STREET_SEPARATOR, unpack_segment
from services.billing.domain.names import sort_name
from services.billing.storage import audiences as stored
from services.billing.storage.service_points import Commodity

SAMPLE_SIZE = 5
PIECE_SIZE = 500


class AudienceService(rpc.AudienceServiceServicer):
    """Front door for audiences: unpack, ask, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def CountAudience(self, request: pb.CountAudienceRequest, context: Context) -> pb.CountAudienceResponse:
        conditions = unpack_segment(request.segment)
        today = warsaw_date(self._clock.now())
        with self._database.reading() as session:
            count = stored.count_audience(session, conditions, today=today)
            sample = stored.sample_audience(session, conditions, today=today, count=count, size=SAMPLE_SIZE)
        return pb.CountAudienceResponse(count=count, sample=[_pack(row) for row in sample])

    def ListSegmentChoices(
        self, request: pb.ListSegmentChoicesRequest, context: Context
    ) -> pb.ListSegmentChoicesResponse:
        with self._database.reading() as session:
            towns, streets = stored.list_towns(session), stored.list_streets(session)
            groups = stored.list_tariff_groups(session)
            commodities = stored.list_commodities(session, [one.value for one in Commodity])
        by_name = sorted(streets, key=lambda row: (sort_name(row.town), sort_name(row.street)))
        return pb.ListSegmentChoicesResponse(
            towns=sorted(towns, key=sort_name),
            streets=[f"{row.town}{STREET_SEPARATOR}{row.street}" for row in by_name],
            tariff_groups=groups,
            commodities=[one.lower() for one in commodities],
        )

    def StreamAudience(
        self, request: pb.StreamAudienceRequest, context: Context
    ) -> Iterator[pb.StreamAudienceResponse]:
        conditions = unpack_segment(request.segment)
        after = wire.unpack_optional_id(request.after_customer_id, field="after_customer_id")
        while True:
            # No connection is kept while the reader is busy with a piece.
            with self._database.reading() as session:
                today = warsaw_date(self._clock.now())
                rows = stored.list_audience(session, conditions, today=today, after=after, size=PIECE_SIZE)
            if not rows:
                return
            yield pb.StreamAudienceResponse(members=[_pack(row) for row in rows])
            after = rows[-1].customer_id


def _pack(row: Any) -> pb.AudienceMember:
    return pb.AudienceMember(
        customer_id=wire.pack_id(row.customer_id),
        number=row.number,
        name=row.name,
        premises_label=row.premises_label,
        town=row.town,
        tariff_group=row.tariff_group,
        balance=wire.pack_money(Money(int(row.balance))),
        overdue=wire.pack_money(Money(int(row.overdue))),
        next_due_on=wire.pack_optional_date(row.next_due_on),
    )
