"""The wiring of payments: `python -m services.payments serve | work | run | migrate | job NAME | config`."""

from pathlib import Path
from typing import Any, cast

from chassis import areas
from chassis.app import Part, Runtime
from chassis.jobs import Jobs
from chassis.rpc.server import Service
from services.payments.api import notifications, payments, refunds
from services.payments.clients.billing import BillingLedger
from services.payments.clients.desk import Desk
from services.payments.clients.setup import set_up_providers
from services.payments.config import PaymentsConfig
from services.payments.inbox import handlers
from services.payments.jobs import notifications as judging
from services.payments.jobs import payments as reconciling
from services.payments.storage.areas import CustomerArea

jobs = Jobs()
for work in (judging, reconciling):
    jobs.include(work.jobs)


def services(runtime: Runtime) -> list[Service]:
    """Every door of payments, a line for each noun."""
    database, clock, desk = runtime.database, runtime.clock, cast(Any, runtime.resources["desk"])
    door = payments.PaymentService(database, clock, desk, BillingLedger(runtime.channel("billing")))
    return [
        (payments.rpc.add_PaymentServiceServicer_to_server, door),
        (refunds.rpc.add_RefundServiceServicer_to_server, refunds.RefundService(database, clock, desk)),
        (
            notifications.rpc.add_NotificationServiceServicer_to_server,
            notifications.NotificationService(database, clock, desk),
        ),
    ]


def resources(runtime: Runtime) -> dict[str, object]:
    """One desk for the whole process: tokens and lists of methods are remembered there."""
    config, clock, metrics, database = runtime.config, runtime.clock, runtime.metrics, runtime.database
    desk = Desk(database, clock, set_up_providers(config, database, clock))
    judge = judging.Judge(desk, clock, metrics, workers=config.judge_workers)
    asker = reconciling.Reconciling(desk, clock, metrics, workers=config.check_workers)
    return {"desk": desk, "judge": judge, "reconciling": asker}


part = Part(
    "payments",
    PaymentsConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=services,
    handlers=handlers,
    jobs=jobs,
    resources=resources,
    areas=areas.guard(CustomerArea),
)

if __name__ == "__main__":
    part.main()
