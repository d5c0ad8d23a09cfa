"""Every reader makes of an event's bytes what the publisher meant: through its own handlers, in its own database.

The list of readers is the table of docs/architecture.md; one that is added there has no expectation here and
fails until it has.
"""

from datetime import UTC, date, datetime
from importlib import import_module
from uuid import UUID

import pytest
import sqlalchemy as sa

from chassis.clock import FixedClock
from chassis.ids import new_id
from chassis.messaging.inbox import Envelope
from chassis.money import Money
from services.payments.storage.payments import Payment, PaymentStatus
from tests.architecture import events_table
from tests.billing.given import Given
from tests.contracts.golden import newest

NOW = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
ANNAS = UUID("01930000-0000-7000-8000-0000000000a1")
USER = "user:01930000-0000-7000-8000-0000000000c1"
PROVIDER = {
    "version": 5,
    "name": "Wodociągi Zdrój",
    "line": "woda i ścieki",
    "nip": "1234563218",
    "address_line": "ul. Wodna 1",
    "town_line": "57-000 Zdrój",
    "phone": "74 800 00 00",
    "phone_hours": "pon.–pt. 7–17",
    "emergency_phone": "994",
    "email": "ebok@wodociagi.example",
    "portal_url": "https://ebok.wodociagi.example",
}


def mail(rule, subject, *, language="pl", expires_at, token=b"", facts=None, address="anna@poczta.example"):
    """A mail to Anna the user, planned."""
    return {
        "rule": rule,
        "recipient": USER,
        "address": address,
        "language": language,
        "subject_id": f"01930000-0000-7000-8000-0000000000{subject}",
        "sealed_token": token or None,
        "facts": facts or {},
        "expires_at": expires_at,
        "status": "PLANNED",
    }


def payment_mail(rule, subject, **facts):
    """A mail about a payment of Anna's, planned."""
    return {
        "rule": rule,
        "recipient": f"customer:{ANNAS}",
        "customer_id": ANNAS,
        "address": "anna@poczta.example",
        "subject_id": f"01930000-0000-7000-8000-0000000000{subject}",
        "facts": {
            "payment_id": "01930000-0000-7000-8000-0000000000f1",
            "number": "P-7K3M-Q2XR",
            "payer_email": "anna@poczta.example",
            **facts,
        },
        "status": "PLANNED",
    }


def case_mail(rule, subject, **facts):
    """A mail about a case of Anna's, planned."""
    return (
        "messages",
        {
            "rule": rule,
            "recipient": f"customer:{ANNAS}",
            "customer_id": ANNAS,
            "subject_id": f"01930000-0000-7000-8000-0000000000{subject}",
            "facts": {
                "ticket_id": "01930000-0000-7000-8000-0000000000f5",
                "number": "ZG/2026/1187",
                "ticket_subject": "Rachunek za wodę",
                **facts,
            },
            "status": "PLANNED",
        },
    )


def at(day, hour, minute=0, second=0):
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


# By reader and event: the table it is kept in, and what stands there.
KEPT = {
    **{
        (reader, "AccessRevoked"): (
            "revocations",
            {
                "subject_id": "01930000-0000-7000-8000-0000000000d1",
                "revoked_before": at(16, 9, 9, 30),
            },
        )
        for reader in ("billing", "notify", "payments", "tickets")
    },
    ("notify", "EmailConfirmationRequested"): (
        "messages",
        mail("email_confirmation", "c2", expires_at=at(17, 9), token=b"sealed for notify"),
    ),
    ("notify", "RegistrationRepeated"): (
        "messages",
        mail("registration_repeated", "c3", language="en", expires_at=at(17, 9)),
    ),
    ("notify", "PasswordResetRequested"): (
        "messages",
        mail("password_reset", "c4", expires_at=at(16, 9, 30), token=b"sealed for notify"),
    ),
    ("notify", "PasswordChanged"): (
        "messages",
        mail(
            "password_changed",
            "c5",
            expires_at=at(23, 9),
            facts={"changed_at": at(16, 8, 59, 30).isoformat(), "is_staff": True},
        ),
    ),
    ("notify", "NewDeviceSignedIn"): (
        "messages",
        mail(
            "new_device",
            "d1",
            expires_at=at(23, 9),
            token=b"sealed for notify",
            facts={
                "signed_in_at": at(16, 9).isoformat(),
                "browser": "Firefox, Windows",
                "address": "192.0.2.7",
                "is_staff": True,
            },
        ),
    ),
    ("notify", "FactorChanged"): (
        "messages",
        mail(
            "factor_changed",
            "d2",
            expires_at=at(23, 9),
            facts={
                "changed_at": at(16, 8, 59, 30).isoformat(),
                "change": "RECOVERY_CODE_USED",
                "codes_left": 9,
                "is_staff": True,
            },
        ),
    ),
    ("notify", "EmailChangeRequested"): (
        "messages",
        mail(
            "email_change_link",
            "d3",
            expires_at=at(17, 9),
            token=b"sealed for notify",
            address="nowa@poczta.example",
        ),
    ),
    ("notify", "EmailChanged"): (
        "messages",
        mail(
            "email_set_back",
            "d5",
            expires_at=at(23, 8, 59, 30),
            token=b"sealed for notify",
            address="nowa@poczta.example",
            facts={"changed_at": at(16, 8, 59, 30).isoformat(), "email_hint": "a…@poczta.example"},
        ),
    ),
    ("identity", "ContactEmailChanged"): (
        "outbox",
        {
            "type": "ebok.identity.v1.ContactChangePassedOn",
            "key": "01930000-0000-7000-8000-0000000000a1",
        },
    ),
    ("notify", "ContactChangePassedOn"): (
        "messages",
        mail(
            "contact_changed",
            "d6",
            expires_at=at(23, 9),
            facts={
                "customer": "Anna Nowak",
                "old_hint": "A…@poczta.example",
                "new_hint": "n…@poczta.example",
                "given_at": at(16, 8, 59, 30).isoformat(),
            },
        ),
    ),
    ("notify", "DelegateInvited"): (
        "messages",
        {
            "rule": "delegate_invited",
            "recipient": "user:01930000-0000-7000-8000-0000000000d1",
            "address": "bartek@poczta.example",
            "language": "pl",
            "sealed_token": b"sealed for notify",
            "facts": {"inviter": "Anna", "customer": "Anna Żółta", "scope": "PAY", "ends_on": "2026-12-31"},
            "expires_at": at(30, 9),
            "status": "PLANNED",
        },
    ),
    ("notify", "GrantGiven"): (
        "messages",
        mail(
            "grant_given",
            "c6",
            expires_at=at(23, 9),
            facts={
                "delegate": "Bartek (bartek@poczta.example)",
                "customer": "Anna Żółta",
                "scope": "PAY",
                "ends_on": "2026-12-31",
            },
        ),
    ),
    ("notify", "GrantRevoked"): (
        "messages",
        mail(
            "grant_revoked",
            "c6",
            expires_at=at(23, 9),
            facts={"customer": "Anna Żółta", "ended_by": "owner"},
        ),
    ),
    ("notify", "ConsentChanged"): (
        "preferences",
        {
            "customer_id": ANNAS,
            "topic": "marketing",
            "channel": "email",
            "is_on": True,
            "changed_at": at(16, 8, 59, 30),
            "version": 3,
        },
    ),
    # A word about offers is none about invoices.
    ("billing", "ConsentChanged"): ("customers", {"e_invoice": True, "consent_version": 0}),
    ("identity", "OffersRefused"): (
        "consents",
        {
            "customer_id": ANNAS,
            "kind": "MARKETING_EMAIL",
            "is_given": False,
            "channel": "LINK",
            "said_at": at(16, 8, 59, 30),
            "actor_id": "message:01930000-0000-7000-8000-0000000000e9",
        },
    ),
    ("notify", "SettingsChanged"): (
        "provider_settings",
        {**PROVIDER, "brand_colour": "#0068B8", "languages": ["pl", "en", "uk"]},
    ),
    ("notify", "CustomerChanged"): (
        "contacts",
        {
            "customer_id": ANNAS,
            "version": 7,
            "number": "K-1001",
            "name": "Anna Żółta",
            "email": "anna@poczta.example",
            "language": "uk",
            "e_invoice": True,
            "premises_label": "ul. Lipowa 7/2, Zdrój",
        },
    ),
    ("notify", "InvoiceIssued"): (
        "messages",
        {
            "rule": "invoice_issued",
            "recipient": f"customer:{ANNAS}",
            "customer_id": ANNAS,
            "subject_id": "01930000-0000-7000-8000-0000000000b1",
            "facts": {
                "invoice_id": "01930000-0000-7000-8000-0000000000b1",
                "number": "FV/2026/000123",
                "total_grosze": 123_45,
                "due_on": "2026-03-30",
                "period_from": "2026-01-01",
                "period_to": "2026-02-28",
                "account_number": "61109010140000071219812874",
                "used": "12.500",
                "unit": "m³",
                "previous_grosze": 118_00,
            },
            "status": "PLANNED",
        },
    ),
    ("notify", "PaymentSettled"): (
        "messages",
        payment_mail(
            "payment_received",
            "f1",
            amount_grosze=300_00,
            shares=[["FV/2026/000123", 123_45]],
            provider="przelewy24",
            method_name="BLIK",
            happened_at=at(16, 8, 58, 30).isoformat(),
        ),
    ),
    ("notify", "PaymentFailed"): (
        "messages",
        payment_mail("payment_failed", "f1", amount_grosze=300_00, reason="EXPIRED"),
    ),
    ("notify", "PaymentRefunded"): (
        "messages",
        payment_mail(
            "payment_refunded", "f2", amount_grosze=120_00, happened_at=at(16, 8, 59, 30).isoformat()
        ),
    ),
    ("notify", "ReadingWindowOpened"): (
        "messages",
        {
            "rule": "reading_window_opened",
            "recipient": f"customer:{ANNAS}",
            "subject_id": "01930000-0000-7000-8000-0000000000d7",
            "facts": {
                "commodity": "WATER",
                "opens_on": "2026-03-16",
                "closes_on": "2026-03-25",
                "meter_count": 2,
            },
            "expires_at": datetime(2026, 3, 25, 23, tzinfo=UTC),
        },
    ),
    ("notify", "ReadingMissing"): (
        "messages",
        {
            "rule": "reading_missing",
            "recipient": f"customer:{ANNAS}",
            "subject_id": "01930000-0000-7000-8000-0000000000d7",
            "facts": {"commodity": "WATER", "closes_on": "2026-03-25", "meter_count": 1},
        },
    ),
    ("notify", "ReadingRejected"): (
        "messages",
        {
            "rule": "reading_rejected",
            "recipient": f"customer:{ANNAS}",
            "subject_id": "01930000-0000-7000-8000-0000000000d1",
            "facts": {
                "commodity": "WATER",
                "meter": "88 104 627",
                "read_on": "2026-03-15",
                "value": "450.000",
                "unit": "m3",
                "note": "Cyfra za dużo",
            },
        },
    ),
    ("notify", "TicketOpened"): case_mail(
        "ticket_opened", "f5", kind="COMPLAINT", due_at="2026-04-15T21:59:59+00:00"
    ),
    ("notify", "TicketAnswered"): case_mail(
        "ticket_answered", "f6", asks=True, reopen_until="2026-03-30T09:00:00+00:00"
    ),
    ("notify", "TicketAdvanced"): case_mail(
        "ticket_advanced", "f7", state_names={"pl": "Sprawdzamy licznik"}
    ),
    ("notify", "TicketClosed"): case_mail(
        "ticket_answered", "f6", asks=False, reopen_until="2026-03-30T09:00:00+00:00"
    ),
    ("tickets", "CustomerChanged"): (
        "customers",
        {
            "customer_id": ANNAS,
            "version": 7,
            "number": "K-1001",
            "name": "Anna Żółta",
            "towns": ["Zdrój", "Polana"],
            "commodities": ["water", "sewage"],
        },
    ),
    ("payments", "CustomerChanged"): (
        "customer_areas",
        {
            "customer_id": ANNAS,
            "version": 7,
            "towns": ["Zdrój", "Polana"],
            "commodities": ["water", "sewage"],
        },
    ),
    ("identity", "CustomerChanged"): (
        "customers",
        {
            "customer_id": ANNAS,
            "version": 7,
            "number": "K-1001",
            "name": "Anna Żółta",
            "premises_label": "ul. Lipowa 7/2, Zdrój",
        },
    ),
    ("identity", "ActRecorded"): (
        "audit_entries",
        {
            "act_id": UUID("01930000-0000-7000-8000-0000000000e1"),
            "happened_at": datetime(2026, 3, 16, 9, 0, 0, 250_000, tzinfo=UTC),
            "actor_kind": "staff",
            "actor_id": "01930000-0000-7000-8000-0000000000e2",
            "actor_name": "Daria",
            "address": "192.0.2.7",
            "act": "ebok.billing.v1.InvoiceService/GetInvoice",
            "customer_id": str(ANNAS),
            "subject_id": "01930000-0000-7000-8000-0000000000b1",
            "changed": True,
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        },
    ),
    ("billing", "SettingsChanged"): (
        "provider_settings",
        {**PROVIDER, "account_number": "61109010140000071219812874"},
    ),
    ("billing", "PaymentSettled"): (
        "ledger_entries",
        {
            "customer_id": ANNAS,
            "kind": "PAYMENT",
            "amount": -300_00,
            "booked_on": date(2026, 3, 16),
            "external_id": "payment:01930000-0000-7000-8000-0000000000f1",
            "title": "P-7K3M-Q2XR",
        },
    ),
    ("billing", "PaymentRefunded"): (
        "ledger_entries WHERE kind = 'REFUND'",
        {
            "customer_id": ANNAS,
            "amount": 120_00,
            "booked_on": date(2026, 3, 16),
            "external_id": "refund:01930000-0000-7000-8000-0000000000f2",
            "title": "P-7K3M-Q2XR",
        },
    ),
    ("payments", "PaymentBooked"): (
        "payments",
        {
            "payment_id": UUID("01930000-0000-7000-8000-0000000000f1"),
            "booked_at": datetime(2026, 3, 16, 8, 58, 31, tzinfo=UTC),
            "status": "SETTLED",
        },
    ),
    ("payments", "SettingsChanged"): (
        "provider_settings",
        {
            name: PROVIDER[name]
            for name in ("version", "name", "line", "nip", "address_line", "town_line", "phone", "email")
        },
    ),
}
# What a reader has to know before: the customer of a payment, the payment of a refund.
TOLD_BEFORE = {
    ("billing", "ConsentChanged"): (),
    ("billing", "PaymentSettled"): (),
    ("billing", "PaymentRefunded"): ("ebok.payments.v1.PaymentSettled",),
}
OWN_PAYMENT = {
    "payment_id": UUID("01930000-0000-7000-8000-0000000000f1"),
    "customer_id": ANNAS,
    "customer_number": "K-1001",
    "request_id": UUID("01930000-0000-7000-8000-0000000000f9"),
    "asked": {},
    "number": "P-7K3M-Q2XR",
    "status": PaymentStatus.SETTLED,
    "reason": "",
    "amount": Money(300_00),
    "provider": "przelewy24",
    "method_id": "",
    "method_name": "BLIK",
    "provider_order_id": "306102031",
    "redirect_url": "",
    "payer_email": "anna@poczta.example",
    "payer_address": "192.0.2.7",
    "language": "pl",
    "started_at": NOW,
    "moved_at": NOW,
    "settled_at": NOW,
    "checks": 0,
}
HEARD = [(reader, row.event) for row in events_table.rows() for reader in sorted(row.readers)]


def envelope(event):
    return Envelope(
        event_id=new_id(),
        type=event,
        source=event.split(".")[1],
        time=NOW,
        key="key",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        payload=newest(event).payload,
    )


def prepare(part, database, told_before):
    if told_before is not None:
        Given(database, FixedClock(NOW)).customer(customer_id=ANNAS)
        for event in told_before:
            part.handlers.deliver(database, envelope(event), now=NOW)


def settle_own(database):
    """What payments announced before billing says that it is booked."""
    with database.transaction() as session:
        session.add(Payment(**OWN_PAYMENT))


def test_every_reader_of_the_table_is_proved_here():
    assert {(reader, event.rpartition(".")[2]) for reader, event in HEARD} == set(KEPT)


@pytest.mark.parametrize(("reader", "event"), HEARD)
def test_a_reader_keeps_what_the_publisher_meant(reader, event, database_for):
    part = import_module(f"services.{reader}.__main__").part
    database = database_for(part)
    table, meant = KEPT[reader, event.rpartition(".")[2]]
    prepare(part, database, TOLD_BEFORE.get((reader, event.rpartition(".")[2])))
    if (reader, event.rpartition(".")[2]) == ("payments", "PaymentBooked"):
        settle_own(database)
    delivered = envelope(event)

    assert part.handlers.deliver(database, delivered, now=NOW)
    assert not part.handlers.deliver(database, delivered, now=NOW)

    with database.reading() as session:
        rows = session.execute(sa.text(f"SELECT * FROM {table}")).mappings().all()  # noqa: S608 - a name of ours
    kept = [{name: row[name] for name in meant} for row in rows]
    assert meant in kept
    assert len(kept) == (
        2 if event.endswith(".EmailChangeRequested") else 1
    )  # The old address gets a notice.


@pytest.mark.parametrize("service", ["billing", "identity", "notify", "payments", "tickets"])
def test_what_a_service_does_not_hear_leaves_it_alone(service, database_for):
    part = import_module(f"services.{service}.__main__").part
    database = database_for(part)
    for row in events_table.rows():
        if service not in row.readers:
            assert not part.handlers.deliver(database, envelope(row.event), now=NOW)
    with database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM inbox")) == 0
