"""The doors of billing: a noun each, every one made of the database and the clock."""

from typing import Any

from services.billing.api import (
    audiences,
    contracts,
    customers,
    dues,
    imports,
    invoices,
    ledger,
    meters,
    reading_checks,
    reading_windows,
    readings,
    records,
    runs,
    tariffs,
)

DOORS: list[tuple[Any, Any]] = [
    (customers.rpc.add_CustomerServiceServicer_to_server, customers.CustomerService),
    (contracts.rpc.add_ContractServiceServicer_to_server, contracts.ContractService),
    (meters.rpc.add_MeterServiceServicer_to_server, meters.MeterService),
    (readings.rpc.add_ReadingServiceServicer_to_server, readings.ReadingService),
    (reading_windows.rpc.add_ReadingWindowServiceServicer_to_server, reading_windows.ReadingWindowService),
    (reading_checks.rpc.add_ReadingCheckServiceServicer_to_server, reading_checks.ReadingCheckService),
    (records.rpc.add_RecordServiceServicer_to_server, records.RecordService),
    (tariffs.rpc.add_TariffServiceServicer_to_server, tariffs.TariffService),
    (imports.rpc.add_ImportServiceServicer_to_server, imports.ImportService),
    (invoices.rpc.add_InvoiceServiceServicer_to_server, invoices.InvoiceService),
    (ledger.rpc.add_LedgerServiceServicer_to_server, ledger.LedgerService),
    (audiences.rpc.add_AudienceServiceServicer_to_server, audiences.AudienceService),
    (dues.rpc.add_DueServiceServicer_to_server, dues.DueService),
    (runs.rpc.add_BillingRunServiceServicer_to_server, runs.BillingRunService),
]
