"""Keys of the REST API for what billing keeps, written out: what is named here is public and only grows.

Amounts are decimal strings with two places, and the currency stands beside them once for each object, as on an invoice
of EN 16931 (BT-5). Quantities and unit prices are decimal strings, days `2026-11-30`, instants RFC 3339 in UTC.
"""

from ebok.billing.v1 import (
    contracts_pb2,
    customers_pb2,
    imports_pb2,
    invoices_pb2,
    ledger_pb2,
    meters_pb2,
    reading_windows_pb2,
    readings_pb2,
    runs_pb2,
    tariffs_pb2,
)

from gateway.api.shapes import (
    AMOUNT,
    COUNTS,
    CURRENCY,
    DAY,
    DECIMAL,
    FLAG,
    ID,
    INSTANT,
    NUMBER,
    TEXT,
    TEXTS,
    Key,
    Shape,
    listed,
    maybe,
    maybe_one_of,
    nested,
    one_of,
)

_CUSTOMER = {
    "customer_id": Key(ID, "The customer's id."),
    "number": Key(TEXT, "The number on invoices."),
    "kind": Key(one_of(customers_pb2.CustomerKind), "A person or a company."),
    "name": Key(TEXT, "Full name, as on invoices."),
    "nip": Key(maybe(TEXT), "Tax number of a company, ten digits."),
    "email": Key(maybe(TEXT), "Where invoices and letters go."),
    "phone": Key(maybe(TEXT), "Telephone, E.164."),
    "address_line": Key(TEXT, "Street, house and flat of the address for letters."),
    "town_line": Key(TEXT, "Its postcode and town."),
    "language": Key(TEXT, "Language of letters: pl, en, uk."),
    "e_invoice": Key(FLAG, "Invoices come by e-mail."),
    "account_number": Key(maybe(TEXT), "The customer's own account for transfers, 26 digits."),
    "external_id": Key(maybe(TEXT), "The id in the provider's own system."),
    "as_of": Key(maybe(INSTANT), "As of when the provider's own system said this."),
}
CUSTOMER = Shape("Customer", "Somebody who is billed.", customers_pb2.Customer, _CUSTOMER)
FOUND_CUSTOMER = Shape(
    "FoundCustomer",
    "A customer as lists show it, with what is owed.",
    customers_pb2.FoundCustomer,
    {
        **{key: Key(one.kind, one.text, f"customer.{key}") for key, one in _CUSTOMER.items()},
        "balance": Key(AMOUNT, "Owed when positive, credit when negative."),
        "overdue": Key(AMOUNT, "What of it is past its due day."),
        "currency": CURRENCY,
    },
)

PREMISES = Shape(
    "Premises",
    "An address that is served.",
    meters_pb2.Premises,
    {
        "premises_id": Key(ID, "The premises' id."),
        "address_line": Key(TEXT, "Street with house and flat."),
        "town_line": Key(TEXT, "Postcode and town."),
    },
)
_METER = {
    "meter_id": Key(ID, "The meter's id."),
    "serial_number": Key(TEXT, "The number on its face."),
    "purpose": Key(maybe_one_of(meters_pb2.MeterPurpose), "What it is there for."),
    "unit": Key(TEXT, "Unit of its values: m3, kWh, GJ."),
    "digits": Key(NUMBER, "Digits before the point on its face."),
    "installed_on": Key(maybe(DAY), "In use from this day."),
    "removed_on": Key(maybe(DAY), "In use until this day; null while it is in use."),
    "last_read_on": Key(maybe(DAY), "Day of the newest reading that counts."),
    "last_value": Key(maybe(DECIMAL), "Its value."),
}
POINT_METER = Shape("PointMeter", "A meter of a service point.", meters_pb2.Meter, _METER)
SERVICE_POINT = Shape(
    "ServicePoint",
    "Where a commodity is delivered.",
    meters_pb2.ServicePoint,
    {
        "service_point_id": Key(ID, "The service point's id."),
        "code": Key(maybe(TEXT), "The provider's code of it."),
        "commodity": Key(one_of(meters_pb2.Commodity), "What is delivered."),
        "premises": Key(nested(PREMISES), "Where."),
        "meters": Key(listed(POINT_METER), "Its meters, the one in use first."),
    },
)

_METER_IN_PLACE = {
    **{key: Key(one.kind, one.text, f"meter.{key}") for key, one in _METER.items()},
    "service_point_id": Key(ID, "Its service point.", "service_point.service_point_id"),
    "commodity": Key(one_of(meters_pb2.Commodity), "What it measures.", "service_point.commodity"),
    "premises": Key(nested(PREMISES), "Where it is.", "service_point.premises"),
}
METER = Shape("Meter", "A meter and where it is.", readings_pb2.ReadableMeter, _METER_IN_PLACE)

READING = Shape(
    "Reading",
    "A value read off a meter.",
    readings_pb2.Reading,
    {
        "reading_id": Key(ID, "The reading's id."),
        "meter_id": Key(ID, "Of which meter."),
        "meter_serial_number": Key(TEXT, "The number on the meter's face."),
        "read_on": Key(DAY, "The day."),
        "value": Key(DECIMAL, "The value in the meter's unit."),
        "unit": Key(TEXT, "The meter's unit."),
        "kind": Key(one_of(readings_pb2.ReadingKind), "How it came about."),
        "status": Key(one_of(readings_pb2.ReadingStatus), "What became of it."),
        "reason": Key(maybe(TEXT), "Why it waits or was refused."),
        "used": Key(maybe(DECIMAL), "Used since the reading before that counts."),
        "note": Key(maybe(TEXT), "What a clerk wrote to a decision on it."),
        "has_photo": Key(FLAG, "A photo came with it."),
    },
)
READING_WINDOW = Shape(
    "ReadingWindow",
    "Days in which readings can be handed in.",
    reading_windows_pb2.ReadingWindow,
    {
        "opens_on": Key(DAY, "First day."),
        "closes_on": Key(DAY, "Last day."),
    },
)
READABLE_METER = Shape(
    "ReadableMeter",
    "A meter in use, and what helps to read it.",
    readings_pb2.ReadableMeter,
    {
        **_METER_IN_PLACE,
        "previous": Key(maybe(nested(READING)), "The reading before."),
        "submitted": Key(maybe(nested(READING)), "What was handed in during the window."),
        "expected_value": Key(maybe(DECIMAL), "What it should show today if use is as usual."),
        "window": Key(maybe(nested(READING_WINDOW)), "The window open today, else the next one."),
        "can_submit": Key(FLAG, "The customer can hand in a reading today."),
        "remote": Key(FLAG, "It sends its readings by itself."),
    },
)
USAGE_BUCKET = Shape(
    "UsageBucket",
    "A year, a month, a day or an hour.",
    readings_pb2.UsageBucket,
    {
        "year": Key(NUMBER, "The year."),
        "month": Key(NUMBER, "1 to 12; 0 for a whole year."),
        "day": Key(NUMBER, "1 to 31; 0 for a whole month or year."),
        "starts_at": Key(maybe(INSTANT), "Of an hour: when it begins."),
        "used": Key(maybe(DECIMAL), "What was used; null when nothing is known."),
        "used_year_before": Key(maybe(DECIMAL), "The same a year before."),
        "known_until": Key(maybe(DAY), "Known for a part of it only, until this day."),
    },
)
USAGE = Shape(
    "Usage",
    "What a service point used.",
    readings_pb2.GetUsageResponse,
    {
        "service_point": Key(maybe(nested(SERVICE_POINT)), "The service point; null when none is metered."),
        "unit": Key(TEXT, "Unit of all quantities: m3, kWh, GJ."),
        "year": Key(NUMBER, "The year shown; 0 for years."),
        "month": Key(NUMBER, "The month shown, for days and hours; else 0."),
        "day": Key(NUMBER, "The day shown, for hours; else 0."),
        "known_from": Key(maybe(DAY), "The first day with something known."),
        "read_until": Key(maybe(DAY), "The last day with a reading that counts."),
        "has_hours": Key(FLAG, "The meter tells its hours."),
        "buckets": Key(listed(USAGE_BUCKET), "In the order of time."),
    },
)

TARIFF_COMPONENT = Shape(
    "TariffComponent",
    "One line of a price list.",
    tariffs_pb2.TariffComponent,
    {
        "name": Key(TEXT, "The name on invoices."),
        "commodity": Key(one_of(meters_pb2.Commodity), "What it belongs to."),
        "basis": Key(one_of(tariffs_pb2.ChargeBasis), "How it is charged."),
        "price": Key(DECIMAL, "Net price of a unit, or of a month."),
        "unit": Key(TEXT, "Unit of the quantity."),
        "vat_rate": Key(TEXT, "23, 8, 5, 0 or ZW."),
        "ratio": Key(maybe(DECIMAL), "Of a ratio: the share of the other commodity's quantity."),
        "ratio_of": Key(maybe_one_of(meters_pb2.Commodity), "Of a ratio: of which commodity."),
    },
)
TARIFF_VERSION = Shape(
    "TariffVersion",
    "The prices of a tariff from a day on.",
    tariffs_pb2.TariffVersion,
    {
        "tariff_version_id": Key(ID, "The version's id."),
        "tariff_id": Key(ID, "The tariff."),
        "tariff_code": Key(TEXT, "Its code."),
        "tariff_name": Key(TEXT, "Its name."),
        "valid_from": Key(DAY, "Counts from this day until the next published version."),
        "status": Key(one_of(tariffs_pb2.TariffVersionStatus), "Draft or published."),
        "decision": Key(maybe(TEXT), "Number of the decision that approved it."),
        "source": Key(maybe(TEXT), "Where the figures come from."),
        "components": Key(listed(TARIFF_COMPONENT), "What is charged, in the order of invoices."),
        "published_at": Key(maybe(INSTANT), "When it was published."),
        "currency": CURRENCY,
    },
)
TARIFF = Shape(
    "Tariff",
    "A price list with its history.",
    tariffs_pb2.Tariff,
    {
        "tariff_id": Key(ID, "The tariff's id."),
        "code": Key(TEXT, "Short code on contracts."),
        "name": Key(TEXT, "What it is called."),
        "contract_count": Key(NUMBER, "Contracts that use it now."),
        "versions": Key(listed(TARIFF_VERSION), "The newest first."),
    },
)
CONTRACT = Shape(
    "Contract",
    "A contract.",
    contracts_pb2.Contract,
    {
        "contract_id": Key(ID, "The contract's id."),
        "number": Key(TEXT, "As printed."),
        "customer_id": Key(ID, "The customer."),
        "starts_on": Key(DAY, "From this day."),
        "ends_on": Key(maybe(DAY), "Until the end of this day; null: without end."),
        "signed_on": Key(maybe(DAY), "When it was signed."),
        "tariff_code": Key(TEXT, "Code of the tariff."),
        "tariff_name": Key(TEXT, "Name of the tariff."),
        "service_points": Key(listed(SERVICE_POINT), "Where it delivers to."),
    },
)

INVOICE = Shape(
    "Invoice",
    "An invoice, as lists show it.",
    invoices_pb2.Invoice,
    {
        "invoice_id": Key(ID, "The invoice's id."),
        "customer_id": Key(ID, "The customer."),
        "customer_number": Key(TEXT, "The customer's number."),
        "customer_name": Key(TEXT, "The customer's name as printed."),
        "number": Key(maybe(TEXT), "Its number; null for a draft."),
        "status": Key(one_of(invoices_pb2.InvoiceStatus), "Draft, issued or discarded."),
        "period_from": Key(DAY, "First day billed."),
        "period_to": Key(DAY, "Last day billed."),
        "issued_on": Key(maybe(DAY), "The day it is dated."),
        "issued_at": Key(maybe(INSTANT), "When it was issued."),
        "due_on": Key(maybe(DAY), "To be paid until the end of this day."),
        "total_net": Key(AMOUNT, "Net total."),
        "total_vat": Key(AMOUNT, "VAT total."),
        "total_gross": Key(AMOUNT, "Gross total."),
        "open_amount": Key(AMOUNT, "What is still open of it."),
        "currency": CURRENCY,
        "paid_state": Key(maybe_one_of(invoices_pb2.PaidState), "What the ledger says of it today."),
        "paid_on": Key(maybe(DAY), "The day of the entry that closed it."),
    },
)
PARTY = Shape(
    "Party",
    "Seller or buyer.",
    invoices_pb2.Party,
    {
        "name": Key(TEXT, "Name."),
        "address_line": Key(TEXT, "Street and number."),
        "town_line": Key(TEXT, "Postcode and town."),
        "nip": Key(maybe(TEXT), "Tax number; null for persons."),
        "number": Key(maybe(TEXT), "Customer number; null for the seller."),
    },
)
INVOICE_LINE = Shape(
    "InvoiceLine",
    "A line of an invoice.",
    invoices_pb2.InvoiceLine,
    {
        "name": Key(TEXT, "What is charged."),
        "commodity": Key(maybe_one_of(meters_pb2.Commodity), "What it belongs to."),
        "quantity": Key(DECIMAL, "How much."),
        "unit": Key(TEXT, "Of what."),
        "price": Key(DECIMAL, "Net price of one unit."),
        "vat_rate": Key(TEXT, "23, 8, 5, 0 or ZW."),
        "net": Key(AMOUNT, "Net of the line."),
        "from": Key(maybe(DAY), "First day the line is for."),
        "until": Key(maybe(DAY), "Last day."),
    },
)
VAT_ROW = Shape(
    "VatRow",
    "VAT of one rate: on the summed net, rounded once.",
    invoices_pb2.VatRow,
    {
        "vat_rate": Key(TEXT, "The rate."),
        "net": Key(AMOUNT, "Summed net."),
        "vat": Key(AMOUNT, "VAT on it."),
        "gross": Key(AMOUNT, "Both."),
    },
)
INVOICE_READING = Shape(
    "InvoiceReading",
    "A pair of readings that an invoice stands on.",
    invoices_pb2.InvoiceReading,
    {
        "meter_serial_number": Key(TEXT, "The number on the meter's face."),
        "commodity": Key(maybe_one_of(meters_pb2.Commodity), "What is metered."),
        "from": Key(maybe(DAY), "First reading's day."),
        "until": Key(maybe(DAY), "Last reading's day."),
        "value_from": Key(maybe(DECIMAL), "First value."),
        "value_until": Key(maybe(DECIMAL), "Last value."),
        "kind": Key(maybe_one_of(readings_pb2.ReadingKind), "How the last one came about."),
        "used": Key(maybe(DECIMAL), "The difference."),
        "unit": Key(TEXT, "Unit of all three."),
    },
)
INVOICE_DETAIL = Shape(
    "InvoiceDetail",
    "Everything an invoice prints, frozen at issue.",
    invoices_pb2.InvoiceDetail,
    {
        "invoice": Key(nested(INVOICE), "As lists show it."),
        "seller": Key(nested(PARTY), "Who sells."),
        "buyer": Key(nested(PARTY), "Who buys."),
        "premises_line": Key(maybe(TEXT), "The served address."),
        "tariff_label": Key(maybe(TEXT), "Code and name of the tariff."),
        "account_number": Key(maybe(TEXT), "The account to pay to, 26 digits."),
        "transfer_title": Key(maybe(TEXT), "The title of the transfer."),
        "lines": Key(listed(INVOICE_LINE), "What is charged."),
        "vat_rows": Key(listed(VAT_ROW), "VAT by rate."),
        "readings": Key(listed(INVOICE_READING), "The readings it stands on."),
        "currency": CURRENCY,
    },
)

BALANCE = Shape(
    "Balance",
    "What a customer owes.",
    ledger_pb2.Balance,
    {
        "balance": Key(AMOUNT, "Owed when positive, credit when negative."),
        "open_amount": Key(AMOUNT, "All open charges."),
        "overdue": Key(AMOUNT, "Those past their due day."),
        "credit": Key(AMOUNT, "Money received and not yet used for a charge."),
        "next_amount": Key(maybe(AMOUNT), "The amount of the nearest due day, overdue ones included."),
        "next_due_on": Key(maybe(DAY), "That day; the oldest due day when something is overdue."),
        "last_payment": Key(maybe(AMOUNT), "The last payment that was booked."),
        "last_payment_on": Key(maybe(DAY), "When."),
        "currency": CURRENCY,
    },
)
LEDGER_ENTRY = Shape(
    "LedgerEntry",
    "One entry of the ledger.",
    ledger_pb2.LedgerEntry,
    {
        "entry_id": Key(ID, "The entry's id."),
        "kind": Key(one_of(ledger_pb2.EntryKind), "What it is."),
        "booked_on": Key(DAY, "The day it counts from."),
        "amount": Key(AMOUNT, "Charges positive, payments negative."),
        "balance_after": Key(maybe(AMOUNT), "The balance after it."),
        "open_amount": Key(maybe(AMOUNT), "Still open of a charge."),
        "due_on": Key(maybe(DAY), "Of a charge: to be paid until."),
        "invoice_id": Key(maybe(ID), "Its invoice."),
        "invoice_number": Key(maybe(TEXT), "The invoice's number."),
        "payment_id": Key(maybe(ID), "The payment made here that it came from."),
        "title": Key(maybe(TEXT), "Title of the transfer, or a word of what it is."),
    },
)
STATEMENT = Shape(
    "Statement",
    "The ledger between two days. Opening + charged - paid + refunded + corrected = closing.",
    ledger_pb2.GetStatementResponse,
    {
        "from": Key(DAY, "First day."),
        "until": Key(DAY, "Last day."),
        "opening_balance": Key(AMOUNT, "Balance before the first day."),
        "closing_balance": Key(AMOUNT, "Balance after the last day."),
        "charged": Key(AMOUNT, "Sum of charges in between."),
        "paid": Key(AMOUNT, "Sum of payments in between, positive."),
        "refunded": Key(AMOUNT, "Sum of money given back in between, positive."),
        "corrected": Key(AMOUNT, "Sum of corrections in between."),
        "currency": CURRENCY,
        "entries": Key(listed(LEDGER_ENTRY), "In the order of booking."),
    },
)

RUN = Shape(
    "BillingRun",
    "A period's invoices for many customers: first drafts, then issued at once.",
    runs_pb2.BillingRun,
    {
        "run_id": Key(ID, "The run's id."),
        "name": Key(TEXT, "What it is called."),
        "period_from": Key(DAY, "First day billed."),
        "period_to": Key(DAY, "Last day billed."),
        "payment_days": Key(NUMBER, "Days from issue to due."),
        "status": Key(one_of(runs_pb2.RunStatus), "Where it stands."),
        "failure": Key(maybe(TEXT), "Why it stopped when it failed."),
        "customer_count": Key(NUMBER, "Customers with a contract in the period."),
        "done_count": Key(NUMBER, "Of them looked at so far in the present step."),
        "invoice_count": Key(NUMBER, "Drafts, or invoices once issued."),
        "parked_count": Key(NUMBER, "Customers who get no invoice."),
        "parked_by_reason": Key(COUNTS, "Parked customers by reason; empty in lists."),
        "total_net": Key(AMOUNT, "Sum of the drafts."),
        "total_vat": Key(AMOUNT, "Sum of the drafts."),
        "total_gross": Key(AMOUNT, "Sum of the drafts."),
        "currency": CURRENCY,
        "created_at": Key(INSTANT, "When it was started."),
        "created_by": Key(TEXT, "Who prepared it."),
        "calculated_at": Key(maybe(INSTANT), "When it was calculated."),
        "issued_at": Key(maybe(INSTANT), "When the last invoice was issued."),
        "issued_by": Key(maybe(TEXT), "Who issued it."),
        "first_number": Key(maybe(TEXT), "First number, once issued."),
        "last_number": Key(maybe(TEXT), "Last number, once issued."),
    },
)
PARKED = Shape(
    "ParkedCustomer",
    "A customer who gets no invoice in a run.",
    runs_pb2.Parked,
    {
        "customer_id": Key(ID, "The customer."),
        "customer_number": Key(TEXT, "Its number."),
        "customer_name": Key(TEXT, "Its name."),
        "reason": Key(TEXT, "Why."),
        "facts": Key(TEXTS, "The facts behind it."),
    },
)

IMPORT = Shape(
    "Import",
    "An import of the provider's own data.",
    imports_pb2.Import,
    {
        "import_id": Key(ID, "The import's id."),
        "source": Key(TEXT, "Where the rows come from."),
        "feed": Key(maybe(TEXT), "The watched source it is of."),
        "dry_run": Key(FLAG, "Only tried, nothing kept."),
        "status": Key(one_of(imports_pb2.ImportStatus), "Where it stands."),
        "row_count": Key(NUMBER, "Rows announced; 0 when unknown."),
        "done_count": Key(NUMBER, "Rows looked at."),
        "created_count": Key(NUMBER, "Rows that made something new."),
        "changed_count": Key(NUMBER, "Rows that changed something."),
        "unchanged_count": Key(NUMBER, "Rows that said what was known."),
        "rejected_count": Key(NUMBER, "Rows refused."),
        "open_reject_count": Key(NUMBER, "Refused rows that wait."),
        "batch_count": Key(NUMBER, "Batches taken; the next one has the number after it."),
        "rows_by_kind": Key(COUNTS, "Rows by what they are."),
        "started_at": Key(INSTANT, "When it was opened."),
        "moved_at": Key(maybe(INSTANT), "When the last batch came."),
        "finished_at": Key(maybe(INSTANT), "When it was closed."),
        "as_of": Key(maybe(INSTANT), "The data's own age."),
    },
)
REJECT_REASON = Shape(
    "RejectReason",
    "Why a row was refused.",
    imports_pb2.RejectReason,
    {
        "field": Key(TEXT, "The field; empty for the whole row."),
        "reason": Key(TEXT, "Why."),
        "value": Key(TEXT, "The value that was refused, shortened."),
    },
)
REJECT = Shape(
    "Reject",
    "A refused row.",
    imports_pb2.Reject,
    {
        "reject_id": Key(ID, "The refused row's id."),
        "row_number": Key(NUMBER, "Where it stood in the source."),
        "kind": Key(TEXT, "What it is."),
        "external_id": Key(maybe(TEXT), "The provider's id."),
        "status": Key(one_of(imports_pb2.RejectStatus), "What became of it."),
        "reasons": Key(listed(REJECT_REASON), "Why it was refused."),
        "row": Key(TEXTS, "The row as it came, by field."),
    },
)
