"""Identity as tests meet it: its real server and database, and a neighbour that answers as billing does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import customers_pb2, customers_pb2_grpc
from ebok.common.v1.money_pb2 import Money
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1.audit_pb2_grpc import AuditServiceStub
from ebok.identity.v1.factors_pb2 import BeginTotpRequest, EnrolTotpRequest
from ebok.identity.v1.factors_pb2_grpc import FactorServiceStub
from ebok.identity.v1.grants_pb2 import ClaimCustomerRequest, Grant
from ebok.identity.v1.grants_pb2_grpc import GrantServiceStub
from ebok.identity.v1.sessions_pb2 import (
    REALM_CONSOLE,
    REALM_PORTAL,
    CheckSessionRequest,
    CheckSessionResponse,
    CompleteLogInRequest,
    CompleteLogInResponse,
    LogInRequest,
    LogInResponse,
    Realm,
)
from ebok.identity.v1.sessions_pb2_grpc import SessionServiceStub
from ebok.identity.v1.settings_pb2_grpc import SettingsServiceStub
from ebok.identity.v1.users_pb2 import ConfirmEmailRequest, RegisterRequest, RequestPasswordResetRequest
from ebok.identity.v1.users_pb2_grpc import UserServiceStub

from chassis.actors import Actor
from chassis.clock import FixedClock
from chassis.config import Environment, PartConfig
from chassis.database import Database
from chassis.errors import Invalid, Unavailable
from chassis.keys import KeyRing
from chassis.rpc.client import as_actor
from chassis.rpc.server import build_server
from chassis.rpc.tokens import TokenVerifier
from chassis.sealing import load_sealing_key, unseal
from chassis.testing import cast
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from chassis.testing.statements import heard
from demo.authenticators import Authenticator
from services.identity.__main__ import part

ADDRESS = "192.0.2.7"
PASSWORD = "zielony rower pod lipą"
STAFF_PASSWORD = "turbina nad jeziorem"
CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 64, "leaked_passwords_url": ""}


class ProofWrong(Invalid):
    """As billing refuses it."""

    reason = "PROOF_NOT_ACCEPTED"


class BillingAway(Unavailable):
    """As billing answers when it cannot."""

    reason = "DATABASE_AWAY"


class Neighbour(customers_pb2_grpc.CustomerServiceServicer):
    """Billing, as far as identity asks it. `away` makes it absent."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.before_answer: Callable[[], None] = lambda: None
        self.proofs: dict[tuple[str, str, int], customers_pb2.Customer] = {}

    def know(self, customer_id: UUID, number: str, invoice: str, grosze: int, name: str, label: str) -> None:
        """A customer and what stands on the last invoice."""
        self.proofs[(number, invoice, grosze)] = customers_pb2.Customer(
            customer_id=str(customer_id), number=number, name=name, premises_label=label
        )

    def CheckProof(self, request: customers_pb2.CheckProofRequest, context: Any) -> Any:
        """The customer of the proof."""
        self.asked += 1
        self.before_answer()
        if self.away:
            raise BillingAway
        key = (request.customer_number, request.invoice_number, request.invoice_total.grosze)
        if key not in self.proofs:
            raise ProofWrong
        return customers_pb2.CheckProofResponse(customer=self.proofs[key])


@pytest.fixture
def neighbour(keys_dir: Path, clock: FixedClock) -> Iterator[Neighbour]:
    """Anna's and Celina's customers are known to it."""
    made: Any = Neighbour()  # type: ignore[abstract]
    made.know(cast.ANNA_CUSTOMER, "K-1001", "FV/2026/000123", 12345, "Anna Nowak", "ul. Wodna 7/2, Zdrój")
    made.know(cast.CELINA_CUSTOMER, "K-2002", "FV/2026/000456", 6789, "Celina Lis", "ul. Leśna 3, Zdrój")
    config = PartConfig(part="billing", environment=Environment.TEST, keys_dir=keys_dir, listen="127.0.0.1:0")
    services = [(customers_pb2_grpc.add_CustomerServiceServicer_to_server, made)]
    server = build_server(config, clock, None, services)
    server.start()
    made.address = f"127.0.0.1:{server.port}"
    yield made
    server.drain(0)


@pytest.fixture
def served(serving: Callable[..., Served], neighbour: Any) -> Served:
    """Identity, with a cheap hash so that tests are quick."""
    return serving(part, peers={"billing": neighbour.address}, **CHEAP)


@pytest.fixture
def database(served: Served) -> Database:
    """Identity's database."""
    return served.database


class Identity:
    """The stubs, as the gateway calls them, and what a person does with them."""

    def __init__(self, served: Served, gateway: Persona, keys_dir: Path) -> None:
        self.served = served
        self.users: Any = served.stub(UserServiceStub, gateway)
        self.sessions: Any = served.stub(SessionServiceStub, gateway)
        self.factors: Any = served.stub(FactorServiceStub, gateway)
        self.settings: Any = served.stub(SettingsServiceStub)
        self.grants: Any = served.stub(GrantServiceStub)
        self.audit: Any = served.stub(AuditServiceStub)
        self.apps: dict[str, Authenticator] = {}
        self._key = load_sealing_key(keys_dir / "private" / "notify.sealing.key")

    def register(
        self, email: str, password: str = PASSWORD, name: str = "Anna", address: str = ADDRESS
    ) -> None:
        """Start a registration."""
        self.users.Register(
            RegisterRequest(email=email, password=password, name=name, language="pl", address=address)
        )

    def tokens_in_mails(self, event_class: Any, email: str) -> list[str]:
        """What notify reads in the sealed tokens, the oldest first."""
        found = [one for one in self.served.announced(event_class) if one.email == email]
        return [unseal(self._key, one.sealed_token).decode() for one in found]

    def confirm(self, email: str) -> str:
        """Open the newest link of the confirmation; answers the token."""
        token = self.tokens_in_mails(events.EmailConfirmationRequested, email)[-1]
        self.users.ConfirmEmail(ConfirmEmailRequest(token=token))
        return token

    def join(self, email: str, password: str = PASSWORD, name: str = "Anna") -> None:
        """Register and confirm."""
        self.register(email, password, name)
        self.confirm(email)

    def ask_reset(self, email: str, address: str = ADDRESS) -> str:
        """Ask for a new password; answers the token of the newest mail, empty without one."""
        self.users.RequestPasswordReset(RequestPasswordResetRequest(email=email, address=address))
        return (self.tokens_in_mails(events.PasswordResetRequested, email) or [""])[-1]

    def knock(
        self,
        email: str,
        password: str = PASSWORD,
        *,
        realm: Realm = REALM_PORTAL,
        address: str = ADDRESS,
        device: str = "",
    ) -> LogInResponse:
        """What follows on e-mail and password."""
        request = LogInRequest(
            email=email,
            password=password,
            realm=realm,
            address=address,
            user_agent="Firefox",
            device_token=device,
        )
        answer: LogInResponse = self.sessions.LogIn(request)
        return answer

    def log_in(
        self,
        email: str,
        password: str = PASSWORD,
        *,
        realm: Realm = REALM_PORTAL,
        address: str = ADDRESS,
        device: str = "",
    ) -> str:
        """The secret of a new session, after whatever is asked."""
        answer = self.knock(email, password, realm=realm, address=address, device=device)
        if answer.session_token:
            return str(answer.session_token)
        if answer.challenge.secret:
            self.apps[email] = Authenticator(answer.challenge.secret)
        code = self.apps[email].code(self.served.clock.now())
        done = self.complete(answer, code, realm=realm, address=address, device=device)
        return str(done.session_token)

    def complete(
        self,
        answer: LogInResponse,
        code: str,
        *,
        realm: Realm = REALM_PORTAL,
        address: str = ADDRESS,
        device: str = "",
        trust: bool = False,
    ) -> CompleteLogInResponse:
        """Answer the challenge of a log-in."""
        request = CompleteLogInRequest(
            challenge_token=answer.challenge.challenge_token,
            code=code,
            realm=realm,
            address=address,
            user_agent="Firefox",
            device_token=device,
            trust_device=trust,
        )
        done: CompleteLogInResponse = self.sessions.CompleteLogIn(request)
        return done

    def enrol(self, secret: str, email: str) -> list[str]:
        """Set an app up in a session of the portal; answers the recovery codes."""
        asked = self.factors.BeginTotp(BeginTotpRequest(session_token=secret, realm=REALM_PORTAL)).challenge
        self.apps[email] = Authenticator(asked.secret)
        request = EnrolTotpRequest(
            session_token=secret,
            realm=REALM_PORTAL,
            challenge_token=asked.challenge_token,
            code=self.apps[email].code(self.served.clock.now()),
            address=ADDRESS,
        )
        return list(self.factors.EnrolTotp(request).recovery_codes)

    def check(
        self, secret: str, *, realm: Realm = REALM_PORTAL, address: str = ADDRESS
    ) -> CheckSessionResponse:
        """Who the session is."""
        request = CheckSessionRequest(session_token=secret, realm=realm, address=address)
        answer: CheckSessionResponse = self.sessions.CheckSession(request)
        return answer

    def check_staff(self, secret: str) -> CheckSessionResponse:
        """Who the session of the console is."""
        return self.check(secret, realm=REALM_CONSOLE)

    def claim(self, secret: str, number: str, invoice: str, grosze: int) -> Grant:
        """Claim a customer in a session."""
        request = ClaimCustomerRequest(
            customer_number=number, invoice_number=invoice, invoice_total=Money(grosze=grosze)
        )
        metadata = as_actor(self.check(secret).actor_token)
        grant: Grant = self.grants.ClaimCustomer(request, metadata=metadata).grant
        return grant

    def claim_annas(self, secret: str) -> Grant:
        """Claim Anna's customer by the right proof."""
        return self.claim(secret, "K-1001", "FV/2026/000123", 12345)

    def claim_celinas(self, secret: str) -> Grant:
        """Claim Celina's customer by the right proof."""
        return self.claim(secret, "K-2002", "FV/2026/000456", 6789)


@pytest.fixture
def identity(served: Served, as_system: Callable[[str], Persona], keys_dir: Path) -> Identity:
    """Identity as the gateway sees it."""
    return Identity(served, as_system("gateway"), keys_dir)


@pytest.fixture
def actor_of(keys_dir: Path, clock: FixedClock) -> Callable[[CheckSessionResponse], Actor]:
    """The actor every other service reads in a token."""
    verifier = TokenVerifier(KeyRing(keys_dir), clock)
    return lambda answer: verifier.verify(answer.actor_token)


@pytest.fixture
def anna(identity: Identity) -> str:
    """Anna's session, no customer yet."""
    identity.join("anna@poczta.example")
    return identity.log_in("anna@poczta.example")


@pytest.fixture
def celina(identity: Identity) -> str:
    """Celina's session, no customer yet."""
    identity.join("celina@poczta.example", name="Celina")
    return identity.log_in("celina@poczta.example")


@pytest.fixture
def hire(served: Served, tmp_path: Path) -> Callable[..., None]:
    """`hire("daria@…", "Daria", "clerk")`: the operator's job."""

    def run(email: str, name: str, role: str, password: str = STAFF_PASSWORD) -> None:
        file = tmp_path / "password"
        file.write_text(password + "\n", encoding="utf-8")
        served.run_job("staff.add", email=email, name=name, role=role, password_file=str(file))

    return run


@pytest.fixture
def daria(identity: Identity, hire: Callable[..., None]) -> str:
    """Daria's session in the console."""
    hire("daria@wodociagi.example", "Daria", "clerk")
    return identity.log_in("daria@wodociagi.example", STAFF_PASSWORD, realm=REALM_CONSOLE)


@pytest.fixture
def edward(identity: Identity, hire: Callable[..., None]) -> str:
    """Edward's session in the console."""
    hire("edward@wodociagi.example", "Edward", "manager")
    return identity.log_in("edward@wodociagi.example", STAFF_PASSWORD, realm=REALM_CONSOLE)


@pytest.fixture
def count(database: Database) -> Callable[..., int]:
    """`count("users", "confirmed_at IS NULL")`: rows of a table."""

    def rows(table: str, where: str = "true") -> int:
        with database.reading() as session:
            return int(session.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {where}")) or 0)  # noqa: S608

    return rows


@pytest.fixture
def statements(served: Served) -> Iterator[list[str]]:
    """What the database is asked from here on; clear it to look again."""
    with heard(served.database) as asked:
        yield asked


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """`at_once(call, call, …)`: run them in threads; answers results and refusals in order."""

    def run(*calls: Callable[[], Any]) -> list[Any]:
        def outcome(call: Callable[[], Any]) -> Any:
            try:
                return call()
            except Exception as fault:  # noqa: BLE001 - the outcome is what the test looks at
                return fault

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(outcome, calls))

    return run


SETTINGS = """
provider_name: Wodociągi Zdrój
provider_line: woda i ścieki
nip: 123-456-32-18
address_line: ul. Wodna 1
town_line: 57-000 Zdrój
account_number: "61 1090 1014 0000 0712 1981 2874"
brand_colour: "#0068B8"
phone: 74 800 00 00
phone_hours: pon.–pt. 7–17
emergency_phone: "994"
email: ebok@wodociagi.example
portal_url: https://ebok.wodociagi.example/
languages: [pl, en, uk]
"""


@pytest.fixture
def load_settings(served: Served, tmp_path: Path) -> Callable[..., None]:
    """`load_settings()` or `load_settings(text)`: the operator's job."""

    def run(text: str = SETTINGS) -> None:
        file = tmp_path / "settings.yaml"
        file.write_text(text, encoding="utf-8")
        served.run_job("settings.load", file=str(file))

    return run
