"""Billing as a process: `python -m services.billing serve|work|run|migrate|job NAME|config`."""

from pathlib import Path

from chassis.app import Part, Runtime
from chassis.rpc.server import Service
from services.billing.api import DOORS
from services.billing.config import BillingConfig
from services.billing.inbox import handlers
from services.billing.jobs import jobs
from services.billing.storage.areas import guard


def services(runtime: Runtime) -> list[Service]:
    """Every door of billing."""
    return [(add, door(runtime.database, runtime.clock)) for add, door in DOORS]


part = Part(
    "billing",
    BillingConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=services,
    handlers=handlers,
    jobs=jobs,
    areas=guard,
)

if __name__ == "__main__":
    part.main()
