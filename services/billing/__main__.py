"""Billing as a process: `python -m services.billing serve|work|run|migrate|job NAME|config`."""

from pathlib import Path

from chassis.app import Part, Runtime
from chassis.rpc.server import Service
from services.billing.api import (
    audiences,
    contracts,
    customers,
    imports,
    invoices,
    ledger,
    meters,
    readings,
    records,
    runs,
    tariffs,
)
from services.billing.api import reading_checks as checks
from services.billing.api import reading_windows as windows
from services.billing.config import BillingConfig
from services.billing.inbox import handlers
from services.billing.jobs import jobs


def services(runtime: Runtime) -> list[Service]:
    """Every door of billing, a line for each noun."""
    database, clock = runtime.database, runtime.clock
    return [
        (customers.rpc.add_CustomerServiceServicer_to_server, customers.CustomerService(database, clock)),
        (contracts.rpc.add_ContractServiceServicer_to_server, contracts.ContractService(database, clock)),
        (meters.rpc.add_MeterServiceServicer_to_server, meters.MeterService(database, clock)),
        (readings.rpc.add_ReadingServiceServicer_to_server, readings.ReadingService(database, clock)),
        (
            windows.rpc.add_ReadingWindowServiceServicer_to_server,
            windows.ReadingWindowService(database, clock),
        ),
        (checks.rpc.add_ReadingCheckServiceServicer_to_server, checks.ReadingCheckService(database, clock)),
        (records.rpc.add_RecordServiceServicer_to_server, records.RecordService(database, clock)),
        (tariffs.rpc.add_TariffServiceServicer_to_server, tariffs.TariffService(database, clock)),
        (imports.rpc.add_ImportServiceServicer_to_server, imports.ImportService(database, clock)),
        (invoices.rpc.add_InvoiceServiceServicer_to_server, invoices.InvoiceService(database, clock)),
        (ledger.rpc.add_LedgerServiceServicer_to_server, ledger.LedgerService(database, clock)),
        (audiences.rpc.add_AudienceServiceServicer_to_server, audiences.AudienceService(database, clock)),
        (runs.rpc.add_BillingRunServiceServicer_to_server, runs.BillingRunService(database, clock)),
    ]


part = Part(
    "billing",
    BillingConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=services,
    handlers=handlers,
    jobs=jobs,
)

if __name__ == "__main__":
    part.main()
