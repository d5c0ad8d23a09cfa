"""Billing: customers, contracts, meters, readings, tariffs, runs, invoices, ledger, imports."""

from ebok.billing.v1 import (
    audiences_pb2_grpc,
    contracts_pb2_grpc,
    customers_pb2_grpc,
    imports_pb2_grpc,
    invoices_pb2_grpc,
    ledger_pb2_grpc,
    meters_pb2_grpc,
    reading_checks_pb2_grpc,
    reading_windows_pb2_grpc,
    readings_pb2_grpc,
    records_pb2_grpc,
    runs_pb2_grpc,
    tariffs_pb2_grpc,
)

from chassis.rpc.client import Channel


class Billing:
    """The stubs of billing."""

    def __init__(self, channel: Channel) -> None:
        self.audiences = channel.stub(audiences_pb2_grpc.AudienceServiceStub)
        self.customers = channel.stub(customers_pb2_grpc.CustomerServiceStub)
        self.contracts = channel.stub(contracts_pb2_grpc.ContractServiceStub)
        self.meters = channel.stub(meters_pb2_grpc.MeterServiceStub)
        self.readings = channel.stub(readings_pb2_grpc.ReadingServiceStub)
        self.reading_checks = channel.stub(reading_checks_pb2_grpc.ReadingCheckServiceStub)
        self.reading_windows = channel.stub(reading_windows_pb2_grpc.ReadingWindowServiceStub)
        self.records = channel.stub(records_pb2_grpc.RecordServiceStub)
        self.tariffs = channel.stub(tariffs_pb2_grpc.TariffServiceStub)
        self.runs = channel.stub(runs_pb2_grpc.BillingRunServiceStub)
        self.invoices = channel.stub(invoices_pb2_grpc.InvoiceServiceStub)
        self.ledger = channel.stub(ledger_pb2_grpc.LedgerServiceStub)
        self.imports = channel.stub(imports_pb2_grpc.ImportServiceStub)
