"""What was used at a point as a message."""

from collections.abc import Sequence
from typing import Any

from ebok.billing.v1 import readings_pb2 as pb

from chassis.wire import pack_id, pack_optional_instant
from services.billing.api.packing import COMMODITIES, day_fields, pack_service_point, words_of
from services.billing.domain.usage_views import Bucket, Step, UsageView
from services.billing.storage.premises import address_line

STEPS = words_of(pb.UsageStep, Step, "USAGE_STEP")


def pack_usage(rows: Sequence[Any], view: UsageView, *, step: Step) -> pb.GetUsageResponse:
    """A point with its meters, rows of `storage.usage.list_meters_with_use`, and what was used there."""
    # Of a meter whose contract had a break, the last stretch has the newest reading.
    meters = {row.meter_id: row for row in sorted(rows, key=_newest_last) if row.meter_id is not None}
    in_order = dict.fromkeys(row.meter_id for row in rows if row.meter_id is not None)
    finer_than_month, finer_than_day = step in (Step.DAY, Step.HOUR), step is Step.HOUR
    return pb.GetUsageResponse(
        service_point=pack_service_point(rows[0], [meters[meter_id] for meter_id in in_order]),
        unit=view.unit or (rows[0].unit or ""),
        year=view.on.year,
        month=view.on.month if finer_than_month else 0,
        day=view.on.day if finer_than_day else 0,
        years=view.years,
        buckets=[_pack_bucket(bucket) for bucket in view.buckets],
        known_from=day_fields(view.known_from),
        read_until=day_fields(view.read_until),
        has_hours=view.has_hours,
    )


def pack_metered_point(point: Any) -> pb.MeteredPoint:
    """A point to choose: a row of `storage.usage.list_metered_points`."""
    return pb.MeteredPoint(
        service_point_id=pack_id(point.service_point_id),
        commodity=COMMODITIES[point.commodity],
        address_line=address_line(
            street=point.street, building=point.building, flat=point.flat, town=point.town
        ),
        meter_serial_number=point.serial_number,
    )


def _newest_last(row: Any) -> int:
    return row.last_read_on.toordinal() if row.last_read_on else 0


def _pack_bucket(bucket: Bucket) -> dict[str, Any]:
    """The fields of a `UsageBucket`: a message that is put into another is copied, and there are many of these."""
    return {
        "year": bucket.year,
        "month": bucket.month,
        "day": bucket.day,
        "starts_at": pack_optional_instant(bucket.starts_at),
        "used": bucket.used,
        "used_year_before": bucket.used_year_before,
        "known_until": day_fields(bucket.known_until),
    }
