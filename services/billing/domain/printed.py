"""What a document prints, frozen at issue.

An invoice or a contract is stored as the plain JSON of these values. PDF and HTML are rendered from that
alone, so a document reads the same for ever: later changes of names, prices or readings do not reach it.

Shapes in JSON: money is an integer of grosze, a decimal is a string, a day is ISO 8601, an absent value is
null. `template_version` names the renderer; raised when an existing document would come out differently,
not for a field added with a default. A field this code does not know is refused, never left out of print.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from chassis.money import Money, sum_money
from services.billing.domain.plain import from_plain, to_plain
from services.billing.domain.vat import VatRow

INVOICE_TEMPLATE_VERSION = 1
CONTRACT_TEMPLATE_VERSION = 1
NOTHING = Money(0)
NO_QUANTITY = Decimal("0.000")

PrintedVatRow = VatRow  # The tax of a rate prints as it was reckoned.


@dataclass(frozen=True, slots=True)
class PrintedSeller:
    """The provider. `mark` is the sign beside the name: "drop", or "" for the first letter of the name."""

    name: str
    address_lines: tuple[str, ...]
    nip: str
    tagline: str = ""
    mark: str = ""
    register_text: str = ""


@dataclass(frozen=True, slots=True)
class PrintedBuyer:
    """The party to the contract. `premises` is where the service is delivered, if elsewhere."""

    customer_number: str
    name: str
    address_lines: tuple[str, ...]
    nip: str = ""
    premises: str = ""


@dataclass(frozen=True, slots=True)
class PrintedPayment:
    """How to pay by transfer. `nrb` is 26 digits; `own_account`: the account is this customer's alone."""

    nrb: str
    recipient: str
    title: str
    own_account: bool = True


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line. `from_day`/`until_day` are set when the line covers only a part of the invoice's period."""

    name: str
    quantity: Decimal
    unit: str
    unit_price_net: Decimal
    vat_rate: str
    net: Money
    from_day: date | None = None
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class PrintedReading:
    """What one register of a meter showed at both ends of the period.

    Kinds are those of readings: ACTUAL CUSTOMER REMOTE ESTIMATED FINAL. `used` is printed as it is: after a
    roll-over or with a multiplier it is not the plain difference. `previous_settled`: the first was an estimate that an
    actual reading has settled since. `credited` was billed before and is taken off here, `left_over` is still to be
    taken off. `garden`: a sub-meter, whose use never becomes sewage.
    """

    meter_serial: str
    commodity: str
    unit: str
    previous_day: date
    previous_value: Decimal
    previous_kind: str
    current_day: date
    current_value: Decimal
    current_kind: str
    used: Decimal
    register: str = ""
    previous_settled: bool = False
    credited: Decimal = NO_QUANTITY
    left_over: Decimal = NO_QUANTITY
    garden: bool = False


@dataclass(frozen=True, slots=True)
class PrintedUseBar:
    """One stretch of the use chart, both days included; the renderer words the months.

    `last_year` is None where there was no supply or no reading.
    """

    from_day: date
    until_day: date
    this_year: Decimal
    last_year: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PrintedUse:
    """Use of the main commodity against last year: oldest bar first, the last one is this period."""

    commodity: str
    unit: str
    months_per_bar: int
    bars: tuple[PrintedUseBar, ...]
    average_per_day: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PrintedVolume:
    """How much of a commodity is billed, now and on the previous invoice (None: not comparable)."""

    commodity: str
    unit: str
    quantity: Decimal
    previous_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PrintedExplanation:
    """Facts from which "where it comes from" is worded. `previous_*` are absent on a first invoice.

    `arrears` is what was open from earlier documents on the day of issue, `credit` what of an earlier
    overpayment was taken off this total.
    """

    volumes: tuple[PrintedVolume, ...] = ()
    months: int = 0
    previous_total: Money | None = None
    previous_from: date | None = None
    previous_until: date | None = None
    prices_changed: bool = False
    estimated: bool = False
    arrears: Money = NOTHING
    credit: Money = NOTHING


@dataclass(frozen=True, slots=True)
class PrintedShare:
    """How a commodity was reckoned from another: `whole` less what went to the garden, `less`, makes `rest`."""

    commodity: str
    source: str
    unit: str
    whole: Decimal
    less: Decimal
    rest: Decimal


@dataclass(frozen=True, slots=True)
class PrintedTariff:
    """A tariff version the lines were priced with."""

    name: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class PrintedContact:
    """Where to turn with a doubt. Empty texts are left out. `complaint_days` is the term for our answer."""

    portal: str = ""
    phone: str = ""
    phone_hours: str = ""
    office: str = ""
    emergency: str = ""
    complaint_days: int = 14
    instalments: bool = True


@dataclass(frozen=True, slots=True)
class PrintedCorrection:
    """What a correcting invoice corrects, as it stood; the invoice itself holds the state after."""

    corrected_number: str
    corrected_issued_on: date
    reason: str
    lines_before: tuple[PrintedLine, ...]
    vat_before: tuple[PrintedVatRow, ...]
    total_gross_before: Money


@dataclass(frozen=True, slots=True)
class PrintedInvoice:
    """Everything an invoice prints.

    `to_pay` is what is still asked for: the total less credit already used; on a correcting invoice the
    difference to the corrected one, negative when the customer gets money back.
    """

    number: str
    issued_on: date
    period_from: date
    period_until: date
    due_on: date
    seller: PrintedSeller
    buyer: PrintedBuyer
    payment: PrintedPayment
    lines: tuple[PrintedLine, ...]
    vat_rows: tuple[PrintedVatRow, ...]
    total_net: Money
    total_vat: Money
    total_gross: Money
    to_pay: Money
    explanation: PrintedExplanation = PrintedExplanation()
    readings: tuple[PrintedReading, ...] = ()
    use: PrintedUse | None = None
    tariffs: tuple[PrintedTariff, ...] = ()
    contact: PrintedContact = PrintedContact()
    shares: tuple[PrintedShare, ...] = ()
    vat_exemption: str = ""
    correction: PrintedCorrection | None = None
    template_version: int = INVOICE_TEMPLATE_VERSION

    def to_json(self) -> dict[str, Any]:
        return to_plain(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Raises `UnreadableDocument` for an absent, unknown or misshapen field."""
        return from_plain(cls, plain)


@dataclass(frozen=True, slots=True)
class PrintedServicePoint:
    """A point of delivery named in a contract."""

    code: str
    commodity: str
    description: str = ""
    meter_serial: str = ""


@dataclass(frozen=True, slots=True)
class PrintedClause:
    """A paragraph of a contract: its heading and its text; a line break in the text starts a new point."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class PrintedContract:
    """Everything a contract prints. `until_day` None: indefinite time; `signed_on` None: not signed."""

    number: str
    concluded_on: date
    place: str
    seller: PrintedSeller
    buyer: PrintedBuyer
    premises: str
    service_points: tuple[PrintedServicePoint, ...]
    tariff_group: str
    tariff: PrintedTariff | None
    from_day: date
    until_day: date | None
    clauses: tuple[PrintedClause, ...]
    title: str = "Umowa o zaopatrzenie w wodę i odprowadzanie ścieków"
    contact: PrintedContact = PrintedContact()
    signed_on: date | None = None
    signed_how: str = ""
    template_version: int = CONTRACT_TEMPLATE_VERSION

    def to_json(self) -> dict[str, Any]:
        return to_plain(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Raises `UnreadableDocument` for an absent, unknown or misshapen field."""
        return from_plain(cls, plain)


def disagreements(invoice: PrintedInvoice) -> tuple[str, ...]:
    """What does not add up in an invoice that is about to be frozen; empty when it may be issued.

    Checked before commit: a document whose sums disagree is parked for a person, never issued.
    """
    found = []
    if sum_money(row.net for row in invoice.vat_rows) != invoice.total_net:
        found.append("net of the VAT rows differs from the total net")
    if sum_money(row.vat for row in invoice.vat_rows) != invoice.total_vat:
        found.append("tax of the VAT rows differs from the total tax")
    if invoice.total_net + invoice.total_vat != invoice.total_gross:
        found.append("net and tax do not make the total gross")
    if any(row.net + row.vat != row.gross for row in invoice.vat_rows):
        found.append("net and tax of a VAT row do not make its gross")
    for row in invoice.vat_rows:
        if sum_money(line.net for line in invoice.lines if line.vat_rate == row.rate) != row.net:
            found.append(f"lines at rate {row.rate} do not make its net")
    if {line.vat_rate for line in invoice.lines} != {row.rate for row in invoice.vat_rows}:
        found.append("lines and VAT rows do not name the same rates")
    if invoice.correction is None and invoice.total_gross - invoice.explanation.credit != invoice.to_pay:
        found.append("what is to pay is not the total less the credit used")
    if invoice.period_until < invoice.period_from:
        found.append("the period ends before it starts")
    return tuple(found)
