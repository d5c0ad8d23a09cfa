"""Notify with its own database, a real SMTP conversation with the sandbox's mailbox, and events to tell it."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2 as billing_events
from ebok.billing.v1 import meters_pb2
from ebok.identity.v1 import events_pb2 as identity_events
from ebok.identity.v1 import settings_pb2
from ebok.payments.v1 import events_pb2 as payments_events
from ebok.payments.v1 import payments_pb2

from chassis import wire
from chassis.database import Database
from chassis.ids import new_id
from chassis.money import Money
from chassis.sealing import seal
from chassis.testing.cast import ANNA_CUSTOMER, ANNA_USER
from chassis.testing.served import Served
from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.faults import read_faults
from sandbox.mailbox.messages import Mail
from sandbox.mailbox.server import Mailbox
from services.notify.__main__ import part
from services.notify.storage.messages import Message

ANNA = "anna@poczta.example"
OF_ANNA: dict[str, Any] = {"user_id": str(ANNA_USER), "email": ANNA, "name": "Anna", "language": "pl"}
PAYER = "bartek@poczta.example"
TOKEN = "k3Jd8-abc_DEF0123456789"
OFFICE = "bok@wodociagi-zdroj.example"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
NOBODY = {"billing": "127.0.0.1:1"}  # A billing that is away.
PORTAL = "https://ebok.wodociagi-zdroj.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that keeps everything."""
    with Mailbox(MailboxConfig()) as running:
        yield running


@pytest.fixture
def served(serving: Callable[..., Served], mailbox: Mailbox) -> Served:
    """Notify, sending to the mailbox."""
    return serving(
        part,
        peers=NOBODY,
        smtp_url=mailbox.smtp_url,
        send_attempts_max=4,
        smtp_timeout_s=5,
    )


@pytest.fixture
def database(served: Served) -> Database:
    """Notify's own."""
    return served.database


class Given:
    """Tells notify what the other services would."""

    def __init__(self, served: Served, keys_dir: Any) -> None:
        self._served = served
        self._seal_key = (keys_dir / "public" / "sealing" / "notify.pem").read_bytes()

    def settings(self, **changes: Any) -> identity_events.SettingsChanged:
        values = {
            "provider_name": "Wodociągi Zdrój",
            "provider_line": "woda i ścieki",
            "nip": "1234563218",
            "address_line": "ul. Wodna 1",
            "town_line": "57-000 Zdrój",
            "account_number": "61109010140000071219812874",
            "brand_colour": "#0068b8",
            "phone": "75 000 00 00",
            "phone_hours": "pon.–pt. 7–17",
            "emergency_phone": "994",
            "email": OFFICE,
            "portal_url": PORTAL,
            "languages": ["pl", "en", "uk"],
            "version": 1,
        }
        event = identity_events.SettingsChanged(settings=settings_pb2.Settings(**{**values, **changes}))
        self._served.deliver(event)
        return event

    def customer(self, **changes: Any) -> billing_events.CustomerChanged:
        values = {
            "customer_id": str(ANNA_CUSTOMER),
            "version": 1,
            "number": "20411085",
            "name": "Anna Żółć",
            "email": ANNA,
            "language": "pl",
            "e_invoice": True,
            "premises_label": "ul. Lipowa 4/2, Zdrój",
        }
        event = billing_events.CustomerChanged(**{**values, **changes})
        self._served.deliver(event)
        return event

    def invoice(self, **changes: Any) -> billing_events.InvoiceIssued:
        event = self.invoice_event(**changes)
        self._served.deliver(event)
        return event

    def invoice_event(self, **changes: Any) -> billing_events.InvoiceIssued:
        values = {
            "invoice_id": str(new_id()),
            "customer_id": str(ANNA_CUSTOMER),
            "number": "FV/2026/000123",
            "total_gross": wire.pack_money(Money(243_78)),
            "due_on": wire.pack_date(date(2026, 4, 4)),
            "period_from": wire.pack_date(date(2026, 1, 1)),
            "period_to": wire.pack_date(date(2026, 2, 28)),
            "account_number": "58109010140000000311085261",
            "used": wire.pack_decimal(Decimal("12.000")),
            "unit": "m3",
            "previous_total": wire.pack_money(Money(209_58)),
        }
        return billing_events.InvoiceIssued(**{**values, **changes})

    def payment(self, **changes: Any) -> payments_events.PaymentSettled:
        """A payment of 300 zł, 200 of it for an invoice, is settled."""
        share = payments_pb2.PaymentShare(
            invoice_id=str(new_id()), invoice_number="FV/2026/000123", amount=wire.pack_money(Money(200_00))
        )
        values = {
            **self._payment(300_00),
            "shares": [share],
            "provider": "przelewy24",
            "method_name": "BLIK",
            "settled_at": wire.pack_instant(self._served.clock.now()),
        }
        event = payments_events.PaymentSettled(**{**values, **changes})
        self._served.deliver(event)
        return event

    def payment_failed(self, **changes: Any) -> payments_events.PaymentFailed:
        values = {**self._payment(300_00), "reason": "EXPIRED"}
        event = payments_events.PaymentFailed(**{**values, **changes})
        self._served.deliver(event)
        return event

    def refund(self, **changes: Any) -> payments_events.PaymentRefunded:
        values = {
            **self._payment(120_50),
            "refund_id": str(new_id()),
            "refunded_at": wire.pack_instant(self._served.clock.now()),
        }
        event = payments_events.PaymentRefunded(**{**values, **changes})
        self._served.deliver(event)
        return event

    def _payment(self, grosze: int) -> dict[str, Any]:
        return {
            "payment_id": str(new_id()),
            "customer_id": str(ANNA_CUSTOMER),
            "number": "P-7K3M-Q2XR",
            "amount": wire.pack_money(Money(grosze)),
            "payer_email": PAYER,
        }

    def window(self, **changes: Any) -> billing_events.ReadingWindowOpened:
        """A reading window of water opens for Anna."""
        values = {
            **self._window(),
            "opens_on": wire.pack_date(date(2026, 3, 16)),
            "meter_count": 2,
        }
        event = billing_events.ReadingWindowOpened(**{**values, **changes})
        self._served.deliver(event)
        return event

    def missing(self, **changes: Any) -> billing_events.ReadingMissing:
        event = billing_events.ReadingMissing(**{**self._window(), "meter_count": 1, **changes})
        self._served.deliver(event)
        return event

    def rejected(self, **changes: Any) -> billing_events.ReadingRejected:
        values = {
            "reading_id": str(new_id()),
            "customer_id": str(ANNA_CUSTOMER),
            "meter_serial_number": "88 104 627",
            "commodity": meters_pb2.COMMODITY_WATER,
            "read_on": wire.pack_date(date(2026, 3, 15)),
            "value": "450.000",
            "unit": "m3",
            "note": "Cyfra za dużo",
        }
        event = billing_events.ReadingRejected(**{**values, **changes})
        self._served.deliver(event)
        return event

    def _window(self) -> dict[str, Any]:
        return {
            "window_id": "01930000-0000-7000-8000-0000000000d7",
            "customer_id": str(ANNA_CUSTOMER),
            "commodity": meters_pb2.COMMODITY_WATER,
            "closes_on": wire.pack_date(date(2026, 3, 25)),
        }

    def confirmation(self, **changes: Any) -> identity_events.EmailConfirmationRequested:
        event = identity_events.EmailConfirmationRequested(**{**self._request(), **changes})
        self._served.deliver(event)
        return event

    def reset(self, **changes: Any) -> identity_events.PasswordResetRequested:
        event = identity_events.PasswordResetRequested(**{**self._request(), **changes})
        self._served.deliver(event)
        return event

    def repeated(self, **changes: Any) -> identity_events.RegistrationRepeated:
        values = {
            key: value for key, value in self._request().items() if key not in ("sealed_token", "expires_at")
        }
        event = identity_events.RegistrationRepeated(**{**values, **changes})
        self._served.deliver(event)
        return event

    def changed(self, **changes: Any) -> identity_events.PasswordChanged:
        values = {
            **OF_ANNA,
            "change_id": str(new_id()),
            "changed_at": wire.pack_instant(self._served.clock.now()),
        }
        event = identity_events.PasswordChanged(**{**values, **changes})
        self._served.deliver(event)
        return event

    def new_device(self, **changes: Any) -> identity_events.NewDeviceSignedIn:
        values = {
            **OF_ANNA,
            "session_id": str(new_id()),
            "signed_in_at": wire.pack_instant(self._served.clock.now()),
            "address": "192.0.2.7",
            "user_agent": FIREFOX,
            "sealed_token": self.sealed(TOKEN),
            "expires_at": wire.pack_instant(self._served.clock.now() + timedelta(days=7)),
        }
        event = identity_events.NewDeviceSignedIn(**{**values, **changes})
        self._served.deliver(event)
        return event

    def factor_changed(self, **changes: Any) -> identity_events.FactorChanged:
        values = {
            **OF_ANNA,
            "change_id": str(new_id()),
            "changed_at": wire.pack_instant(self._served.clock.now()),
            "change": identity_events.FACTOR_CHANGE_TOTP_ENROLLED,
        }
        event = identity_events.FactorChanged(**{**values, **changes})
        self._served.deliver(event)
        return event

    def email_changed(self, **changes: Any) -> identity_events.EmailChanged:
        values = {
            "user_id": OF_ANNA["user_id"],
            "name": OF_ANNA["name"],
            "language": OF_ANNA["language"],
            "email": "nowa@poczta.example",
            "old_email": ANNA,
            "change_id": str(new_id()),
            "changed_at": wire.pack_instant(self._served.clock.now()),
            "sealed_token": self.sealed(TOKEN),
            "expires_at": wire.pack_instant(self._served.clock.now() + timedelta(days=7)),
        }
        event = identity_events.EmailChanged(**{**values, **changes})
        self._served.deliver(event)
        return event

    def email_set_back(self) -> identity_events.EmailChanged:
        return self.email_changed(is_undone=True, sealed_token=b"", expires_at=None)

    def sealed(self, token: str) -> bytes:
        return seal(self._seal_key, token.encode())

    def _request(self) -> dict[str, Any]:
        return {
            **OF_ANNA,
            "sealed_token": self.sealed(TOKEN),
            "request_id": str(new_id()),
            "expires_at": wire.pack_instant(self._served.clock.now() + timedelta(minutes=30)),
        }


@pytest.fixture
def given_nothing(served: Served, keys_dir: Any) -> Given:
    """Events, delivered as soon as they are named."""
    return Given(served, keys_dir)


@pytest.fixture
def given(given_nothing: Given) -> Given:
    """The same, with the provider's settings known already."""
    given_nothing.settings()
    return given_nothing


@pytest.fixture
def send(served: Served) -> Callable[[], None]:
    """Run the sending job once."""

    def run() -> None:
        assert served.run_job("messages.send")

    return run


@pytest.fixture
def mails(mailbox: Mailbox) -> Callable[..., list[Mail]]:
    """What arrived, the oldest first."""
    return lambda to="": mailbox.mails.find(to=to, limit=1000)[::-1]


@pytest.fixture
def faults(mailbox: Mailbox) -> Callable[..., None]:
    """Switch faults of the mail server on; without any, all off."""
    return lambda **wish: mailbox.faults.set(read_faults(wish))


@pytest.fixture
def rows(database: Database) -> Callable[[], list[Message]]:
    """The messages of the database, in the order they were planned."""

    def read() -> list[Message]:
        with database.reading() as session:
            return list(session.scalars(sa.select(Message).order_by(Message.message_id)))

    return read
