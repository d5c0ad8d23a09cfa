"""What is given before a test: rows of billing's tables, made through its models."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.folding import fold
from chassis.ids import new_id
from services.billing.domain.customers import search_text
from services.billing.domain.names import sort_name
from services.billing.jobs.use import derive_use
from services.billing.storage.contracts import Contract, ContractServicePoint
from services.billing.storage.customers import Customer, CustomerKind
from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.readings import Reading, ReadingKind, ReadingStatus
from services.billing.storage.service_points import Commodity, ServicePoint
from services.billing.storage.settings import ProviderSettings
from services.billing.storage.tariffs import (
    ChargeBasis,
    Tariff,
    TariffComponent,
    TariffVersion,
    TariffVersionStatus,
)

WATER = {
    "name": "Woda",
    "commodity": Commodity.WATER,
    "basis": ChargeBasis.PER_UNIT,
    "price": Decimal("5.120000"),
    "vat_rate": "8",
    "unit": "m3",
}
SEWAGE = {
    "name": "Ścieki",
    "commodity": Commodity.SEWAGE,
    "basis": ChargeBasis.RATIO,
    "price": Decimal("8.340000"),
    "vat_rate": "8",
    "unit": "m3",
    "ratio": Decimal("1.000000"),
    "ratio_of": Commodity.WATER,
}
FEE = {
    "name": "Opłata abonamentowa",
    "commodity": Commodity.WATER,
    "basis": ChargeBasis.FIXED,
    "price": Decimal("4.500000"),
    "vat_rate": "8",
    "unit": "month",
}


def day(text: str) -> date:
    """ "2026-01-31" as a day."""
    return date.fromisoformat(text)


class Given:
    """Makes one thing after the other; what a test does not care about is filled in."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self._database = database
        self._clock = clock
        self._count = 0

    def add(self, *rows: Any) -> None:
        """Write rows in their order, in one transaction."""
        with self._database.transaction() as session:
            for row in rows:
                session.add(row)
                session.flush()

    def _next(self) -> int:
        self._count += 1
        return self._count

    def customer(
        self, name: str = "Anna Zdrojewska", *, customer_id: UUID | None = None, **columns: Any
    ) -> Customer:
        """A person with an address and e-mail; `customer_id` for one of the cast."""
        place, now = self._next(), self._clock.now()
        values: dict[str, Any] = {
            "customer_id": customer_id or new_id(),
            "external_id": f"k-{place}",
            "number": f"1000{place:04d}",
            "kind": CustomerKind.PERSON,
            "name": name,
            "nip": "",
            "source_email": f"klient{place}@poczta.example",
            "source_phone": "",
            "own_email": "",
            "own_phone": "",
            "address_line": "ul. Lipowa 7/2",
            "postcode": "57-000",
            "town": "Zdrój",
            "language": "pl",
            "e_invoice": True,
            "account_number": "",
            "premises_label": "ul. Lipowa 7/2, Zdrój",
            "version": 1,
            "as_of": now,
            "changed_at": now,
        } | columns
        customer = Customer(**values, sort_name=sort_name(values["name"]))
        customer.search_own = search_text(customer)
        customer.search_places = ""
        self.add(customer)
        return customer

    def premises(self, **columns: Any) -> Premises:
        """ul. Lipowa 7/2 in Zdrój."""
        values: dict[str, Any] = {
            "premises_id": new_id(),
            "external_id": f"p-{self._next()}",
            "street": "ul. Lipowa",
            "building": "7",
            "flat": "2",
            "postcode": "57-000",
            "town": "Zdrój",
            "as_of": self._clock.now(),
        } | columns
        premises = Premises(**values)
        self.add(premises)
        return premises

    def service_point(
        self, premises: Premises | None = None, *, commodity: Commodity = Commodity.WATER, **columns: Any
    ) -> ServicePoint:
        """A water point, at premises of its own unless they are given."""
        place = self._next()
        values: dict[str, Any] = {
            "service_point_id": new_id(),
            "external_id": f"s-{place}",
            "premises_id": (premises or self.premises()).premises_id,
            "commodity": commodity,
            "code": f"PPW-{place}",
            "as_of": self._clock.now(),
        } | columns
        point = ServicePoint(**values)
        self.add(point)
        return point

    def meter(
        self, point: ServicePoint | None = None, *, installed_on: str = "2024-01-01", **columns: Any
    ) -> Meter:
        """A water meter with five digits, at a point of its own unless one is given."""
        place = self._next()
        values: dict[str, Any] = {
            "meter_id": new_id(),
            "external_id": f"m-{place}",
            "service_point_id": (point or self.service_point()).service_point_id,
            "serial_number": f"88 104 {place:03d}",
            "installed_on": day(installed_on),
            "removed_on": None,
            "digits": 5,
            "unit": "m3",
            "as_of": self._clock.now(),
        } | columns
        meter = Meter(**values)
        self.add(meter)
        return meter

    def contract(
        self,
        customer: Customer,
        *points: ServicePoint,
        tariff: Tariff | None = None,
        starts_on: str = "2025-01-01",
        ends_on: str | None = None,
        **columns: Any,
    ) -> Contract:
        """A contract of the customer for the points, by tariff W1 unless another is given."""
        place = self._next()
        values: dict[str, Any] = {
            "contract_id": new_id(),
            "external_id": f"u-{place}",
            "number": f"U/{place:04d}",
            "customer_id": customer.customer_id,
            "tariff_id": (tariff or self.tariff()).tariff_id,
            "starts_on": day(starts_on),
            "ends_on": day(ends_on) if ends_on else None,
            "signed_on": None,
            "as_of": self._clock.now(),
        } | columns
        contract = Contract(**values)
        links = [
            ContractServicePoint(contract_id=contract.contract_id, service_point_id=point.service_point_id)
            for point in points
        ]
        self.add(contract, *links)
        return contract

    def supply(self, customer: Customer, **columns: Any) -> Meter:
        """A water point with a meter and a contract for it; answers the meter."""
        point = self.service_point()
        meter = self.meter(point)
        self.contract(customer, point, **columns)
        with self._database.transaction() as session:
            session.get_one(Customer, customer.customer_id).search_places = fold(
                f"ul. Lipowa 7/2 57-000 Zdrój {point.code} {meter.serial_number}"
            )
        return meter

    def reading(
        self,
        meter: Meter,
        read_on: str,
        value: str,
        *,
        kind: ReadingKind = ReadingKind.ACTUAL,
        status: ReadingStatus = ReadingStatus.ACCEPTED,
        **columns: Any,
    ) -> Reading:
        """A reading that counts, unless another status is given."""
        values: dict[str, Any] = {
            "reading_id": new_id(),
            "meter_id": meter.meter_id,
            "read_on": day(read_on),
            "value": Decimal(value),
            "kind": kind,
            "status": status,
            "reason": "",
            "external_id": "",
            "received_at": self._clock.now(),
            "as_of": self._clock.now(),
            "billed_at": None,
            "made_here": False,
        } | columns
        reading = Reading(**values)
        self.add(reading)
        return reading

    def derived(self) -> None:
        """The worker has derived the use of every meter."""
        derive_use(self._database, now=self._clock.now())

    def tariff(self, code: str = "W1", name: str = "Gospodarstwa domowe") -> Tariff:
        """The tariff of that code; made when there is none."""
        with self._database.reading() as session:
            known = session.scalar(select(Tariff).where(Tariff.code == code))
        if known is not None:
            return known
        tariff = Tariff(tariff_id=new_id(), code=code, name=name)
        self.add(tariff)
        return tariff

    def tariff_version(
        self,
        *components: dict[str, Any],
        tariff: Tariff | None = None,
        valid_from: str = "2025-01-01",
        status: TariffVersionStatus = TariffVersionStatus.PUBLISHED,
        **columns: Any,
    ) -> TariffVersion:
        """A published version of W1 with water, sewage and a monthly fee, unless components are given."""
        now = self._clock.now()
        published = status is TariffVersionStatus.PUBLISHED
        values: dict[str, Any] = {
            "tariff_version_id": new_id(),
            "tariff_id": (tariff or self.tariff()).tariff_id,
            "valid_from": day(valid_from),
            "status": status,
            "decision": "WR.RZT.70.2.2025",
            "source": "",
            "created_at": now,
            "created_by": "",
            "published_at": now if published else None,
            "published_by": "",
        } | columns
        version = TariffVersion(**values)
        lines = [
            TariffComponent(tariff_version_id=version.tariff_version_id, position=position, **component)
            for position, component in enumerate(components or (WATER, SEWAGE, FEE), start=1)
        ]
        self.add(version, *lines)
        return version

    def settings(self, **columns: Any) -> ProviderSettings:
        """The provider of the demonstration."""
        values: dict[str, Any] = {
            "provider": 1,
            "version": 1,
            "name": "Wodociągi Zdrój",
            "line": "woda i ścieki",
            "nip": "1234563218",
            "address_line": "ul. Wodna 1",
            "town_line": "57-000 Zdrój",
            "account_number": "61109010140000071219812874",
            "phone": "74 866 10 10",
            "phone_hours": "pon.–pt. 7–15",
            "emergency_phone": "994",
            "email": "biuro@wodociagi-zdroj.example",
            "portal_url": "https://ebok.example",
        } | columns
        settings = ProviderSettings(**values)
        self.add(settings)
        return settings
