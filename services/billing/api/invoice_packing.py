"""Invoices as messages."""

from datetime import date
from typing import Any

from ebok.billing.v1 import invoices_pb2 as pb

from chassis.money import Money
from chassis.wire import (
    pack_date,
    pack_decimal,
    pack_id,
    pack_money,
    pack_optional_decimal,
    pack_optional_instant,
)
from services.billing.api.packing import COMMODITIES, METER_PURPOSES, READING_KINDS, day_fields, words_of
from services.billing.documents.transfer_qr import AMOUNT_MAX, transfer_qr_text
from services.billing.domain.frozen import FrozenDifference, FrozenInvoice, FrozenLine, FrozenReading
from services.billing.domain.invoices import KeptInvoice
from services.billing.domain.printed import PrintedInvoice, PrintedShare
from services.billing.domain.statements import PaidState, paid_state
from services.billing.storage.invoices import InvoiceStatus
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.readings import ReadingKind
from services.billing.storage.service_points import Commodity

INVOICE_STATUSES = words_of(pb.InvoiceStatus, InvoiceStatus, "INVOICE_STATUS")
PAID_STATES = words_of(pb.PaidState, PaidState, "PAID_STATE")


def pack_invoice(row: Any, *, today: date) -> dict[str, Any]:
    """The fields of an invoice as lists show it; a draft has no number, days or paid state. `open_grosze`: open of it.

    `premises_line`: where it is for, in lists of a customer with several addresses.
    """
    # As dicts: protobuf copies a message that is put into another, and a list has ten in each row.
    fields: dict[str, Any] = {
        "invoice_id": pack_id(row.invoice_id),
        "customer_id": pack_id(row.customer_id),
        "number": row.number or "",
        "status": INVOICE_STATUSES[row.status],
        "period_from": day_fields(row.period_from),
        "period_to": day_fields(row.period_to),
        "issued_at": pack_optional_instant(row.issued_at),
        "issued_on": day_fields(row.issued_on),
        "due_on": day_fields(row.due_on),
        "total_net": {"grosze": _grosze(row.total_net)},
        "total_vat": {"grosze": _grosze(row.total_vat)},
        "total_gross": {"grosze": _grosze(row.total_gross)},
        "customer_number": row.customer_number,
        "customer_name": row.customer_name,
    }
    if "open_grosze" in row._fields:
        open_grosze, total = int(row.open_grosze), _grosze(row.total_gross)
        state = paid_state(total=total, open_amount=open_grosze, due_on=row.due_on, today=today)
        fields["open_amount"] = {"grosze": open_grosze}
        fields["paid_state"] = PAID_STATES[state]
        fields["paid_on"] = day_fields(row.paid_on)
    if "premises_line" in row._fields:
        fields["premises_line"] = row.premises_line
    return fields


def _grosze(amount: Money | int) -> int:
    """Plain SQL answers integers where the models answer Money."""
    return amount if isinstance(amount, int) else amount.grosze


def pack_detail(kept: KeptInvoice, *, today: date) -> pb.InvoiceDetail:
    """Everything an invoice prints, from its document."""
    frozen, printed = kept.frozen, kept.frozen.printed
    return pb.InvoiceDetail(
        invoice=pack_invoice(kept.row, today=today),
        seller=_party(printed.seller.name, printed.seller.address_lines, nip=printed.seller.nip),
        buyer=_party(
            printed.buyer.name,
            printed.buyer.address_lines,
            nip=printed.buyer.nip,
            number=printed.buyer.customer_number,
        ),
        account_number=printed.payment.nrb,
        transfer_title=printed.payment.title,
        transfer_qr=_transfer_qr(printed),
        lines=[_line(line) for line in frozen.lines],
        vat_rows=[
            pb.VatRow(
                vat_rate=row.rate,
                net=pack_money(row.net),
                vat=pack_money(row.vat),
                gross=pack_money(row.gross),
            )
            for row in printed.vat_rows
        ],
        readings=[_reading(reading) for reading in frozen.readings],
        tariff_label=frozen.tariff_label,
        difference=_difference(frozen),
        premises_line=frozen.premises_line,
        shares=[_share(share) for share in printed.shares],
    )


def _party(name: str, address_lines: tuple[str, ...], *, nip: str, number: str = "") -> pb.Party:
    first, second = (*address_lines, "", "")[:2]
    return pb.Party(name=name, address_line=first, town_line=second, nip=nip, number=number)


def _transfer_qr(printed: PrintedInvoice) -> str:
    """Empty for a draft, and where nothing or more than the code can say is to be paid."""
    if not printed.number or not Money(0) < printed.to_pay <= AMOUNT_MAX:
        return ""
    payment = printed.payment
    return transfer_qr_text(printed.seller.nip, payment.nrb, printed.to_pay, payment.recipient, payment.title)


def _line(line: FrozenLine) -> pb.InvoiceLine:
    # "from" is a keyword of Python: that field cannot be named in a call.
    days: dict[str, Any] = {"from": pack_date(line.from_day), "until": pack_date(line.until_day)}
    return pb.InvoiceLine(
        name=line.name,
        commodity=COMMODITIES[Commodity(line.commodity)],
        quantity=pack_decimal(line.quantity),
        unit=line.unit,
        price=pack_decimal(line.price),
        vat_rate=line.vat_rate,
        net=pack_money(line.net),
        **days,
    )


def _reading(reading: FrozenReading) -> pb.InvoiceReading:
    days: dict[str, Any] = {"from": pack_date(reading.from_day), "until": pack_date(reading.until_day)}
    return pb.InvoiceReading(
        meter_serial_number=reading.meter_serial,
        commodity=COMMODITIES[Commodity(reading.commodity)],
        value_from=pack_decimal(reading.value_from),
        value_until=pack_decimal(reading.value_until),
        kind=READING_KINDS[ReadingKind(reading.kind)],
        used=pack_decimal(reading.used),
        unit=reading.unit,
        start_settled=reading.start_settled,
        credited=pack_optional_decimal(reading.credited or None),
        left_over=pack_optional_decimal(reading.left_over or None),
        purpose=METER_PURPOSES[MeterPurpose.GARDEN if reading.garden else MeterPurpose.MAIN],
        **days,
    )


def _share(share: PrintedShare) -> pb.InvoiceShare:
    return pb.InvoiceShare(
        commodity=COMMODITIES[Commodity(share.commodity.upper())],
        source=COMMODITIES[Commodity(share.source.upper())],
        whole=pack_decimal(share.whole),
        less=pack_decimal(share.less),
        rest=pack_decimal(share.rest),
        unit=share.unit,
    )


def _difference(frozen: FrozenInvoice) -> pb.InvoiceDifference | None:
    found: FrozenDifference | None = frozen.difference
    if found is None:
        return None
    return pb.InvoiceDifference(
        previous_number=found.previous_number,
        previous_from=pack_date(found.previous_from),
        previous_until=pack_date(found.previous_until),
        previous_total=pack_money(found.previous_total),
        by_volume=pack_money(found.by_volume),
        by_price=pack_money(found.by_price),
        by_days=pack_money(found.by_days),
        previous_used=pack_optional_decimal(found.previous_used),
        used=pack_optional_decimal(found.used),
        unit=found.unit,
        previous_days=found.previous_days,
        days=found.days,
    )
