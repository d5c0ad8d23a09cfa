"""What a bill is made of, as plain values: a customer's contracts, points, meters, prices and the last invoice."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.billing.domain.charges import TariffVersionPrices
from services.billing.domain.frozen import PreviousBill
from services.billing.domain.metered_use import MeterFacts, MeterUse
from services.billing.domain.printed import PrintedContact, PrintedSeller


@dataclass(frozen=True, slots=True)
class Provider:
    """Who sells, and where to pay when the customer has no account of their own."""

    seller: PrintedSeller
    contact: PrintedContact
    account_number: str


@dataclass(frozen=True, slots=True)
class Period:
    """What a run bills, and how long there is to pay."""

    from_day: date
    until_day: date
    payment_days: int


@dataclass(frozen=True, slots=True)
class BilledSpan:
    """Days of a point that an issued invoice of some contract bills; `meter_id` where they are of a meter's use."""

    number: str
    contract_id: UUID
    meter_id: UUID | None
    from_day: date
    until_day: date


@dataclass(frozen=True, slots=True)
class PointFacts:
    """A service point of a contract with its meters, and the days billed of it near the period."""

    service_point_id: UUID
    code: str
    commodity: str
    premises_line: str
    meters: tuple[MeterFacts, ...] = ()
    billed: tuple[BilledSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """A contract with its prices, published versions alone, and the last invoice issued for it."""

    contract_id: UUID
    number: str
    starts_on: date
    ends_on: date | None
    tariff_id: UUID
    tariff_code: str
    tariff_name: str
    versions: tuple[TariffVersionPrices, ...]
    points: tuple[PointFacts, ...]
    previous: PreviousBill | None = None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer with the contracts that hold in the period. `by_mail`: invoices come by e-mail."""

    customer_id: UUID
    number: str
    name: str
    nip: str
    address_lines: tuple[str, ...]
    account_number: str
    by_mail: bool
    contracts: tuple[ContractFacts, ...]


@dataclass(frozen=True, slots=True)
class Billed:
    """What a contract is billed for: its days of the period, and the uses of its meters by point."""

    contract: ContractFacts
    from_day: date
    until_day: date
    uses: tuple[tuple[PointFacts, MeterUse], ...]

    @property
    def main_uses(self) -> tuple[tuple[PointFacts, MeterUse], ...]:
        """Those that are billed: without garden sub-meters, which only lessen the sewage."""
        return tuple((point, use) for point, use in self.uses if not use.meter.garden)
