"""Service points: where a commodity is delivered."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.billing.domain import masters
from services.billing.domain.rows import Batch, RowKind, RowReader, SourceRow
from services.billing.storage.premises import Premises
from services.billing.storage.service_points import Commodity, ServicePoint

COMMODITIES = {commodity.value.lower(): commodity for commodity in Commodity}


def _read(reader: RowReader, batch: Batch) -> masters.Values:
    premises = masters.refer(
        reader, batch, "premises_external_id", RowKind.PREMISES, unknown="UNKNOWN_PREMISES"
    )
    return {
        "premises_id": premises.premises_id if premises is not None else None,
        "commodity": reader.one_of("commodity", COMMODITIES),
        "code": reader.text("code", length_max=40),
    }


NOUN = masters.Noun(
    kind=RowKind.SERVICE_POINT,
    model=ServicePoint,
    identity="service_point_id",
    read=_read,
    columns={"premises_external_id": "premises_id"},
)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in a round of service points. Refuses by row: UNKNOWN_PREMISES, UNKNOWN commodity …"""
    wanted = {row.fields.get("premises_external_id", "").strip() for row in rows}
    masters.look_up(session, Premises, RowKind.PREMISES, wanted, batch)
    masters.count(batch, masters.take_round(session, NOUN, rows, batch))
