"""Customers: what the provider says of them, and how they are reached."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session
from stdnum.pl import nip as nips

from chassis.clock import warsaw_date
from chassis.errors import Invalid, NotFound, Violation
from chassis.folding import fold
from services.billing.domain import masters
from services.billing.domain.contacts import (
    EMAIL_LENGTH_MAX,
    PHONE_LENGTH_MAX,
    parse_account_number,
    parse_email,
    parse_phone,
)
from services.billing.domain.names import sort_name
from services.billing.domain.premises import read_postcode
from services.billing.domain.rows import Batch, RowKind, RowReader, SourceRow
from services.billing.outbox import customers as announce
from services.billing.storage import customers as stored
from services.billing.storage import imports as stored_imports
from services.billing.storage.customers import Customer, CustomerKind
from services.billing.storage.premises import address_line

KINDS = {kind.value.lower(): kind for kind in CustomerKind}
LANGUAGES = {"pl": "pl", "en": "en", "uk": "uk"}
TRUTHS = {"true": True, "false": False}
SEARCH_LENGTH_MAX = 4000  # One customer with a thousand meters need not be found by the last.


class CustomerNotFound(NotFound):
    """There is no such customer."""

    reason = "CUSTOMER_NOT_FOUND"


def update_contact_data(
    session: Session, customer_id: UUID, *, email: str, phone: str, now: datetime
) -> Customer:
    """Write down how the customer wants to be reached; an empty text lets the provider's data hold again. Who is
    concerned hears of another e-mail address.

    Refuses field by field: MALFORMED. Repeated, it changes nothing.
    """
    own_email = parse_email(email.strip()) if email.strip() else ""
    own_phone = parse_phone(phone.strip()) if phone.strip() else ""
    given = {"email": own_email, "phone": own_phone}
    violations = [Violation(name, "MALFORMED") for name, value in given.items() if value is None]
    if own_email is None or own_phone is None:
        raise Invalid(violations=violations)
    stored_imports.share_with_batches(session)
    customer = stored.lock_customer(session, customer_id)
    if customer is None:
        raise CustomerNotFound(customer_id=str(customer_id))
    # Who sends back what the form showed has not chosen it: a later change of the provider's data goes on counting.
    own_email = "" if own_email == customer.source_email else own_email
    own_phone = "" if own_phone == customer.source_phone else own_phone
    if (customer.own_email, customer.own_phone) == (own_email, own_phone):
        return customer
    old_email = customer.email
    customer.own_email, customer.own_phone = own_email, own_phone
    customer.search_own = search_text(customer)
    customer.version += 1
    customer.changed_at = now
    session.flush()
    announce.customer_changed(session, customer)
    if customer.email != old_email:
        announce.contact_email_changed(session, customer, old_email=old_email, now=now)
    return customer


def keep_consent(session: Session, customer_id: UUID, *, is_given: bool, version: int, now: datetime) -> None:
    """What the customer says of e-invoices, unless a later word is known; it goes before the provider's."""
    stored_imports.share_with_batches(session)
    customer = stored.lock_customer(session, customer_id)
    if customer is None or customer.consent_version >= version:
        return
    customer.own_e_invoice, customer.consent_version = is_given, version
    if customer.e_invoice == is_given:
        return
    customer.e_invoice = is_given
    customer.version += 1
    customer.changed_at = now
    session.flush()
    announce.customer_changed(session, customer)


def search_text(customer: Any) -> str:
    """What of a customer itself a search looks into; `customer` has the columns of the table."""
    return fold(
        f"{customer.number} {customer.name} {customer.nip} {customer.address_line} {customer.postcode} "
        f"{customer.town} {customer.own_email} {customer.source_email} {customer.own_phone} "
        f"{customer.source_phone} {customer.account_number}"
    )


# out of an import


def _read(reader: RowReader, batch: Batch) -> masters.Values:  # noqa: ARG001 - the shape of all nouns
    kind = reader.one_of("kind", KINDS)
    return {
        "number": reader.text("number", length_max=40, required=True),
        "kind": kind,
        "name": reader.text("name", length_max=200, required=True),
        "nip": _read_nip(reader, kind),
        "source_email": _read_parsed(reader, "email", EMAIL_LENGTH_MAX, parse_email),
        "source_phone": _read_parsed(reader, "phone", PHONE_LENGTH_MAX, parse_phone),
        "address_line": reader.text("address_line", length_max=140),
        "postcode": read_postcode(reader),
        "town": reader.text("town", length_max=80),
        "language": reader.one_of("language", LANGUAGES, default="pl"),
        "source_e_invoice": reader.one_of("e_invoice", TRUTHS, default="false"),
        "account_number": _read_parsed(reader, "account_number", 40, parse_account_number),
    }


def _read_nip(reader: RowReader, kind: CustomerKind | None) -> str:
    text = reader.text("nip", length_max=20)
    if not text:
        return ""
    if kind is CustomerKind.PERSON:
        reader.fault("nip", "ONLY_FOR_COMPANIES")
        return ""
    if not text.isascii() or not nips.is_valid(text):
        reader.fault("nip", "MALFORMED")
        return ""
    return str(nips.compact(text))


def _read_parsed(reader: RowReader, name: str, length_max: int, parse: Callable[[str], str | None]) -> str:
    text = reader.text(name, length_max=length_max)
    parsed = parse(text) if text else ""
    if parsed is None:
        reader.fault(name, "MALFORMED")
        return ""
    return parsed


class _Columns:
    """A line on its way into the table, with the own contact data of the row before, read like a row."""

    def __init__(self, line: masters.Values, before: Row[Any] | None) -> None:
        self.own_email = before.own_email if before is not None else ""
        self.own_phone = before.own_phone if before is not None else ""
        self.__dict__.update(line)


def _derive(line: masters.Values, before: Row[Any] | None) -> masters.Values:
    own = before.own_e_invoice if before is not None else None
    return {
        "sort_name": sort_name(line["name"]),
        "search_own": search_text(_Columns(line, before)),
        "e_invoice": line["source_e_invoice"] if own is None else own,
    }


NOUN = masters.Noun(
    kind=RowKind.CUSTOMER,
    model=Customer,
    identity="customer_id",
    read=_read,
    unique="number",
    changed_at=True,
    columns={"email": "source_email", "phone": "source_phone", "e_invoice": "source_e_invoice"},
    fits=lambda values: values["kind"] is CustomerKind.COMPANY or not values["nip"],
    derive=_derive,
)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in a round of customers and tell the others. Refuses by row: NUMBER_TAKEN, MALFORMED …"""
    written = masters.take_round(session, NOUN, rows, batch)
    for row in written.rows.values():
        announce.customer_changed(session, row)
    masters.count(batch, written)


def refresh_places(session: Session, batch: Batch) -> None:
    """Let customers be found and told apart by what the batch said of their contracts, addresses and meters."""
    touched = batch.touched
    customer_ids = batch.left | stored.touched_customers(
        session,
        premises=touched.get(RowKind.PREMISES, set()),
        service_points=touched.get(RowKind.SERVICE_POINT, set()),
        contracts=touched.get(RowKind.CONTRACT, set()),
    )
    if not customer_ids:
        return
    _refresh(session, customer_ids, now=batch.now, today=batch.today)


def announce_again(session: Session, *, after: UUID | None, size: int, now: datetime) -> UUID | None:
    """Tell the others of some customers once more, with what is known of their places by now.

    For services that were not there when it was told. Answers the last one told of; None when there was none.
    """
    customer_ids = stored.list_ids(session, after=after, size=size)
    if not customer_ids:
        return None
    told = _refresh(session, customer_ids, now=now, today=warsaw_date(now))
    for row in stored.renew_versions(session, set(customer_ids) - told, now=now):
        announce.customer_changed(session, row)
    return customer_ids[-1]


def _refresh(session: Session, customer_ids: Collection[UUID], *, now: datetime, today: date) -> set[UUID]:
    """Work out anew what is kept of the customers' places; answers those of whom the others were told."""
    changed = []
    rows = stored.list_places(session, customer_ids)
    for customer_id, places in groupby(rows, key=lambda row: row.customer_id):
        known = list(places)
        served = _served(known, today=today)
        kept = {
            "premises_label": _label(served),
            "towns": list(dict.fromkeys(place.town for place in served)),
            "commodities": list(dict.fromkeys(place.commodity.lower() for place in served)),
            "search_places": _search_words(known),
        }
        if any(getattr(known[0], name) != value for name, value in kept.items()):
            changed.append({"customer_id": customer_id, **kept})
    told = stored.set_places(session, changed, now=now)
    for row in told:
        announce.customer_changed(session, row)
    return {row.customer_id for row in told}


def _served(places: Sequence[Row[Any]], *, today: date) -> list[Row[Any]]:
    """What is delivered to under contracts that hold, the oldest first; without any, under the last that held."""
    served = [place for place in places if place.building is not None]
    holding = [place for place in served if place.ends_on is None or place.ends_on >= today]
    if holding or not served:
        return holding
    last = max(served, key=lambda one: one.ends_on)
    return [place for place in served if place.ends_on == last.ends_on]


def _label(served: Sequence[Row[Any]]) -> str:
    """The first served address: "ul. Lipowa 7/2, Zdrój"."""
    if not served:
        return ""
    place = served[0]
    line = address_line(street=place.street, building=place.building, flat=place.flat, town=place.town)
    return f"{line}, {place.town}" if place.street else line


def _search_words(places: Iterable[Row[Any]]) -> str:
    """Contract numbers, addresses, points and meters, each once."""
    texts: dict[str, None] = {}
    for place in places:
        if place.building is not None:
            house = f"{place.building}/{place.flat}" if place.flat else place.building
            texts[f"{place.street} {house} {place.postcode} {place.town}"] = None
        for text in (place.contract_number, place.code, place.serial_number):
            if text:
                texts[text] = None
    return fold(" ".join(texts))[:SEARCH_LENGTH_MAX]
