"""Refused rows in words: what kind of row it was, which field, what is wrong with it."""

from ebok.billing.v1 import imports_pb2
from flask_babel import LazyString

from gateway.console.words import word_of
from gateway.web.languages import lazy_gettext as _l

KINDS: dict[str, LazyString] = {
    "customers": _l("customers"),
    "premises": _l("premises"),
    "service_points": _l("service points"),
    "meters": _l("meters"),
    "contracts": _l("contracts"),
    "readings": _l("readings"),
    "intervals": _l("hourly readings"),
    "payments": _l("payments"),
    "unknown": _l("unknown"),
}

FIELDS: dict[str, LazyString] = {
    "external_id": _l("id"),
    "number": _l("number"),
    "kind": _l("kind"),
    "name": _l("name"),
    "nip": _l("tax number"),
    "email": _l("e-mail"),
    "phone": _l("telephone"),
    "address_line": _l("street and house"),
    "postcode": _l("postcode"),
    "town": _l("town"),
    "language": _l("language"),
    "e_invoice": _l("e-invoice"),
    "account_number": _l("account number"),
    "street": _l("street"),
    "building": _l("house"),
    "flat": _l("flat"),
    "premises_external_id": _l("premises"),
    "commodity": _l("commodity"),
    "code": _l("code"),
    "service_point_external_id": _l("service point"),
    "service_point_external_ids": _l("service points"),
    "serial_number": _l("meter number"),
    "installed_on": _l("in use from"),
    "removed_on": _l("in use until"),
    "digits": _l("digits of the meter"),
    "unit": _l("unit"),
    "customer_external_id": _l("customer"),
    "tariff_code": _l("tariff"),
    "starts_on": _l("contract from"),
    "ends_on": _l("contract until"),
    "signed_on": _l("signed on"),
    "meter_external_id": _l("meter"),
    "read_on": _l("day of the reading"),
    "value": _l("value"),
    "purpose": _l("purpose of the meter"),
    "starts_at": _l("begins at"),
    "minutes": _l("length in minutes"),
    "used": _l("used"),
    "booked_on": _l("booked on"),
    "amount": _l("amount"),
    "title": _l("title"),
    "invoice_number": _l("invoice"),
}

REASONS: dict[str, LazyString] = {
    "REQUIRED": _l("is missing"),
    "MALFORMED": _l("cannot be read"),
    "TOO_LONG": _l("is too long"),
    "TOO_MANY": _l("there are too many"),
    "TOO_PRECISE": _l("has too many decimal places"),
    "OUT_OF_RANGE": _l("is out of range"),
    "UNKNOWN": _l("is none of the known values"),
    "UNKNOWN_KIND": _l("a row of a kind we do not know"),
    "TOO_MANY_CELLS": _l("the row has more cells than there are columns"),
    "UNREADABLE": _l("the row could not be read"),
    "UNKNOWN_CUSTOMER": _l("there is no such customer"),
    "UNKNOWN_PREMISES": _l("there are no such premises"),
    "UNKNOWN_SERVICE_POINT": _l("there is no such service point"),
    "UNKNOWN_METER": _l("there is no such meter"),
    "UNKNOWN_INVOICE": _l("there is no such invoice"),
    "NUMBER_TAKEN": _l("belongs to another one"),
    "OWNED_BY_OFFICE": _l("is that of a record made here, which no import changes"),
    "ONLY_FOR_COMPANIES": _l("only companies have it"),
    "BEFORE_START": _l("is before the first day"),
    "READING_BILLED": _l("an invoice already stands on this reading"),
    "PAYMENT_DIFFERS": _l("this payment came before with another amount or customer"),
    "UNREADABLE_DOCUMENT": _l("the document cannot be read"),
    "CUSTOMER_NOT_FOUND": _l("there is no such customer"),
    "CONTRACT_NOT_FOUND": _l("there is no such contract"),
    "IN_FUTURE": _l("has not come yet"),
    "ABOVE_DIGITS": _l("the meter has fewer digits"),
    "BELOW_PREVIOUS": _l("is lower than the reading before"),
    "SECOND_OF_DAY": _l("there is already a reading of this day"),
    "OFFSET_MISSING": _l("does not say how far it is from UTC"),
    "NOT_ALIGNED": _l("does not begin on a full quarter, half or hour"),
    "OVERLAPS": _l("overlaps with another"),
    "UNKNOWN_TARIFF": _l("there is no such tariff"),
    "OUTSIDE_METER_LIFE": _l("the meter was not in use then"),
}


STATUSES: dict[int, LazyString] = {
    imports_pb2.REJECT_STATUS_OPEN: _l("waits"),
    imports_pb2.REJECT_STATUS_MENDED: _l("came in"),
    imports_pb2.REJECT_STATUS_DISMISSED: _l("set aside"),
}


def reject_status_word(status: int) -> str:
    """`czeka`, `przyjęty`, `odłożony`."""
    return word_of(STATUSES, status)


def kind_word(kind: str) -> str:
    """`odczyty`."""
    return word_of(KINDS, kind)


def field_word(field: str) -> str:
    """`dzień odczytu`; a field without a word prints by its name."""
    return word_of(FIELDS, field)


def reject_word(reason: str) -> str:
    """`nie da się odczytać`."""
    return word_of(REASONS, reason)
