"""Tariffs: versions are drafted, published, and from then on never changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, Violation, refuse_if
from chassis.ids import new_id
from services.billing.domain.vat import VAT_RATES
from services.billing.storage import imports as stored_imports
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import tariffs as stored
from services.billing.storage.service_points import Commodity
from services.billing.storage.tariffs import ChargeBasis, Tariff, TariffVersion, TariffVersionStatus

PRICE_PLACES = 6
PRICE_LIMIT = Decimal(10) ** 8  # what NUMERIC(14,6) holds
RATIO_PLACES = 6
UNITS_OF_FIXED = ("month",)
UNITS = ("m3", "kWh", "GJ")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)


class TariffVersionNotFound(NotFound):
    """There is no such version."""

    reason = "TARIFF_VERSION_NOT_FOUND"


class TariffVersionExists(Conflict):
    """The tariff has another version from this day, or the id is that of another version."""

    reason = "TARIFF_VERSION_EXISTS"


class TariffVersionPublished(FailedPrecondition):
    """A published version is never changed."""

    reason = "TARIFF_VERSION_PUBLISHED"


class TariffVersionEmpty(FailedPrecondition):
    """A version without a line charges nothing."""

    reason = "TARIFF_VERSION_EMPTY"


class TariffPeriodBilled(FailedPrecondition):
    """An invoice was issued for days that the version would price."""

    reason = "TARIFF_PERIOD_BILLED"


@dataclass(frozen=True, slots=True)
class Component:
    """A line as it is entered; None where nothing, or nothing that we know, was given."""

    name: str
    commodity: Commodity | None
    basis: ChargeBasis | None
    price: Decimal
    vat_rate: str
    ratio: Decimal | None
    ratio_of: Commodity | None
    unit: str


def create_version(
    session: Session,
    tariff_version_id: UUID,
    *,
    code: str,
    name: str,
    valid_from: date,
    decision: str,
    source: str,
    components: Sequence[Component],
    by: Actor,
    now: datetime,
) -> UUID:
    """Start a draft; without lines it begins with those of the version before. Answers its id.

    Repeated with the same id, day and tariff it changes nothing.
    """
    _check_day(valid_from)
    rows = _checked(components)
    stored_imports.share_with_batches(session)
    tariff = _find_or_make(session, code.strip(), name.strip())
    known = stored.lock_version(session, tariff_version_id)
    if known is not None:
        if (known.tariff_id, known.valid_from) != (tariff.tariff_id, valid_from):
            raise TariffVersionExists(tariff_version_id=str(tariff_version_id))
        return tariff_version_id
    if stored.has_version_from(session, tariff.tariff_id, valid_from, but=tariff_version_id):
        raise TariffVersionExists(valid_from=valid_from.isoformat())
    session.add(
        TariffVersion(
            tariff_version_id=tariff_version_id,
            tariff_id=tariff.tariff_id,
            valid_from=valid_from,
            status=TariffVersionStatus.DRAFT,
            decision=decision.strip(),
            source=source.strip(),
            created_at=now,
            created_by=by.actor_id,
        )
    )
    session.flush()
    stored.set_components(
        session, tariff_version_id, rows or _copied(session, tariff.tariff_id, before=valid_from)
    )
    return tariff_version_id


def update_version(
    session: Session,
    tariff_version_id: UUID,
    *,
    valid_from: date,
    decision: str,
    source: str,
    components: Sequence[Component],
) -> None:
    """Change a draft as a whole."""
    _check_day(valid_from)
    rows = _checked(components)
    version = _lock_draft(session, tariff_version_id)
    if stored.has_version_from(session, version.tariff_id, valid_from, but=tariff_version_id):
        raise TariffVersionExists(valid_from=valid_from.isoformat())
    version.valid_from = valid_from
    version.decision = decision.strip()
    version.source = source.strip()
    version.edition += 1
    session.flush()
    stored.set_components(session, tariff_version_id, rows)


def publish_version(session: Session, tariff_version_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let a draft count from its day on. No invoice may be issued meanwhile that it would have priced."""
    version = _lock(session, tariff_version_id)
    if version.status is TariffVersionStatus.PUBLISHED:
        return  # A repeated call finds its work already done.
    if not stored.list_components(session, [tariff_version_id]):
        raise TariffVersionEmpty(tariff_version_id=str(tariff_version_id))
    stored_invoices.lock_issuing(session)
    if stored_invoices.is_billed_from(session, tariff_id=version.tariff_id, day=version.valid_from):
        raise TariffPeriodBilled(valid_from=version.valid_from.isoformat())
    version.status = TariffVersionStatus.PUBLISHED
    version.published_at = now
    version.published_by = by.actor_id


def delete_version(session: Session, tariff_version_id: UUID) -> None:
    """Throw a draft away."""
    session.delete(_lock_draft(session, tariff_version_id))


def _lock(session: Session, tariff_version_id: UUID) -> TariffVersion:
    version = stored.lock_version(session, tariff_version_id)
    if version is None:
        raise TariffVersionNotFound(tariff_version_id=str(tariff_version_id))
    return version


def _lock_draft(session: Session, tariff_version_id: UUID) -> TariffVersion:
    version = _lock(session, tariff_version_id)
    if version.status is TariffVersionStatus.PUBLISHED:
        raise TariffVersionPublished(tariff_version_id=str(tariff_version_id))
    return version


def _find_or_make(session: Session, code: str, name: str) -> Tariff:
    """The tariff, locked. One that only contracts named so far takes the name that is given now."""
    if not code:
        raise Invalid(violations=[Violation("tariff_code", "REQUIRED")])
    if stored.lock_tariff_by_code(session, code) is None:
        if not name:
            raise Invalid(violations=[Violation("tariff_name", "REQUIRED")])
        stored.add_tariffs(session, {new_id(): code})
    tariff = stored.lock_tariff_by_code(session, code)
    if tariff is None:  # It was there a statement ago, and tariffs are never deleted.
        raise TariffVersionNotFound(code=code)
    if name and tariff.name == tariff.code and not stored.count_versions(session, tariff.tariff_id):
        tariff.name = name
    return tariff


def _copied(session: Session, tariff_id: UUID, *, before: date) -> list[dict[str, Any]]:
    known = stored.find_version_before(session, tariff_id, before)
    if known is None:
        return []
    names = asdict(_EMPTY)
    lines = stored.list_components(session, [known]).get(known, [])
    return [{name: line._mapping[name] for name in names} for line in lines]


_EMPTY = Component("", None, None, Decimal(0), "", None, None, "")


def _check_day(valid_from: date) -> None:
    if not FIRST_DAY <= valid_from <= LAST_DAY:
        raise Invalid(violations=[Violation("valid_from", "OUT_OF_RANGE")])


def _checked(components: Sequence[Component]) -> list[dict[str, Any]]:
    """The lines as rows; all faults of all lines at once."""
    violations = [
        Violation(f"components[{place}].{field}", reason)
        for place, component in enumerate(components)
        for field, reason in _faults(component)
    ]
    seen: set[Component] = set()
    for place, component in enumerate(components):
        if component in seen:
            violations.append(Violation(f"components[{place}]", "REPEATED"))
        seen.add(component)
    refuse_if(violations)
    return [asdict(component) for component in components]


def _faults(component: Component) -> list[tuple[str, str]]:
    faults = []
    if not component.name.strip():
        faults.append(("name", "REQUIRED"))
    if component.commodity is None:
        faults.append(("commodity", "REQUIRED"))
    if not 0 <= component.price < PRICE_LIMIT:
        faults.append(("price", "OUT_OF_RANGE"))
    elif _places(component.price) > PRICE_PLACES:
        faults.append(("price", "TOO_PRECISE"))
    if component.vat_rate not in VAT_RATES:
        faults.append(("vat_rate", "UNKNOWN"))
    if component.basis is None:
        faults.append(("basis", "REQUIRED"))
    elif component.unit not in (UNITS_OF_FIXED if component.basis is ChargeBasis.FIXED else UNITS):
        faults.append(("unit", "UNKNOWN"))
    return faults + _ratio_faults(component)


def _ratio_faults(component: Component) -> list[tuple[str, str]]:
    if component.basis is not ChargeBasis.RATIO:
        given = (("ratio", component.ratio), ("ratio_of", component.ratio_of))
        return [(name, "ONLY_FOR_RATIO") for name, value in given if value is not None]
    faults = []
    if component.ratio is None:
        faults.append(("ratio", "REQUIRED"))
    elif not 0 < component.ratio <= 1:
        faults.append(("ratio", "OUT_OF_RANGE"))
    elif _places(component.ratio) > RATIO_PLACES:
        faults.append(("ratio", "TOO_PRECISE"))
    if component.ratio_of is None:
        faults.append(("ratio_of", "REQUIRED"))
    elif component.ratio_of is component.commodity:
        faults.append(("ratio_of", "SAME"))
    return faults


def _places(number: Decimal) -> int:
    return max(0, -int(number.normalize().as_tuple().exponent))
