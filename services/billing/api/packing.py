"""Rows of master data, tariffs, readings and imports as messages."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from ebok.billing.v1 import customers_pb2, imports_pb2, meters_pb2, readings_pb2, tariffs_pb2

from chassis.wire import (
    pack_date,
    pack_decimal,
    pack_id,
    pack_instant,
    pack_optional_date,
    pack_optional_decimal,
    pack_optional_instant,
)
from services.billing.storage.customers import CustomerKind
from services.billing.storage.imports import Import, ImportReject, ImportStatus, RejectStatus
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.premises import address_line
from services.billing.storage.readings import ReadingKind, ReadingStatus
from services.billing.storage.service_points import Commodity
from services.billing.storage.tariffs import ChargeBasis, TariffVersionStatus

DAYS_REMEMBERED = 4_096  # Of some years: the days of invoices and of readings come again and again.
WordType = TypeVar("WordType", bound=StrEnum)


def words_of(enum: Any, words: type[WordType], prefix: str) -> dict[WordType, Any]:
    """Our words as the numbers of a protobuf enum; raises at import when one of them is missing there."""
    return {word: enum.Value(f"{prefix}_{word.value}") for word in words}


CUSTOMER_KINDS = words_of(customers_pb2.CustomerKind, CustomerKind, "CUSTOMER_KIND")
COMMODITIES = words_of(meters_pb2.Commodity, Commodity, "COMMODITY")
METER_PURPOSES = words_of(meters_pb2.MeterPurpose, MeterPurpose, "METER_PURPOSE")
READING_KINDS = words_of(readings_pb2.ReadingKind, ReadingKind, "READING_KIND")
READING_STATUSES = words_of(readings_pb2.ReadingStatus, ReadingStatus, "READING_STATUS")
CHARGE_BASES = words_of(tariffs_pb2.ChargeBasis, ChargeBasis, "CHARGE_BASIS")
TARIFF_VERSION_STATUSES = words_of(
    tariffs_pb2.TariffVersionStatus, TariffVersionStatus, "TARIFF_VERSION_STATUS"
)
IMPORT_STATUSES = words_of(imports_pb2.ImportStatus, ImportStatus, "IMPORT_STATUS")
REJECT_STATUSES = words_of(imports_pb2.RejectStatus, RejectStatus, "REJECT_STATUS")


def unpack_word(value: int, words: dict[WordType, Any]) -> WordType | None:
    """Our word of an enum's number; None for UNSPECIFIED."""
    return next((word for word, number in words.items() if number == value), None)


@lru_cache(DAYS_REMEMBERED)
def day_fields(value: date | None) -> dict[str, int] | None:
    """The fields of a `Date`, where it is put into another message: that would copy a message. None for None."""
    return None if value is None else {"year": value.year, "month": value.month, "day": value.day}


def pack_customer(customer: Any) -> customers_pb2.Customer:
    """A customer: a `Customer`, or a row with its columns."""
    return customers_pb2.Customer(
        customer_id=pack_id(customer.customer_id),
        number=customer.number,
        kind=CUSTOMER_KINDS[customer.kind],
        name=customer.name,
        nip=customer.nip,
        email=customer.own_email or customer.source_email,
        phone=customer.own_phone or customer.source_phone,
        address_line=customer.address_line,
        town_line=f"{customer.postcode} {customer.town}".strip(),
        language=customer.language,
        e_invoice=customer.e_invoice,
        account_number=customer.account_number,
        as_of=pack_instant(customer.as_of),
        premises_label=customer.premises_label,
        external_id=customer.external_id,
    )


def pack_premises(premises: Any) -> meters_pb2.Premises:
    """A served address: a row with its columns."""
    return meters_pb2.Premises(
        premises_id=pack_id(premises.premises_id),
        address_line=address_line(
            street=premises.street, building=premises.building, flat=premises.flat, town=premises.town
        ),
        town_line=f"{premises.postcode} {premises.town}".strip(),
    )


def pack_service_point(point: Any, meters: Any = ()) -> meters_pb2.ServicePoint:
    """A point with its premises' columns beside its own, and its meters."""
    return meters_pb2.ServicePoint(
        service_point_id=pack_id(point.service_point_id),
        code=point.code,
        commodity=COMMODITIES[point.commodity],
        premises=pack_premises(point),
        meters=[pack_meter(meter) for meter in meters],
    )


def pack_meter(meter: Any) -> meters_pb2.Meter:
    """A meter with `last_read_on` and `last_value` of its newest accepted reading beside its own columns."""
    return meters_pb2.Meter(
        meter_id=pack_id(meter.meter_id),
        serial_number=meter.serial_number,
        installed_on=pack_date(meter.installed_on),
        removed_on=pack_optional_date(meter.removed_on),
        digits=meter.digits,
        unit=meter.unit,
        last_read_on=pack_optional_date(meter.last_read_on),
        last_value=pack_optional_decimal(meter.last_value),
        purpose=METER_PURPOSES[meter.purpose],
    )


def pack_reading(reading: Any, *, used: Decimal | None) -> readings_pb2.Reading:
    """A reading with its meter's `serial_number` and `unit`; `used` since the one before."""
    return readings_pb2.Reading(
        reading_id=pack_id(reading.reading_id),
        meter_id=pack_id(reading.meter_id),
        meter_serial_number=reading.serial_number,
        read_on=pack_date(reading.read_on),
        value=pack_decimal(reading.value),
        unit=reading.unit,
        kind=READING_KINDS[reading.kind],
        status=READING_STATUSES[reading.status],
        reason=reading.reason,
        used=pack_optional_decimal(used),
    )


def pack_tariff_version(version: Any, components: Any) -> tariffs_pb2.TariffVersion:
    """A version with its tariff's `code` and `name` beside its own columns, and its lines."""
    return tariffs_pb2.TariffVersion(
        tariff_version_id=pack_id(version.tariff_version_id),
        tariff_id=pack_id(version.tariff_id),
        tariff_code=version.code,
        tariff_name=version.name,
        valid_from=pack_date(version.valid_from),
        status=TARIFF_VERSION_STATUSES[version.status],
        decision=version.decision,
        source=version.source,
        components=[pack_tariff_component(component) for component in components],
        published_at=pack_optional_instant(version.published_at),
    )


def pack_tariff_component(component: Any) -> tariffs_pb2.TariffComponent:
    """A line of a price list. Prices lose the zeros that only fill the column, down to whole grosze."""
    return tariffs_pb2.TariffComponent(
        name=component.name,
        commodity=COMMODITIES[component.commodity],
        basis=CHARGE_BASES[component.basis],
        price=_trimmed(pack_decimal(component.price), places=2),
        vat_rate=component.vat_rate,
        ratio=_trimmed(pack_optional_decimal(component.ratio), places=0),
        ratio_of=COMMODITIES[component.ratio_of] if component.ratio_of is not None else None,
        unit=component.unit,
    )


def _trimmed(text: str, *, places: int) -> str:
    whole, point, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}{point}{fraction}" if fraction else whole


def pack_import(import_: Import) -> imports_pb2.Import:
    """An import with its counts."""
    return imports_pb2.Import(
        import_id=pack_id(import_.import_id),
        source=import_.source,
        dry_run=import_.dry_run,
        status=IMPORT_STATUSES[import_.status],
        row_count=import_.row_count,
        done_count=import_.done_count,
        created_count=import_.created_count,
        changed_count=import_.changed_count,
        unchanged_count=import_.unchanged_count,
        rejected_count=import_.rejected_count,
        batch_count=import_.batch_count,
        started_at=pack_instant(import_.started_at),
        moved_at=pack_instant(import_.moved_at),
        finished_at=pack_optional_instant(import_.finished_at),
        as_of=pack_instant(import_.as_of),
        rows_by_kind=import_.rows_by_kind,
        since=pack_optional_instant(import_.since),
        open_reject_count=import_.open_reject_count,
        feed=import_.feed,
    )


def pack_reject(reject: ImportReject) -> imports_pb2.Reject:
    """A refused row with its reasons."""
    return imports_pb2.Reject(
        row_number=reject.row_number,
        kind=reject.kind,
        external_id=reject.external_id,
        reasons=[imports_pb2.RejectReason(**reason) for reason in reject.reasons],
        row=reject.row,
        reject_id=pack_id(reject.reject_id),
        status=REJECT_STATUSES[reject.status],
        settled_at=pack_optional_instant(reject.settled_at),
        settled_by=reject.settled_by,
        mended_row=reject.mended_row,
    )
