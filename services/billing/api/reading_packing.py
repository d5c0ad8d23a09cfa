"""Meters to be read, and readings just taken, as messages."""

from collections.abc import Collection
from datetime import date
from types import SimpleNamespace
from uuid import UUID

from ebok.billing.v1 import readings_pb2 as pb

from chassis import wire
from services.billing.api.packing import pack_meter, pack_reading, pack_service_point
from services.billing.api.reading_windows import pack_reading_window
from services.billing.domain import handing_in, reading_hints, reading_windows
from services.billing.storage.readings import Reading


def pack_readable_meter(one: reading_hints.ReadableMeter, *, today: date) -> pb.ReadableMeter:
    """A meter in use with what helps to read it."""
    packed = pb.ReadableMeter(
        meter=pack_meter(one.meter),
        service_point=pack_service_point(one.meter),
        can_submit=one.can_submit,
        remote=one.meter.is_remote,
    )
    if one.previous is not None:
        packed.previous.CopyFrom(pack_reading(one.previous, used=None))
    if one.hint is not None:
        packed.expected_value = wire.pack_decimal(one.hint.value)
        packed.usual_per_day = wire.pack_decimal(one.hint.per_day)
        packed.from_last_year = one.hint.from_last_year
    if one.window is not None:
        status = reading_windows.status_of(one.window, today=today)
        packed.window.CopyFrom(pack_reading_window(one.window, status=status))
    if one.submitted is not None:
        packed.submitted.CopyFrom(pack_reading(one.submitted, used=None))
        packed.submitted.has_photo = one.has_photo
    return packed


def pack_taken(taken: handing_in.Taken, *, with_photo: Collection[UUID]) -> pb.Reading:
    """A reading that was handed in or written down."""
    reading, meter = taken.reading, taken.meter
    columns = {column.name: getattr(reading, column.name) for column in Reading.__table__.columns}
    row = SimpleNamespace(**columns, serial_number=meter.serial_number, unit=meter.unit)
    packed = pack_reading(row, used=taken.used)
    packed.has_photo = reading.reading_id in with_photo
    return packed
