"""Rows as the connector sends them; a test names what it cares about."""

from typing import Any

from ebok.billing.v1 import imports_pb2 as pb


def customer(external_id: str = "k-1", row_number: int = 1, **fields: Any) -> pb.ImportRow:
    values = {
        "number": f"N{external_id}",
        "kind": "person",
        "name": "Anna Zdrojewska",
        "email": "anna@poczta.example",
        "phone": "600 100 200",
        "address_line": "ul. Lipowa 7/2",
        "postcode": "57-000",
        "town": "Zdrój",
        "e_invoice": "true",
    } | fields
    return pb.ImportRow(row_number=row_number, customer=pb.CustomerRow(external_id=external_id, **values))


def premises(external_id: str = "p-1", row_number: int = 2, **fields: Any) -> pb.ImportRow:
    values = {
        "street": "ul. Lipowa",
        "building": "7",
        "flat": "2",
        "postcode": "57-000",
        "town": "Zdrój",
    } | fields
    return pb.ImportRow(row_number=row_number, premises=pb.PremisesRow(external_id=external_id, **values))


def point(external_id: str = "s-1", row_number: int = 3, **fields: Any) -> pb.ImportRow:
    values = {"premises_external_id": "p-1", "commodity": "water", "code": f"PPW/{external_id}"} | fields
    return pb.ImportRow(
        row_number=row_number, service_point=pb.ServicePointRow(external_id=external_id, **values)
    )


def meter(external_id: str = "m-1", row_number: int = 4, **fields: Any) -> pb.ImportRow:
    values = {
        "service_point_external_id": "s-1",
        "serial_number": f"88 104 {external_id}",
        "installed_on": "2024-01-01",
    } | fields
    return pb.ImportRow(row_number=row_number, meter=pb.MeterRow(external_id=external_id, **values))


def contract(external_id: str = "u-1", row_number: int = 5, **fields: Any) -> pb.ImportRow:
    values = {
        "number": f"U/{external_id}",
        "customer_external_id": "k-1",
        "tariff_code": "W1",
        "starts_on": "2024-01-01",
        "service_point_external_ids": ["s-1"],
    } | fields
    return pb.ImportRow(row_number=row_number, contract=pb.ContractRow(external_id=external_id, **values))


def reading(read_on: str, value: str, row_number: int = 6, **fields: Any) -> pb.ImportRow:
    values = {"meter_external_id": "m-1"} | fields
    return pb.ImportRow(row_number=row_number, reading=pb.ReadingRow(read_on=read_on, value=value, **values))


def interval(starts_at: str, used: str, row_number: int = 8, **fields: Any) -> pb.ImportRow:
    values = {"meter_external_id": "m-1"} | fields
    return pb.ImportRow(
        row_number=row_number, interval=pb.IntervalRow(starts_at=starts_at, used=used, **values)
    )


def payment(external_id: str = "w-1", row_number: int = 7, **fields: Any) -> pb.ImportRow:
    values = {"customer_external_id": "k-1", "booked_on": "2026-03-02", "amount": "123.45"} | fields
    return pb.ImportRow(row_number=row_number, payment=pb.PaymentRow(external_id=external_id, **values))


def whole_house() -> list[pb.ImportRow]:
    """One of everything, in the order of reference."""
    return [
        customer(),
        premises(),
        point(),
        point("s-2", commodity="sewage"),
        meter(),
        contract(service_point_external_ids=["s-1", "s-2"]),
        reading("2026-01-31", "100.5"),
        reading("2026-02-28", "108"),
        payment(),
    ]


def spoiled(row: pb.ImportRow, defect: Any) -> pb.ImportRow:
    """The row as one that the connector could not read."""
    row.defect = defect
    return row
