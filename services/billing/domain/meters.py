"""Meters: what measures at a service point."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.billing.domain import masters
from services.billing.domain.rows import OFFICE_PREFIX, Batch, RowKind, RowReader, SourceRow
from services.billing.storage import meters as stored
from services.billing.storage.meters import DIGITS_MAX, DIGITS_MIN, Meter, MeterPurpose
from services.billing.storage.service_points import ServicePoint

DIGITS_DEFAULT = 5
UNITS = {"m3": "m3", "m³": "m3", "kwh": "kWh", "gj": "GJ"}
UNIT_DEFAULT = "m3"
PURPOSES = {purpose.value.lower(): purpose for purpose in MeterPurpose}
PURPOSE_DEFAULT = "main"


def _read(reader: RowReader, batch: Batch) -> masters.Values:
    point = masters.refer(
        reader,
        batch,
        "service_point_external_id",
        RowKind.SERVICE_POINT,
        unknown="UNKNOWN_SERVICE_POINT",
    )
    installed_on = reader.day("installed_on", required=True)
    removed_on = reader.day("removed_on")
    if installed_on and removed_on and removed_on < installed_on:
        reader.fault("removed_on", "BEFORE_START")
    return {
        "service_point_id": point.service_point_id if point is not None else None,
        "serial_number": reader.text("serial_number", length_max=40, required=True),
        "installed_on": installed_on,
        "removed_on": removed_on,
        "digits": _digits(reader),
        "unit": reader.one_of("unit", UNITS, default=UNIT_DEFAULT),
        "purpose": reader.one_of("purpose", PURPOSES, default=PURPOSE_DEFAULT),
    }


def _digits(reader: RowReader) -> int:
    text = reader.text("digits", length_max=10)
    if not text:
        return DIGITS_DEFAULT
    if not (text.isascii() and text.isdigit()):
        reader.fault("digits", "MALFORMED")
    elif not DIGITS_MIN <= int(text) <= DIGITS_MAX:
        reader.fault("digits", "OUT_OF_RANGE")
    else:
        return int(text)
    return DIGITS_DEFAULT


NOUN = masters.Noun(
    kind=RowKind.METER,
    model=Meter,
    identity="meter_id",
    read=_read,
    columns={"service_point_external_id": "service_point_id"},
    fits=lambda values: values["removed_on"] is None or values["removed_on"] >= values["installed_on"],
)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in a round of meters. Refuses by row: UNKNOWN_SERVICE_POINT, BEFORE_START, OUT_OF_RANGE …"""
    wanted = {row.fields.get("service_point_external_id", "").strip() for row in rows}
    masters.look_up(session, ServicePoint, RowKind.SERVICE_POINT, wanted, batch)
    if batch.office is None:
        _adopt(session, rows, batch)
    written = masters.take_round(session, NOUN, rows, batch)
    for one in written.taken:
        row = written.rows.get(one.values["external_id"])
        if row is not None:
            # Customers are found by their meters: those of the point now, and of the point it stood at before.
            batch.touch(RowKind.SERVICE_POINT, row.service_point_id)
            if one.before is not None:
                batch.touch(RowKind.SERVICE_POINT, one.before.service_point_id)
    masters.count(batch, written)


def _adopt(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """A meter that was entered here and now comes with the provider's own id: the same number at the same point."""
    points = batch.known[RowKind.SERVICE_POINT]
    brought = []
    for row in rows:
        point = points.get(row.fields.get("service_point_external_id", "").strip())
        serial = " ".join(row.fields.get("serial_number", "").split())
        day = row.fields.get("installed_on", "").strip()
        storable = "\x00" not in row.external_id + serial + day
        if (
            point is not None
            and storable
            and row.external_id
            and not row.external_id.startswith(OFFICE_PREFIX)
        ):
            brought.append((row.external_id, point.service_point_id, serial, day))
    stored.adopt_meters(session, brought, prefix=OFFICE_PREFIX)
