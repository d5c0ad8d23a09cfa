"""The parts of a local suite: one row each. To add a service, add its row (and a key in chassis/keys.py).

A port is an offset from one base, so that the whole suite moves by one number (EBOK_PORT_BASE): with 8000 the
gateway is at 8080. In `environment`, `{billing}` stands for the address of a part, `{mailbox.smtp}` for a
further port of one, `{gateway.url}` for where people go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

PORT_BASE = 8000
PORT_MAX = 65_535
LOOPBACK = "127.0.0.1"
EVERYBODY = ("*",)
COURTEOUS = 10


class Health(StrEnum):
    """How a part is asked whether it is ready."""

    POSTGRES = "postgres"
    RPC = "rpc"
    HTTP = "http"


@dataclass(frozen=True)
class Part:
    """One process (with its children) of the suite."""

    name: str
    command: Sequence[str]  # Arguments of the Python interpreter.
    ports: Mapping[str, int]  # "" is the main one.
    health: Health
    is_service: bool = False
    peers: Sequence[str] = ()  # Services it may read from.
    hears: Sequence[str] = ()  # Services whose events it has handlers for.
    environment: Mapping[str, str] = field(default_factory=dict)
    health_path: str = "/"  # For HTTP.
    stop_signal: str = "TERM"
    courtesy: int = 0  # How far it steps back when the machine is busy, if no page waits for it.

    def port_names(self) -> dict[str, int]:
        """`{"gateway": 80}`, `{"mailbox": 25, "mailbox.smtp": 28}`: offsets by full name."""
        return {f"{self.name}.{use}" if use else self.name: offset for use, offset in self.ports.items()}


def service(name: str, number: int, **more: object) -> Part:
    """A service: database, role and key of its own, gRPC at base + number, metrics at base + 40 + number."""
    return Part(
        name=name,
        command=("-m", f"services.{name}", "run"),
        ports={"": number, "metrics": 40 + number},
        health=Health.RPC,
        is_service=True,
        **more,  # type: ignore[arg-type]
    )


def payment_sandbox(name: str, number: int) -> Part:
    """A simulated payment provider; the minutes of its retry schedule are seconds here."""
    return Part(
        name=name,
        command=("-m", f"sandbox.{name}", "--http", f"{{{name}}}", "--store", f"{{{name}.directory}}"),
        ports={"": number},
        health=Health.HTTP,
        health_path="/health",
        environment={"EBOK_SANDBOX_SPEED": "60", "EBOK_SANDBOX_SHOP": "Wodociągi Zdrój"},
    )


# In the order in which they start; they stop the other way round.
PARTS: tuple[Part, ...] = (
    Part(
        name="postgres",
        command=("-m", "deploy.local.serve_postgres", "{postgres.directory}", "{postgres}"),
        ports={"": 32},
        health=Health.POSTGRES,
        stop_signal="INT",  # SIGTERM would wait for its clients.
    ),
    Part(
        name="mailbox",
        command=(
            *("-m", "sandbox.mailbox", "--smtp", "{mailbox.smtp}"),
            *("--http", "{mailbox}", "--store", "{mailbox.directory}", "--sms", "http://{smsapi}"),
        ),
        ports={"": 25, "smtp": 28},
        health=Health.HTTP,
        courtesy=COURTEOUS,
    ),
    Part(
        name="smsapi",
        command=("-m", "sandbox.smsapi", "--http", "{smsapi}", "--store", "{smsapi.directory}"),
        ports={"": 29},
        health=Health.HTTP,
        health_path="/health",
        courtesy=COURTEOUS,
    ),
    payment_sandbox("przelewy24", 26),
    payment_sandbox("payu", 27),
    Part(
        name="leaked",
        command=("-m", "sandbox.leaked", "--http", "{leaked}"),
        ports={"": 30},
        health=Health.HTTP,
        health_path="/health",
        courtesy=COURTEOUS,
    ),
    # It keeps the audit log.
    service(
        "identity",
        1,
        peers=("billing",),
        hears=EVERYBODY,
        environment={"EBOK_LEAKED_PASSWORDS_URL": "http://{leaked}"},
    ),
    # Somebody watches: runs and mails go on sooner than an office needs.
    service(
        "billing",
        2,
        hears=("identity", "payments"),
        environment={"EBOK_JOBS_EVERY_S": "runs.advance=0.2"},
    ),
    service(
        "tickets",
        3,
        hears=("identity", "billing"),
        environment={"EBOK_FILES_DIR": "{tickets.directory}/files"},
    ),
    service(
        "notify",
        4,
        peers=("billing",),
        hears=("identity", "billing", "payments", "tickets"),
        environment={
            "EBOK_SMTP_URL": "smtp://{mailbox.smtp}",
            "EBOK_SEND_WORKERS": "1",  # The mailbox is near: a second one only waits for the first.
            "EBOK_SEND_JOURNAL_DIR": "{notify.directory}/journal",
            # The account that the sandbox knows; none of it is a secret. Who looks on in the evening sees texts too.
            "EBOK_SMSAPI_URL": "http://{smsapi}",
            "EBOK_SMSAPI_TOKEN": "sandbox-smsapi-token",
            "EBOK_SMSAPI_SENDER": "Wodociagi",
            "EBOK_SMSAPI_REPORT_URL": "http://{gateway}",
            "EBOK_SMSAPI_REPORT_TOKEN": "sandbox-report-token",
            "EBOK_QUIET_HOURS": "",
            "EBOK_REMINDERS_FROM_HOUR": "0",
            "EBOK_JOBS_EVERY_S": "messages.send=0.2,sms.send=0.2,reminders.plan=2",
        },
    ),
    # The merchant that the sandboxes know; none of it is a secret.
    service(
        "payments",
        5,
        peers=("billing",),
        hears=("identity", "billing"),
        environment={
            "EBOK_PUBLIC_URL": "{gateway.url}",
            "EBOK_WEBHOOK_URL": "http://{gateway}",
            "EBOK_PRZELEWY24_URL": "http://{przelewy24}",
            "EBOK_PRZELEWY24_MERCHANT_ID": "383989",
            "EBOK_PRZELEWY24_POS_ID": "383989",
            "EBOK_PRZELEWY24_CRC": "d27e4cb580e9bbfe",
            "EBOK_PRZELEWY24_API_KEY": "sandbox-api-key-383989",
            "EBOK_PAYU_URL": "http://{payu}",
            "EBOK_PAYU_POS_ID": "300746",
            "EBOK_PAYU_SECOND_KEY": "b6ca15b0d1020e8094d9b5f8d163db54",
            "EBOK_PAYU_CLIENT_ID": "300746",
            "EBOK_PAYU_CLIENT_SECRET": "2ee86a66e5d97e3fadc400c9f19b065d",
        },
    ),
    Part(
        name="gateway",
        command=("-m", "gunicorn", "--config", "deploy/gunicorn.py", "gateway.wsgi:app"),
        ports={"": 80, "metrics": 79},
        health=Health.HTTP,
        health_path="/zdrowie",
        environment={
            "EBOK_IDENTITY": "{identity}",
            "EBOK_BILLING": "{billing}",
            "EBOK_PAYMENTS": "{payments}",
            "EBOK_NOTIFY": "{notify}",
            "EBOK_TICKETS": "{tickets}",
        },
    ),
)


def services() -> list[str]:
    """The names of the services, in the order of start."""
    return [part.name for part in PARTS if part.is_service]


def hearers(name: str) -> list[str]:
    """The services that hear the events of one; without a broker they are handed to nobody else."""
    return [part.name for part in PARTS if part.hears == EVERYBODY or name in part.hears]


def find(name: str) -> Part:
    """A part by its name. Raises KeyError."""
    return {part.name: part for part in PARTS}[name]


def port_table(base: int = PORT_BASE, *, gateway: int | None = None) -> dict[str, int]:
    """Every port of the suite by its full name; `gateway` moves that one alone."""
    table = {name: base + offset for part in PARTS for name, offset in part.port_names().items()}
    if gateway is not None:
        table["gateway"] = gateway
    return table
