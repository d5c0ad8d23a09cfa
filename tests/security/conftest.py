"""Every service, served, with Anna's data in them; and somebody for each kind of caller."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from ebok.billing.v1 import invoices_pb2, readings_pb2
from ebok.billing.v1.invoices_pb2_grpc import InvoiceServiceStub
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub
from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import announcements_pb2
from ebok.notify.v1.announcements_pb2_grpc import AnnouncementServiceStub
from ebok.payments.v1 import payments_pb2
from ebok.payments.v1.payments_pb2_grpc import PaymentServiceStub

from chassis import wire
from chassis.clock import warsaw_date
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import cast
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from chassis.wire import pack_money
from sandbox.providers.server import ProviderServer
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.server import open_server
from services.billing.__main__ import part as billing
from services.identity.__main__ import part as identity
from services.identity.storage.grants import GivenBy, Grant, Scope
from services.identity.storage.invitations import Invitation
from services.identity.storage.users import User
from services.notify.__main__ import part as notify
from services.payments.__main__ import part as payments
from services.tickets.__main__ import part as tickets
from tests.billing.bills import Runs, house, prices
from tests.billing.given import Given
from tests.billing.pictures import picture
from tests.billing.windows import Windows
from tests.tickets.given import Given as GivenTickets
from tests.tickets.office import Office
from tests.tickets.shelves import Shelf


@dataclass(frozen=True)
class Whole:
    """All services of the suite by name."""

    parts: dict[str, Served]

    def stub(self, part: str, stub_class: Any, persona: Persona | None = None) -> Any:
        """A stub of a part's service, as somebody."""
        return self.parts[part].stub(stub_class, persona)


@pytest.fixture
def whole(serving: Callable[..., Served], przelewy24: ProviderServer, tmp_path: Path) -> Whole:
    neighbour = serving(billing)
    served = {
        "identity": serving(identity, peers={"billing": neighbour.address}, leaked_passwords_url=""),
        "notify": serving(notify, peers={"billing": neighbour.address}),
        "tickets": serving(tickets, files_dir=tmp_path / "files"),
        "payments": serving(payments, peers={"billing": neighbour.address}, **of_sandbox(przelewy24)),
    }
    return Whole({"billing": neighbour, **served})


def of_sandbox(przelewy24: ProviderServer) -> dict[str, Any]:
    """The knobs of payments that ask this Przelewy24."""
    account = Przelewy24Config()
    return {
        "przelewy24_url": przelewy24.url,
        "przelewy24_merchant_id": account.merchant_id,
        "przelewy24_crc": account.crc,
        "przelewy24_api_key": account.api_key,
        "webhook_url": "http://127.0.0.1:9",  # What it tells arrives nowhere: the payment is asked about.
    }


@pytest.fixture
def przelewy24() -> Iterator[ProviderServer]:
    """A payment provider."""
    with open_server(Przelewy24Config()) as running:
        yield running


def pay(whole: Whole, anna: Persona, staff: Persona, przelewy24: ProviderServer) -> Any:
    """A payment of Anna's, settled."""
    own = whole.stub("payments", PaymentServiceStub, anna)
    started = own.StartPayment(
        payments_pb2.StartPaymentRequest(
            customer_id=anna.customer_id,
            request_id=str(new_id()),
            amount=pack_money(Money(20_00)),
            provider="przelewy24",
            email="anna@poczta.example",
        )
    ).payment
    wish = {"session": started.payment_id.replace("-", ""), "how": "lost"}
    requests.post(f"{przelewy24.url}/sandbox/settle", json=wish, timeout=10).raise_for_status()
    desk = whole.stub("payments", PaymentServiceStub, staff)
    settled = desk.CheckPayment(payments_pb2.CheckPaymentRequest(payment_id=started.payment_id)).payment
    assert settled.status == payments_pb2.PAYMENT_STATUS_SETTLED
    return settled


def hand_in(whole: Whole, as_anna: Persona, as_edward: Persona) -> dict[str, str]:
    """Anna reads her meter on the first day of a window, with a photo."""
    Windows(whole.parts["billing"], as_edward).save()
    stub, customer_id = whole.stub("billing", ReadingServiceStub, as_anna), str(cast.ANNA_CUSTOMER)
    asked = readings_pb2.ListReadableMetersRequest(customer_id=customer_id)
    [meter] = stub.ListReadableMeters(asked).meters
    request = readings_pb2.SubmitReadingRequest(
        customer_id=customer_id, meter_id=meter.meter.meter_id, value="820", photo=picture()
    )
    reading = stub.SubmitReading(request).reading
    return {"meter_id": meter.meter.meter_id, "reading_id": reading.reading_id, "value": "820"}


def announce(whole: Whole, edward: Persona) -> dict[str, str]:
    """An announcement for Anna alone."""
    stub = whole.stub("notify", AnnouncementServiceStub, edward)
    wanted = announcements_pb2.WrittenAnnouncement(
        announcement_id=str(new_id()),
        titles={"pl": "Tylko dla Anny: monter"},
        bodies={"pl": "Tajne."},
        segment=segments_pb2.Segment(
            conditions=[
                segments_pb2.SegmentCondition(
                    field=segments_pb2.SEGMENT_FIELD_CUSTOMER,
                    operator=segments_pb2.SEGMENT_OPERATOR_IS,
                    values=[str(cast.ANNA_CUSTOMER)],
                )
            ]
        ),
    )
    draft = stub.SaveAnnouncement(announcements_pb2.SaveAnnouncementRequest(announcement=wanted)).announcement
    stub.PublishAnnouncement(
        announcements_pb2.PublishAnnouncementRequest(
            announcement_id=draft.announcement_id, version=draft.version
        )
    )
    whole.parts["notify"].run_job("announcements.gather")
    return {"announcement_id": draft.announcement_id}


def open_cases(whole: Whole, clock: Any, anna: Persona, daria: Persona) -> dict[str, Any]:
    """Anna's cases: one that is open, answered, with a photo; and a closed one for each way to go on from it."""
    served = whole.parts["tickets"]
    office = Office(served, GivenTickets(served, clock), clock, anna, daria, daria)
    photo = Shelf(served, anna, anna.customer_id).upload()
    said = {"subject": "Tajna sprawa Anny", "body": "Nikt inny tego nie czyta."}
    opened = office.open(**said, attachment_ids=[photo.attachment_id])
    answer = office.answer(opened, "Tylko dla Anny.").message
    closed = {}
    for way in ("ReopenTicket", "RateTicket"):
        ticket = office.open(**said)
        office.close(ticket)
        closed[f"tickets.v1.TicketService/{way}"] = {"ticket_id": ticket.ticket_id}
    return {
        "ticket_id": opened.ticket_id,
        "ticket_message_id": answer.ticket_message_id,
        "category_id": office.category_id,
        "attachment_id": photo.attachment_id,
        "attachment_ids": [],
        "file_name": "pismo.txt",
        "chunk": b"tekst",
        "secrets": [
            "Tylko dla Anny: monter",
            opened.ticket_id,
            photo.attachment_id,
            *said.values(),
            answer.body,
        ],
        **closed,
    }


@pytest.fixture
def as_anna(persona: Any, clock: Any) -> Persona:
    """Anna, who has just logged in: what asks for a proof of who one is lets her."""
    anna = cast.customer(cast.ANNA_USER, "Anna", cast.ANNA_CUSTOMER)
    made: Persona = persona(replace(anna, stepped_up_at=clock.now()))
    return made


def let_in(whole: Whole, clock: Any) -> dict[str, Any]:
    """Anna and Celina hold their customers, Bartek is Anna's delegate, and somebody else is invited."""
    now = clock.now()
    last_day = warsaw_date(now) + timedelta(days=30)
    valid_until = now + timedelta(days=30)
    customer_id, grant_id, invitation_id = cast.ANNA_CUSTOMER, new_id(), new_id()
    people = ((cast.ANNA_USER, "Anna"), (cast.BARTEK_USER, "Bartek"), (cast.CELINA_USER, "Celina"))
    with whole.parts["identity"].database.transaction() as session:
        for user_id, name in people:
            session.add(
                User(
                    user_id=user_id,
                    email=f"{name.lower()}@poczta.example",
                    name=name,
                    language="pl",
                    password_hash="-",
                    registered_at=now,
                    confirmed_at=now,
                    password_changed_at=now,
                )
            )
        session.flush()
        proof = {"scope": Scope.MANAGE, "given_by": GivenBy.PROOF, "valid_from": now}
        session.add(Grant(grant_id=new_id(), user_id=cast.ANNA_USER, customer_id=customer_id, **proof))
        session.add(
            Grant(grant_id=new_id(), user_id=cast.CELINA_USER, customer_id=cast.CELINA_CUSTOMER, **proof)
        )
        session.add(
            Grant(
                grant_id=grant_id,
                user_id=cast.BARTEK_USER,
                customer_id=customer_id,
                scope=Scope.VIEW,
                given_by=GivenBy.INVITATION,
                valid_from=now,
                valid_until=valid_until,
            )
        )
        session.add(
            Invitation(
                invitation_id=invitation_id,
                customer_id=customer_id,
                inviter_id=cast.ANNA_USER,
                email="zaproszona@poczta.example",
                scope=Scope.VIEW,
                valid_until=valid_until,
                token_hash=b"hash",
                invited_at=now,
                expires_at=valid_until,
            )
        )
    return {
        "grant_id": str(grant_id),
        "invitation_id": str(invitation_id),
        "identity.v1.InvitationService/InviteDelegate": {"invitation_id": str(new_id())},
        "ends_on": wire.pack_date(last_day),
    }


@pytest.fixture
def annas(
    whole: Whole,
    clock: Any,
    as_edward: Persona,
    as_daria: Persona,
    as_anna: Persona,
    przelewy24: ProviderServer,
) -> dict[str, Any]:
    """What Anna has, by the names that requests give ids: invoices, contract, points, run, a settled payment, a
    reading."""
    served = whole.parts["billing"]
    given = Given(served.database, clock)
    given.settings()
    prices(given)
    house(given, customer_id=cast.ANNA_CUSTOMER)
    given.customer(
        "Celina",
        customer_id=cast.CELINA_CUSTOMER,
        address_line="ul. Polna 3",
        premises_label="ul. Polna 3, Zdrój",
    )
    runs = Runs(served, as_edward)
    run = runs.preview()
    runs.issue(run.run_id)
    customer_id = str(cast.ANNA_CUSTOMER)
    payment = pay(whole, as_anna, as_edward, przelewy24)
    stub = whole.stub("billing", InvoiceServiceStub, as_anna)
    [invoice] = stub.ListInvoices(invoices_pb2.ListInvoicesRequest(customer_id=customer_id)).invoices
    from sqlalchemy import select

    from services.billing.storage.contracts import Contract
    from services.billing.storage.service_points import ServicePoint

    with served.database.reading() as session:
        contract_id = session.scalar(select(Contract.contract_id))
        point_id = session.scalar(select(ServicePoint.service_point_id))
    cases = open_cases(whole, clock, as_anna, as_daria)
    return {
        **cases,
        **announce(whole, as_edward),
        "customer_id": customer_id,
        "invoice_id": invoice.invoice_id,
        "invoice_ids": [invoice.invoice_id],
        "contract_id": str(contract_id),
        "service_point_id": str(point_id),
        "entry_id": "",  # Its invoice is named instead.
        "payment_id": payment.payment_id,
        **hand_in(whole, as_anna, as_edward),
        **let_in(whole, clock),
        "provider": "przelewy24",
        "method_id": "",
        "secrets": [
            *cases["secrets"],
            payment.number,
            payment.payment_id,
            invoice.invoice_id,
            invoice.number,
            invoice.customer_number,
            "ul. Lipowa 7/2",
            "bartek@poczta.example",
            "zaproszona@poczta.example",
        ],
    }
