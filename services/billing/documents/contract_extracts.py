"""What a contract's document says when only its data are known: the words of paper around the rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.clock import warsaw_date
from services.billing.documents.wording import long_day
from services.billing.domain.printed import (
    PrintedBuyer,
    PrintedClause,
    PrintedContact,
    PrintedContract,
    PrintedSeller,
    PrintedServicePoint,
    PrintedTariff,
)
from services.billing.storage.premises import address_line

WATER, SEWAGE = "WATER", "SEWAGE"
TITLES = {
    frozenset({WATER, SEWAGE}): "Umowa o zaopatrzenie w wodę i odprowadzanie ścieków",
    frozenset({WATER}): "Umowa o zaopatrzenie w wodę",
    frozenset({SEWAGE}): "Umowa o odprowadzanie ścieków",
}
TITLE_OF_OTHERS = "Umowa o dostarczanie mediów"


def contract_extract(
    contract: Any,
    *,
    customer: Any,
    points: Sequence[Any],
    meters: dict[Any, Sequence[Any]],
    version: Any | None,
    seller: PrintedSeller,
    contact: PrintedContact,
) -> PrintedContract:
    """The document of a contract out of the provider's own system, which keeps the signed copy itself."""
    concluded_on = contract.signed_on or contract.starts_on
    return PrintedContract(
        number=contract.number,
        concluded_on=concluded_on,
        place="",
        seller=seller,
        buyer=PrintedBuyer(
            customer_number=customer.number,
            name=customer.name,
            address_lines=tuple(line for line in (customer.address_line, customer.town_line) if line),
            nip=customer.nip,
        ),
        premises="; ".join(dict.fromkeys(_served(point) for point in points)) or "–",
        service_points=tuple(_point(point, meters.get(point.service_point_id, ())) for point in points),
        tariff_group=f"{contract.tariff_code} {contract.tariff_name}".strip(),
        tariff=PrintedTariff(version.name, version.valid_from) if version is not None else None,
        from_day=contract.starts_on,
        until_day=contract.ends_on,
        clauses=(_origin(contract.as_of),),
        title=TITLES.get(frozenset(point.commodity for point in points), TITLE_OF_OTHERS),
        contact=contact,
        signed_on=contract.signed_on,
    )


def _served(point: Any) -> str:
    line = address_line(street=point.street, building=point.building, flat=point.flat, town=point.town)
    return f"{line}, {point.postcode} {point.town}".strip()


def _point(point: Any, meters: Sequence[Any]) -> PrintedServicePoint:
    in_use = [meter for meter in meters if meter.removed_on is None]
    return PrintedServicePoint(
        code=point.code or "–",
        commodity=point.commodity.lower(),
        meter_serial=", ".join(meter.serial_number for meter in in_use),
    )


def _origin(as_of: datetime) -> PrintedClause:
    return PrintedClause(
        "Pochodzenie danych",
        "1. Dokument zawiera dane umowy z systemu dostawcy, stan na "
        f"{long_day(warsaw_date(as_of))}.\n"
        "2. Pełną treść umowy zawiera egzemplarz podpisany przez strony.",
    )
