"""The real services in one process, a small town lived through their doors, the gateway on top.

It is built once for a test run and takes some seconds. Tests that change something use a person of their own
(`world.join(…)`), or put back what they changed.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from ebok.billing.v1 import (
    contracts_pb2,
    contracts_pb2_grpc,
    customers_pb2,
    customers_pb2_grpc,
    imports_pb2,
    imports_pb2_grpc,
    invoices_pb2,
    invoices_pb2_grpc,
    ledger_pb2,
    ledger_pb2_grpc,
    meters_pb2,
    meters_pb2_grpc,
    reading_checks_pb2,
    reading_checks_pb2_grpc,
    reading_windows_pb2,
    reading_windows_pb2_grpc,
    readings_pb2,
    readings_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
    runs_pb2,
    runs_pb2_grpc,
    tariffs_pb2,
    tariffs_pb2_grpc,
)
from ebok.identity.v1 import (
    events_pb2,
    factors_pb2,
    factors_pb2_grpc,
    grants_pb2,
    grants_pb2_grpc,
    roles_pb2,
    roles_pb2_grpc,
    sessions_pb2,
    sessions_pb2_grpc,
    staff_pb2,
    staff_pb2_grpc,
    users_pb2,
    users_pb2_grpc,
)
from ebok.payments.v1 import payments_pb2
from ebok.tickets.v1 import categories_pb2, desk_pb2, tickets_pb2
from flask import Flask
from sqlalchemy import text

from chassis import wire
from chassis.actors import Actor, ActorKind
from chassis.app import Part
from chassis.clock import FixedClock, warsaw_date
from chassis.config import Environment, load_config
from chassis.errors import Unauthenticated
from chassis.ids import new_id
from chassis.keys import load_signer
from chassis.messaging.carriers.direct import DirectCarrier
from chassis.messaging.relay import Relay
from chassis.rpc.client import as_actor
from chassis.sealing import load_sealing_key, unseal
from chassis.testing import cast
from chassis.testing.cast import Persona
from chassis.testing.databases import Databases, connect
from chassis.testing.served import Served
from demo.authenticators import Authenticator
from gateway.app import create_app
from gateway.config import GatewayConfig
from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.server import Mailbox
from services.billing.__main__ import part as billing
from services.identity.__main__ import part as identity
from services.notify.__main__ import part as notify
from services.payments.__main__ import part as payments
from services.tickets.__main__ import part as tickets
from tests.billing.pictures import picture
from tests.gateway import casework, settings_work, town
from tests.gateway.board import Board
from tests.gateway.mailings import Mailings
from tests.gateway.tills import Payer, Tills, wait_until
from tests.gateway.visitors import Visitor, somewhere

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # Ten in the morning in Warsaw.
REPORT_TOKEN = "secret-of-the-address"  # Where SMSAPI would report to.
PAYMENT_DAYS = 21
PASSWORD = "zielony rower pod lipą"
STAFF_PASSWORD = "turbina nad jeziorem"
ADDRESS = "192.0.2.7"
HALFWAY = "w.pol.drogi@poczta.example"  # Logs in with a code: her browsers stand at the second step.
CASH_DESK = "kasa"
SUBSCRIBERS = {
    "identity": ("billing", "payments", "notify", "identity"),
    "billing": ("payments", "notify", "identity", "tickets"),
    "payments": ("billing", "notify", "identity"),
    "tickets": ("notify", "identity"),
    "notify": ("identity",),
}
SETTINGS = """
provider_name: Wodociągi Zdrój
provider_line: woda i ścieki
nip: "1234563218"
address_line: ul. Wodna 1
town_line: 57-000 Zdrój
account_number: "61109010140000071219812874"
brand_colour: "#0068b8"
phone: 75 000 00 00
phone_hours: pon.–pt. 7–17
emergency_phone: "994"
email: ebok@wodociagi-zdroj.example
portal_url: http://localhost
languages: [pl, en, uk]
"""


@dataclass
class Household:
    """A customer of the town with everything a URL may name."""

    customer_id: str
    number: str
    name: str
    invoices: list[invoices_pb2.Invoice] = field(default_factory=list)
    contracts: list[contracts_pb2.Contract] = field(default_factory=list)
    service_points: list[meters_pb2.ServicePoint] = field(default_factory=list)

    @property
    def last_invoice(self) -> invoices_pb2.Invoice:
        """The newest one."""
        return self.invoices[0]


class World:
    """Everything a test of the gateway may want. Times stand still at NOW."""

    def __init__(self, databases: Databases, keys_dir: Path, scratch: Path, stack: ExitStack) -> None:
        self.clock = FixedClock(datetime(2024, 11, 1, 8, 0, tzinfo=UTC))
        self._databases, self._keys_dir, self._scratch, self._stack = databases, keys_dir, scratch, stack
        self.mailbox = stack.enter_context(Mailbox(MailboxConfig()))
        self.billing = self._serve(billing)
        self.identity = self._serve(
            identity,
            peers={"billing": self.billing.address},
            argon2_time_cost=1,
            argon2_memory_kib=64,
            leaked_passwords_url="",
        )
        self.notify = self._serve(
            notify,
            peers={"billing": self.billing.address},
            smtp_url=self.mailbox.smtp_url,
            smsapi_report_token=REPORT_TOKEN,
        )
        self.tills = stack.enter_context(Tills(lambda: self.app))
        self.payments = self._serve(payments, peers={"billing": self.billing.address}, **self.tills.knobs)
        self.tickets = self._serve(tickets, files_dir=scratch / "files")
        self.parts = {
            "identity": self.identity,
            "billing": self.billing,
            "payments": self.payments,
            "notify": self.notify,
            "tickets": self.tickets,
        }
        self._relays = [self._relay(name) for name in SUBSCRIBERS]
        self.edward = self.persona(cast.staff(cast.EDWARD_STAFF, "Edward"))
        self.board = Board(self.notify, self.edward)
        self.mailings = Mailings(self.notify, self.edward)
        self._gateway = self.persona(Actor(ActorKind.SYSTEM, "gateway", "gateway"))
        self._connector = self.persona(Actor(ActorKind.SYSTEM, "connector", "connector"))
        self.users: Any = self.identity.stub(users_pb2_grpc.UserServiceStub, self._gateway)
        self.factors: Any = self.identity.stub(factors_pb2_grpc.FactorServiceStub, self._gateway)
        self.sessions: Any = self.identity.stub(sessions_pb2_grpc.SessionServiceStub, self._gateway)
        self.grants: Any = self.identity.stub(grants_pb2_grpc.GrantServiceStub)
        self.runs: Any = self.billing.stub(runs_pb2_grpc.BillingRunServiceStub, self.edward)
        self.windows: Any = self.billing.stub(reading_windows_pb2_grpc.ReadingWindowServiceStub, self.edward)
        self.window_ids: list[str] = []
        self.run_ids: list[str] = []
        self.import_ids: list[str] = []
        self.known: set[str] = set()
        self.apps: dict[str, Authenticator] = {}
        self._consoles: dict[str, str] = {}
        self._paid = 0
        self._open: dict[str, list[invoices_pb2.Invoice]] = {}
        self._build()

    # How it is made.

    def _serve(self, part: Part, **knobs: Any) -> Served:
        url = self._databases.new_url(part.migrations)
        self._stack.callback(self._databases.drop, url)
        database = connect(url)
        self._stack.callback(database.close)
        config = part.load_config(
            environment=Environment.TEST,
            keys_dir=self._keys_dir,
            listen="127.0.0.1:0",
            rpc_threads=8,
            **knobs,
        )
        runtime = part.runtime(config, self.clock, database)
        server = part.build_server(runtime)
        server.start()
        served = Served(part, runtime, server, self.clock)
        self._stack.callback(served.close)
        return served

    def _relay(self, name: str) -> Relay:
        part = self.parts[name]
        addresses = {other: self.parts[other].address for other in SUBSCRIBERS[name]}
        carrier = DirectCarrier(addresses, part.runtime.credential)
        self._stack.callback(carrier.close)
        return Relay(name, part.database, carrier, part.runtime.metrics)

    def _build(self) -> None:
        settings = self._file("settings.yaml", SETTINGS)
        self.identity.run_job("settings.load", file=settings)
        self.deliver()  # Billing prints the seller on invoices.
        self._publish_tariffs()
        self.bring(town.master_data(), source="erp: v_all")
        shown = town.Shown()
        self.bring(shown.readings(town.FIRST_MONTH - timedelta(days=1)), source="odczyty-2024-10.csv")
        for first, end in town.periods():
            self._live(first, end, shown)
            if end == town.PAID_ONLINE:
                self._pay_online()
        self.bring(town.hours(), source="godziny-2026-10.csv")
        self._hand_in()
        self.clock.set(NOW - timedelta(days=2))
        self._open_window(days=11)
        self._plan_window()
        self.bring(town.master_data(), source="erp: v_all")
        self.bring(town.doubtful_rows(), source="odczyty-obchod-2026-11.csv")
        self.bring(town.faulty_rows(), source="odczyty-reczne-2026-11.csv")
        self.clock.set(NOW)
        self._prepare_run(
            town.LAST_DAY.replace(day=1), town.LAST_DAY, "Woda i ścieki, październik 2026, uzupełnienie"
        )
        self.board.write(self.annas.customer_id)
        self.mailings.write()
        self._let_people_in()
        self._begin_payments()
        self._ask_and_tell()

    def waiting_reading(self) -> str:
        """The first reading that waits for a clerk; once all are decided on, one that counts."""
        stub: Any = self.billing.stub(reading_checks_pb2_grpc.ReadingCheckServiceStub, self.edward)
        found = stub.ListWaitingReadings(reading_checks_pb2.ListWaitingReadingsRequest()).readings
        return str(found[0].reading.reading_id if found else self.photographed.reading_id)

    def _publish_tariffs(self) -> None:
        stub: Any = self.billing.stub(tariffs_pb2_grpc.TariffServiceStub, self.edward)
        self.tariff_versions = []
        for draft in town.tariff_drafts():
            version = stub.CreateTariffVersion(draft).tariff_version
            if wire.unpack_date(draft.valid_from) != town.DRAFT_FROM:
                request = tariffs_pb2.PublishTariffVersionRequest(tariff_version_id=draft.tariff_version_id)
                version = stub.PublishTariffVersion(request).tariff_version
            self.tariff_versions.append(version)

    def _live(self, first: date, end: date, shown: town.Shown) -> None:
        """Use, read, pay, bill."""
        last = end == town.LAST_DAY
        self._go(end + timedelta(days=6))
        read = list(town.use(shown, first, end, without=town.BAKERY if last else ""))
        self.bring(read, source=f"odczyty-{end:%Y-%m}.csv")
        self.bring(list(self._payments(warsaw_date(self.clock.now()))), source=f"wplaty-{end:%Y-%m}.csv")
        run = self._prepare_run(first, end, f"Woda i ścieki, {end:%m.%Y}")
        request = runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=run.invoice_count)
        self.runs.IssueBillingRun(request)
        self.billing.run_job("runs.advance")
        issued = runs_pb2.ListRunInvoicesRequest(run_id=run.run_id)
        for invoice in self.runs.ListRunInvoices(issued).invoices:
            self._open.setdefault(invoice.customer_number, []).append(invoice)

    def _prepare_run(self, first: date, end: date, name: str) -> runs_pb2.BillingRun:
        run_id = str(new_id())
        self.runs.CreateBillingRun(
            runs_pb2.CreateBillingRunRequest(
                run_id=run_id,
                name=name,
                period_from=wire.pack_date(first),
                period_to=wire.pack_date(end),
                payment_days=PAYMENT_DAYS,
            )
        )
        self.billing.run_job("runs.advance")
        self.run_ids.append(run_id)
        return self.runs.GetBillingRun(runs_pb2.GetBillingRunRequest(run_id=run_id)).run

    def _payments(self, today: date) -> Iterator[imports_pb2.ImportRow]:
        """What came in since the month before: everybody pays before the day, but for what the town's story says."""
        for number, external in (
            ("20411085", "k-1"),
            ("20422096", "k-2"),
            ("20433007", "k-3"),
            ("20444018", "k-4"),
        ):
            for invoice in self._open.pop(number, []):
                due_on = wire.unpack_date(invoice.due_on)
                grosze = invoice.total_gross.grosze
                if number == "20422096" and invoice.period_to.year == 2026 and invoice.period_to.month == 9:
                    continue
                if number == "20433007" and invoice.period_to.year == 2026 and invoice.period_to.month == 9:
                    grosze += 200_00
                if number == "20444018" and invoice.period_to.year == 2026 and invoice.period_to.month == 9:
                    grosze //= 2
                self._paid += 1
                yield imports_pb2.ImportRow(
                    payment=imports_pb2.PaymentRow(
                        external_id=f"w-{self._paid}",
                        customer_external_id=external,
                        booked_on=min(due_on - timedelta(days=4), today).isoformat(),
                        amount=f"{grosze // 100}.{grosze % 100:02d}",
                        title=f"Zapłata {invoice.number}",
                        invoice_number=invoice.number,
                    )
                )

    def _pay_online(self) -> None:
        """Anna pays the newest invoice here and not by a transfer, on the day she would have sent it."""
        [invoice] = self._open.pop("20411085")
        self._go(wire.unpack_date(invoice.due_on) - timedelta(days=4))
        self.paid_payment = self.anna_pays("przelewy24", [invoice.invoice_id])
        self.settle(self.paid_payment)

    def _begin_payments(self) -> None:
        """Anna gives one payment up, and stops half-way in another."""
        invoice_ids = [self.annas.last_invoice.invoice_id]
        self.failed_payment = self.anna_pays("payu", invoice_ids)
        self.settle(self.failed_payment, "cancel")
        self.pending_payment = self.anna_pays("przelewy24", invoice_ids)

    def _ask_and_tell(self) -> None:
        """Anna has a complaint under way, one that is answered, and one that is over; Celina asks for copies."""
        anna, daria = casework.office(self.tickets, self._annas_persona), self.daria_at_tickets
        about, asking = casework.category(daria, "high_bill"), casework.category(daria, "invoice_question")
        casework.make_ready(casework.office(self.tickets, self.edward))
        casework.call_in(daria, self._annas_id, "pytanie o termin odczytu")
        filled = [
            tickets_pb2.Answer(key="invoice", value=self.annas.last_invoice.number),
            tickets_pb2.Answer(key="cause", value="use"),
        ]
        complain = {"answers": filled, "commodity": "water"}
        self.clock.set(NOW - timedelta(days=29))  # It can be opened again for thirty days.
        self.closed_case = casework.ask(anna, self._annas_id, asking, "Skąd opłata stała?", "Co to jest?")
        casework.answer(
            daria, self.closed_case.ticket_id, "To abonament.", desk_pb2.ANSWER_MODE_ANSWER_AND_CLOSE
        )
        self.clock.set(NOW - timedelta(days=9))
        self.answered_case = casework.ask(
            anna, self._annas_id, about, "Dwie faktury za wrzesień", "?", **complain
        )
        casework.answer(
            daria, self.answered_case.ticket_id, "Druga jest korektą.", desk_pb2.ANSWER_MODE_ANSWER
        )
        self.clock.set(NOW - timedelta(days=7))
        self.open_case = casework.ask(
            anna, self._annas_id, about, casework.SUBJECT, casework.BODY, **complain
        )
        self.celinas_case = self._celina_asks(asking)
        self.clock.set(NOW - timedelta(days=6))
        case_id = self.open_case.ticket_id
        casework.answer(daria, case_id, casework.NOTE, desk_pb2.ANSWER_MODE_NOTE)
        casework.answer(daria, case_id, casework.ASKED, desk_pb2.ANSWER_MODE_ASK)
        self.clock.set(NOW - timedelta(minutes=12))
        self.case_file_id = casework.upload(
            anna, self._annas_id, casework.FILE_NAME, picture(size=(1200, 800))
        )
        casework.write(anna, self.open_case, casework.REPLY, files=[self.case_file_id])
        self.clock.set(NOW)
        self.deliver()
        casework.keep(self.tickets)
        settings_work.begin(self.tickets, self.edward)

    def _celina_asks(self, about: categories_pb2.Category) -> tickets_pb2.Ticket:
        customer_id = self.celinas.customer_id
        celina = self.persona(cast.customer(cast.CELINA_USER, "Celina", UUID(customer_id)))
        doors = casework.office(self.tickets, celina)
        return casework.ask(doors, customer_id, about, casework.CELINAS_SUBJECT, "Proszę o kopie faktur.")

    @cached_property
    def daria_at_tickets(self) -> casework.Office:
        """Daria at the doors of tickets, past the pages."""
        asked = sessions_pb2.CheckSessionRequest(
            session_token=self.log_in("daria@wodociagi-zdroj.example", staff=True),
            realm=sessions_pb2.REALM_CONSOLE,
            address=ADDRESS,
        )
        member = self.sessions.CheckSession(asked).staff
        return casework.office(self.tickets, self.persona(cast.staff(UUID(member.staff_id), "Daria")))

    def _open_window(self, *, days: int) -> str:
        """Customers may hand in readings of water from today for so many days."""
        opens_on, window_id = warsaw_date(self.clock.now()), str(new_id())
        self.windows.SaveReadingWindow(
            reading_windows_pb2.SaveReadingWindowRequest(
                window_id=window_id,
                commodity=meters_pb2.COMMODITY_WATER,
                opens_on=wire.pack_date(opens_on),
                closes_on=wire.pack_date(opens_on + timedelta(days=days - 1)),
                remind_days=3,
                repeat_months=12,
            )
        )
        self.window_ids.append(window_id)
        return window_id

    def _plan_window(self) -> None:
        """In spring meters of heat will be read; nobody in town has one."""
        self.windows.SaveReadingWindow(
            reading_windows_pb2.SaveReadingWindowRequest(
                window_id=str(new_id()),
                commodity=meters_pb2.COMMODITY_HEAT,
                opens_on=wire.pack_date(date(2027, 4, 1)),
                closes_on=wire.pack_date(date(2027, 4, 10)),
            )
        )

    def _hand_in(self) -> None:
        """Early in November Anna reads the meter of her garden, with a photo."""
        self._open_window(days=2)
        stub: Any = self.billing.stub(readings_pb2_grpc.ReadingServiceStub, self._annas_persona)
        customer_id = self._annas_id
        asked = readings_pb2.ListReadableMetersRequest(customer_id=customer_id)
        [meter] = [one for one in stub.ListReadableMeters(asked).meters if one.can_submit]
        self.garden_meter_id = meter.meter.meter_id
        self.photographed = stub.SubmitReading(
            readings_pb2.SubmitReadingRequest(
                customer_id=customer_id,
                meter_id=self.garden_meter_id,
                value=meter.expected_value,
                photo=picture(),
            )
        ).reading

    def _let_people_in(self) -> None:
        """Staff are hired; Anna, Celina and Bartek register, confirm and claim, as anybody does."""
        password_file = self._file("password", STAFF_PASSWORD + "\n")
        for name, role in (("Daria", "clerk"), ("Edward", "manager,administrator")):
            email = f"{name.lower()}@wodociagi-zdroj.example"
            self.identity.run_job("staff.add", email=email, name=name, role=role, password_file=password_file)
        for name in ("Anna", "Celina", "Bartek"):
            self.join(f"{name.lower()}@poczta.example", name)
        self.deliver()
        for household in (self.annas, self.celinas, self.bartek):
            self.claim(f"{household.name.split()[0].lower()}@poczta.example", household)
        self.claim("bartek@poczta.example", self.annas)
        self.deliver()

    def _file(self, name: str, text: str) -> str:
        path = self._scratch / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def _go(self, day: date) -> None:
        self.clock.set(datetime(day.year, day.month, day.day, 8, 0, tzinfo=UTC))

    # What tests do.

    def persona(self, actor: Actor) -> Persona:
        """Somebody with a real token, for calls past the gateway."""
        issuer = actor.actor_id if actor.kind is ActorKind.SYSTEM else "identity"
        signer = load_signer(issuer, self._keys_dir / "private" / f"{issuer}.key")
        return Persona(actor, signer, self.clock)

    def administrator(self) -> Persona:
        """Edward, who has just proven who he is."""
        return self.persona(replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=self.clock.now()))

    @cached_property
    def app(self) -> Flask:
        """The gateway."""
        return self.make_app()

    def make_app(self, **knobs: Any) -> Flask:
        """Another gateway over the same services, with other knobs."""
        values = {
            "identity": self.identity.address,
            "billing": self.billing.address,
            "payments": self.payments.address,
            "notify": self.notify.address,
            "tickets": self.tickets.address,
            "secret_key": "s" * 40,
            "public_url": "http://localhost",
            "keys_dir": self._keys_dir,
            "environment": Environment.TEST,
            "call_timeout_s": 20,
        }
        app = create_app(load_config(GatewayConfig, **{**values, **knobs}), clock=self.clock)
        app.test_client_class = Visitor
        return app

    def visitor(self, email: str = "", *, staff: bool = False) -> Visitor:
        """A browser, logged in with an account of the town, or with none."""
        browser = self.app.test_client()
        assert isinstance(browser, Visitor)
        if email == HALFWAY:
            self._have_an_app(email)
            browser.submit("/logowanie", email=email, password=PASSWORD)
        elif email:
            browser.take_session(self.log_in(email, staff=staff), console=staff)
        return browser

    def log_in(self, email: str, *, staff: bool = False) -> str:
        """The secret of a new session; of staff the one there is, while it lives."""
        if staff:
            return self._console_session(email)
        realm = sessions_pb2.REALM_PORTAL
        request = sessions_pb2.LogInRequest(email=email, password=PASSWORD, realm=realm, address=ADDRESS)
        return str(self.sessions.LogIn(request).session_token)

    def _have_an_app(self, email: str) -> None:
        """Set an app up for somebody of the portal, once."""
        if email in self.apps:
            return
        self.join(email, "Anna")
        realm, secret = sessions_pb2.REALM_PORTAL, self.log_in(email)
        begun = factors_pb2.BeginTotpRequest(session_token=secret, realm=realm)
        asked = self.factors.BeginTotp(begun).challenge
        self.apps[email] = Authenticator(asked.secret)
        request = factors_pb2.EnrolTotpRequest(
            session_token=secret,
            realm=realm,
            challenge_token=asked.challenge_token,
            code=self.code(email),
            address=ADDRESS,
        )
        self.factors.EnrolTotp(request)

    def setup_code(self, realm: str) -> str:
        """A code of the app that a page of a door has shown, for whoever fills that page in."""
        key = load_sealing_key(self._keys_dir / "private" / "identity.sealing.key")
        shown = text(
            "SELECT sealed_secret FROM challenges WHERE sealed_secret IS NOT NULL AND realm = :realm"
        )
        with self.identity.database.reading() as session:
            sealed = session.scalars(shown, {"realm": realm}).all()[-1]
        return Authenticator(unseal(key, sealed).decode()).code(self.clock.now())

    def _console_session(self, email: str) -> str:
        realm, secret = sessions_pb2.REALM_CONSOLE, self._consoles.get(email, "")
        if secret:
            asked = sessions_pb2.CheckSessionRequest(session_token=secret, realm=realm, address=ADDRESS)
            with suppress(Unauthenticated):
                self.sessions.CheckSession(asked)
                return secret
        request = sessions_pb2.LogInRequest(
            email=email, password=STAFF_PASSWORD, realm=realm, address=ADDRESS
        )
        challenge = self.sessions.LogIn(request).challenge
        if challenge.secret:
            self.apps[email] = Authenticator(challenge.secret)
        answer = sessions_pb2.CompleteLogInRequest(
            challenge_token=challenge.challenge_token, code=self.code(email), realm=realm, address=ADDRESS
        )
        self._consoles[email] = str(self.sessions.CompleteLogIn(answer).session_token)
        return self._consoles[email]

    def other_session(self) -> str:
        """A session of Anna's that no browser of hers has."""
        self.log_in("anna@poczta.example")
        asked = sessions_pb2.ListSessionsRequest(
            session_token=self.log_in("anna@poczta.example"), realm=sessions_pb2.REALM_PORTAL
        )
        return next(one.session_id for one in self.sessions.ListSessions(asked).sessions if not one.is_this)

    def code(self, email: str) -> str:
        """A code of somebody's app that was not given yet; when those of this instant are, the clock goes on."""
        if email not in self.apps:
            self.log_in(email, staff=True)
        if self.apps[email].is_used_up(self.clock.now()):
            self.clock.advance(timedelta(seconds=30))
        return self.apps[email].code(self.clock.now())

    def colleague(self, name: str) -> staff_pb2.Colleague:
        """Somebody of staff as an administrator sees them."""
        stub: Any = self.identity.stub(staff_pb2_grpc.StaffServiceStub, self.edward)
        listed = stub.ListStaff(staff_pb2.ListStaffRequest()).staff
        return next(one for one in listed if one.name == name)

    @contextmanager
    def limited(self, *, towns: tuple[str, ...] = (), commodities: tuple[str, ...] = ()) -> Iterator[None]:
        """Daria works in these towns, with these commodities; afterwards everywhere again."""
        self.deliver()
        for area in ({"towns": towns, "commodities": commodities}, {}):
            stub: Any = self.identity.stub(staff_pb2_grpc.StaffServiceStub, self.administrator())
            daria = self.colleague("Daria")
            stub.ChangeStaff(
                staff_pb2.ChangeStaffRequest(
                    staff_id=daria.staff_id, roles=daria.roles, version=daria.version, **area
                )
            )
            if area:
                yield

    def put_role(self) -> str:
        """A role that the provider made and nobody has; answers its key."""
        stub: Any = self.identity.stub(roles_pb2_grpc.RoleServiceStub, self.administrator())
        known = {one.key for one in stub.ListRoles(roles_pb2.ListRolesRequest()).roles}
        if CASH_DESK not in known:
            made = roles_pb2.Role(
                key=CASH_DESK, name="Kasa", permissions=["billing.customers.read", "payments.payments.read"]
            )
            stub.SaveRole(roles_pb2.SaveRoleRequest(role=made))
        return CASH_DESK

    def join(self, email: str, name: str) -> None:
        """Register and confirm an account; once. An address may register few of them: each has one of its own."""
        if email in self.known:
            return
        self.known.add(email)
        self.users.Register(
            users_pb2.RegisterRequest(
                email=email,
                password=PASSWORD,
                name=name,
                language="pl",
                address=somewhere()["REMOTE_ADDR"],
            )
        )
        self.users.ConfirmEmail(users_pb2.ConfirmEmailRequest(token=self.mailed_token(email)))

    def speak(self, email: str, language: str) -> None:
        """Save another language in an account's profile."""
        answer = self.check(email)
        request = users_pb2.UpdateProfileRequest(
            name=answer.user.name, language=language, look=answer.user.look or users_pb2.LOOK_SYSTEM
        )
        self.users.UpdateProfile(request, metadata=as_actor(answer.actor_token))

    def check(self, email: str) -> sessions_pb2.CheckSessionResponse:
        """Who a new session of an account is, with the token to act by."""
        asked = sessions_pb2.CheckSessionRequest(
            session_token=self.log_in(email), realm=sessions_pb2.REALM_PORTAL, address=ADDRESS
        )
        answer: sessions_pb2.CheckSessionResponse = self.sessions.CheckSession(asked)
        return answer

    def claim(self, email: str, household: Household) -> None:
        """Give an account a customer, by the right proof."""
        request = grants_pb2.ClaimCustomerRequest(
            customer_number=household.number,
            invoice_number=household.last_invoice.number,
            invoice_total=household.last_invoice.total_gross,
        )
        self.grants.ClaimCustomer(request, metadata=as_actor(self.check(email).actor_token))

    def mailed_token(self, email: str, event: Any = events_pb2.EmailConfirmationRequested) -> str:
        """The token of the newest link for an address, as notify would put it into the mail."""
        key = load_sealing_key(self._keys_dir / "private" / "notify.sealing.key")
        return [
            unseal(key, one.sealed_token).decode()
            for one in self.identity.announced(event)
            if one.email == email
        ][-1]

    def bring(self, rows: Any, *, source: str) -> str:
        """An import by the connector; answers its id."""
        stub: Any = self.billing.stub(imports_pb2_grpc.ImportServiceStub, self._connector)
        import_id, numbered = str(new_id()), list(rows)
        for number, row in enumerate(numbered, start=1):
            row.row_number = number
        stub.StartImport(
            imports_pb2.StartImportRequest(import_id=import_id, source=source, row_count=len(numbered))
        )
        batch = imports_pb2.ImportRowsRequest(import_id=import_id, batch_number=1, rows=numbered)
        stub.ImportRows(iter([batch]))
        stub.FinishImport(imports_pb2.FinishImportRequest(import_id=import_id))
        self.billing.run_job("use.derive")
        self.import_ids.append(import_id)
        return import_id

    @property
    def refusing_import_id(self) -> str:
        """The newest import that refused any rows."""
        stub: Any = self.billing.stub(imports_pb2_grpc.ImportServiceStub, self.edward)
        states = (
            stub.GetImport(imports_pb2.GetImportRequest(import_id=one)) for one in reversed(self.import_ids)
        )
        return next(one.import_state.import_id for one in states if one.import_state.rejected_count)

    @cached_property
    def rejects(self) -> list[imports_pb2.Reject]:
        """The rows that it refused."""
        stub: Any = self.billing.stub(imports_pb2_grpc.ImportServiceStub, self.edward)
        return list(
            stub.ListRejects(imports_pb2.ListRejectsRequest(import_id=self.refusing_import_id)).rejects
        )

    def anna_pays(self, provider: str, invoice_ids: list[str]) -> payments_pb2.Payment:
        """A payment begun past the pages."""
        return self._anna.start(provider, invoice_ids)

    @cached_property
    def _annas_id(self) -> str:
        customers: Any = self.billing.stub(customers_pb2_grpc.CustomerServiceStub, self.edward)
        search = customers_pb2.SearchCustomersRequest(query="20411085")
        return str(customers.SearchCustomers(search).customers[0].customer.customer_id)

    @cached_property
    def _annas_persona(self) -> Persona:
        return self.persona(cast.customer(cast.ANNA_USER, "Anna", UUID(self._annas_id)))

    @cached_property
    def _anna(self) -> Payer:
        return Payer(self.payments, self._annas_persona, self._annas_id, "anna@poczta.example")

    def settle(self, payment: payments_pb2.Payment, how: str = "approve") -> None:
        """The payer acts on the provider's page; the provider tells, it is judged, and everybody hears of it."""
        self.tills.act(payment, how)
        self.judge_until(payment, "SETTLED", "FAILED")
        self.deliver()

    def judge_until(self, payment: payments_pb2.Payment, *statuses: str) -> None:
        """Judge what comes in, and ask what is due, until a payment stands so; nobody else hears of it yet."""

        def is_so() -> bool:
            for job in ("notifications.judge", "payments.reconcile"):
                self.payments.run_job(job)
            query = text("SELECT status FROM payments WHERE payment_id = :payment_id")
            with self.payments.database.reading() as session:
                found = session.execute(query, {"payment_id": payment.payment_id}).scalar_one()
            return found in statuses

        wait_until(is_so)

    def lonely_payments(self, **knobs: Any) -> Served:
        """Another payments over the same billing, with other knobs and nothing in its books."""
        peers = {"billing": self.billing.address}
        return self._serve(payments, peers=peers, **{**self.tills.knobs, **knobs})

    def deliver(self) -> None:
        """Events go where they are heard, until there are none."""
        while sum(relay.publish_waiting() for relay in self._relays):
            pass

    def post(self) -> None:
        """Events go, and mails go out."""
        self.deliver()
        self.notify.run_job("messages.send")
        self.deliver()

    # Who lives there.

    @cached_property
    def annas(self) -> Household:
        """Anna's customer."""
        return self._household("20411085")

    @cached_property
    def celinas(self) -> Household:
        """Celina's customer."""
        return self._household("20422096")

    @cached_property
    def bartek(self) -> Household:
        """Bartek's own customer."""
        return self._household("20433007")

    @cached_property
    def bakery(self) -> Household:
        """The bakery, which has no account in the portal."""
        return self._household("20444018")

    @cached_property
    def made(self) -> dict[str, str]:
        """A household that a clerk set up here: the ids of its records, by the arguments of their addresses."""
        daria = self.persona(cast.staff(cast.DARIA_STAFF, "Daria"))
        stub: Any = self.billing.stub(records_pb2_grpc.RecordServiceStub, daria)
        ids = {name: str(new_id()) for name in town.MADE}
        for name, row in town.made_here(ids):
            stub.SaveRecord(records_pb2.SaveRecordRequest(record_id=ids[name], row=row))
        return ids

    def _household(self, number: str) -> Household:
        customers: Any = self.billing.stub(customers_pb2_grpc.CustomerServiceStub, self.edward)
        found = (
            customers.SearchCustomers(customers_pb2.SearchCustomersRequest(query=number))
            .customers[0]
            .customer
        )
        household = Household(found.customer_id, found.number, found.name)
        invoices: Any = self.billing.stub(invoices_pb2_grpc.InvoiceServiceStub, self.edward)
        contracts: Any = self.billing.stub(contracts_pb2_grpc.ContractServiceStub, self.edward)
        meters: Any = self.billing.stub(meters_pb2_grpc.MeterServiceStub, self.edward)
        asked = invoices_pb2.ListInvoicesRequest(customer_id=found.customer_id)
        asked.page.page_size = 100
        household.invoices = list(invoices.ListInvoices(asked).invoices)
        household.contracts = list(
            contracts.ListContracts(
                contracts_pb2.ListContractsRequest(customer_id=found.customer_id)
            ).contracts
        )
        points = meters_pb2.ListServicePointsRequest(customer_id=found.customer_id)
        household.service_points = list(meters.ListServicePoints(points).service_points)
        return household

    @cached_property
    def paid_entry_id(self) -> str:
        """The entry of the payment that Anna made here."""
        ledger: Any = self.billing.stub(ledger_pb2_grpc.LedgerServiceStub, self.edward)
        day = wire.pack_date(town.PAID_ONLINE + timedelta(days=365))
        asked = ledger_pb2.GetStatementRequest(customer_id=self.annas.customer_id, until=day)
        [entry] = [
            one
            for one in ledger.GetStatement(asked).entries
            if one.kind == ledger_pb2.ENTRY_KIND_PAYMENT
            and one.amount.grosze == -self.paid_payment.amount.grosze
        ][:1]
        return str(entry.entry_id)

    @property
    def today(self) -> date:
        """The day it is."""
        return warsaw_date(self.clock.now())


@contextmanager
def making_world(databases: Databases, keys_dir: Path, scratch: Path) -> Iterator[World]:
    """The world, and its end."""
    with ExitStack() as stack:
        yield World(databases, keys_dir, scratch, stack)
