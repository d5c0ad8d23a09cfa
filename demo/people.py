"""Who can log in to the demo. Everybody comes through the doors of real people; passwords are for a demo only."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ebok.identity.v1 import grants_pb2, grants_pb2_grpc, sessions_pb2, users_pb2, users_pb2_grpc

from chassis import wire
from chassis.money import Money
from demo.doors import Suite

HERE = Path(__file__).parent
PASSWORD = "Zdroj-demo-2026"  # noqa: S105 - printed to whoever starts the demo
STAFF = (
    ("Daria", "daria@wodociagi-zdroj.example", "clerk", "Daria, konsultantka"),
    ("Edward", "edward@wodociagi-zdroj.example", "manager,administrator", "Edward, kierownik"),
)
EDWARD = (STAFF[-1][1], PASSWORD)
Login = dict[str, str]


def load_settings(suite: Suite, files: Path) -> None:
    """The provider's settings by the operator's job; mails link to where the suite's gateway is now."""
    provider = (HERE / "provider.yaml").read_text(encoding="utf-8")
    settings = files / "provider.yaml"
    settings.write_text(provider.replace("http://localhost:8080", suite.info["gateway"]), encoding="utf-8")
    suite.job("identity", "settings.load", file=str(settings))


def add_staff(suite: Suite, files: Path) -> list[Login]:
    """Settings and staff by the operator's jobs; answers the logins."""
    password_file = files / "password"
    password_file.write_text(PASSWORD, encoding="utf-8")
    with ThreadPoolExecutor() as pool:  # Each job is a process that takes a second to start.
        loaded = pool.submit(load_settings, suite, files)
        for name, email, role, _ in STAFF:
            suite.job(
                "identity", "staff.add", email=email, name=name, role=role, password_file=str(password_file)
            )
        loaded.result()
    for _, email, _, _ in STAFF:  # At the first log-in everybody sets an app with codes up.
        suite.log_in(email, PASSWORD, sessions_pb2.REALM_CONSOLE)
    return [
        {"who": who, "email": email, "password": PASSWORD, "at": suite.info["console"]}
        for _, email, _, who in STAFF
    ]


def register(suite: Suite, name: str, email: str) -> Login:
    """A new user: the form, the mail, the link."""
    users = suite.channel("identity", speaking_for="gateway").stub(users_pb2_grpc.UserServiceStub)
    users.Register(users_pb2.RegisterRequest(email=email, password=PASSWORD, name=name, language="pl"))
    token = suite.token_mailed_to(email, "potwierdzenie")
    users.ConfirmEmail(users_pb2.ConfirmEmailRequest(token=token))
    return {"email": email, "password": PASSWORD, "at": suite.info["gateway"]}


def claim(suite: Suite, login: Login, customer_number: str, invoice_number: str, total: Money) -> None:
    """The proof from the last invoice."""
    acting = suite.log_in(login["email"], login["password"], sessions_pb2.REALM_PORTAL)
    grants = suite.channel("identity", speaking_for="gateway").stub(grants_pb2_grpc.GrantServiceStub)
    grants.ClaimCustomer(
        grants_pb2.ClaimCustomerRequest(
            customer_number=customer_number,
            invoice_number=invoice_number,
            invoice_total=wire.pack_money(total),
        ),
        metadata=acting,
    )
