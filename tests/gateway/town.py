"""A small town's data, as its provider would send them: two years of Anna, Celina, Bartek and a bakery.

Anna has a flat with water and sewage and, since April 2026, a garden. Celina owes for September. Bartek has paid more
than he owes. The bakery paid a part, and nobody read its meter in October.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ebok.billing.v1 import imports_pb2 as rows
from ebok.billing.v1 import meters_pb2, tariffs_pb2

from chassis import wire
from chassis.clock import WARSAW, warsaw_date
from chassis.ids import new_id

FIRST_MONTH, LAST_DAY = date(2024, 11, 1), date(2026, 10, 31)
ANNA_ACCOUNT = "58109010140000000311085261"
FLAT, GARDEN, HOUSE, CORNER, BAKERY = "m-1", "m-2", "m-3", "m-4", "m-5"

_YEARS = {
    2024: "5.1 4.6 5.0 4.9 5.4 5.9 5.7 5.3 5.1 5.2 4.8 5.3",
    2025: "5.3 4.8 5.2 5.0 5.4 5.9 5.7 5.3 5.1 5.2 4.8 5.3",
    2026: "4.9 4.4 4.7 4.8 5.2 5.6 5.2 4.8 5.0 6.0 0 0",
}
_USED = {
    (year, month): Decimal(used)
    for year, line in _YEARS.items()
    for month, used in enumerate(line.split(), start=1)
}
_SHARE = {
    FLAT: Decimal(1),
    GARDEN: Decimal("0.6"),
    HOUSE: Decimal("1.4"),
    CORNER: Decimal("0.7"),
    BAKERY: Decimal(9),
}
_STARTS = {GARDEN: date(2026, 4, 1), HOUSE: date(2025, 6, 1)}

PRICES = {
    date(2024, 9, 10): ("5.95", "7.79", "16.45", "13.92"),
    date(2025, 9, 10): ("6.24", "8.82", "17.20", "14.37"),
    date(2026, 9, 10): ("6.53", "9.30", "17.88", "14.82"),
    date(2027, 1, 1): ("6.80", "9.70", "18.50", "15.20"),
}
PAID_ONLINE = date(2025, 9, 30)  # The invoice for this month Anna pays in the portal.
DRAFT_FROM = date(2027, 1, 1)


@dataclass
class Shown:
    """What the meters show, month after month."""

    values: dict[str, Decimal] = field(
        default_factory=lambda: dict.fromkeys((FLAT, GARDEN, HOUSE, CORNER, BAKERY), Decimal(120))
    )

    def use(self, month: date) -> None:
        """A month goes by."""
        for meter, share in _SHARE.items():
            if _STARTS.get(meter, FIRST_MONTH) <= month:
                self.values[meter] += (_USED[month.year, month.month] * share).quantize(Decimal("0.1"))

    def readings(self, day: date, *, without: str = "") -> Iterator[rows.ImportRow]:
        """The rows of a day, for the meters that are there."""
        for meter, value in self.values.items():
            if meter != without and _STARTS.get(meter, FIRST_MONTH) <= day + timedelta(days=1):
                kind = "actual" if meter == GARDEN else "remote"
                reading = rows.ReadingRow(
                    meter_external_id=meter, read_on=day.isoformat(), value=str(value), kind=kind
                )
                yield rows.ImportRow(reading=reading)


def master_data() -> list[rows.ImportRow]:
    """Everybody and everything, in the order of reference."""
    return [
        *_customer("k-1", "20411085", "Anna Zdrojewska", email="anna@poczta.example", phone="600 100 200",
                   address_line="ul. Lipowa 7/2", account_number=ANNA_ACCOUNT, e_invoice="true"),
        *_customer("k-2", "20422096", "Celina Lis", email="celina@poczta.example", address_line="ul. Leśna 3"),
        *_customer("k-3", "20433007", "Bartek Brzozowski", email="bartek@poczta.example",
                   address_line="ul. Rynek 1/4", e_invoice="true"),
        *_customer("k-4", "20444018", "Piekarnia Zdrój sp. z o.o.", kind="company", nip="5260250274",
                   email="biuro@piekarnia.example", address_line="ul. Młynarska 12"),
        *_place("p-1", "ul. Lipowa", "7", "2"), *_place("p-2", "ul. Łąkowa", "3"), *_place("p-3", "ul. Leśna", "3"),
        *_place("p-4", "ul. Rynek", "1", "4"), *_place("p-5", "ul. Młynarska", "12"),
        *_point("s-1", "p-1", FLAT, sewage="s-1b"), *_point("s-2", "p-2", GARDEN, installed="2026-03-20"),
        *_point("s-3", "p-3", HOUSE, sewage="s-3b"), *_point("s-4", "p-4", CORNER, sewage="s-4b"),
        *_point("s-5", "p-5", BAKERY, sewage="s-5b"),
        *_contract("u-1", "U/2019/0117", "k-1", "WS-E", "2024-11-01", ["s-1", "s-1b"], signed_on="2019-03-04"),
        *_contract("u-2", "U/2026/0031", "k-1", "W-E", "2026-04-01", ["s-2"], signed_on="2026-03-20"),
        *_contract("u-3", "U/2025/0064", "k-2", "WS-E", "2025-06-01", ["s-3", "s-3b"]),
        *_contract("u-4", "U/2021/0233", "k-3", "WS-E", "2024-11-01", ["s-4", "s-4b"]),
        *_contract("u-5", "U/2020/0009", "k-4", "WS-E", "2024-11-01", ["s-5", "s-5b"]),
    ]  # fmt: skip


MADE = ("customer_id", "premises_id", "service_point_id", "meter_id", "contract_id")


def made_here(ids: dict[str, str]) -> Iterator[tuple[str, rows.ImportRow]]:
    """A shop that no import knows, in the order of reference; by the names of its ids."""
    own = {name: f"ebok:{one}" for name, one in ids.items()}
    shop = rows.CustomerRow(
        number="20499001", kind="company", name="Sklep Pod Lipą", nip="5252248481", town="Zdrój"
    )
    yield "customer_id", rows.ImportRow(customer=shop)
    place = rows.PremisesRow(street="ul. Nowa", building="5", postcode="57-000", town="Zdrój")
    yield "premises_id", rows.ImportRow(premises=place)
    tap = rows.ServicePointRow(premises_external_id=own["premises_id"], commodity="water", code="PPW/nowa-5")
    yield "service_point_id", rows.ImportRow(service_point=tap)
    dial = rows.MeterRow(
        service_point_external_id=own["service_point_id"],
        serial_number="90 100 200",
        installed_on="2026-11-02",
    )
    yield "meter_id", rows.ImportRow(meter=dial)
    deal = rows.ContractRow(
        number="U/2026/0500",
        customer_external_id=own["customer_id"],
        tariff_code="W-E",
        starts_on="2026-11-02",
        service_point_external_ids=[own["service_point_id"]],
    )
    yield "contract_id", rows.ImportRow(contract=deal)


def hours() -> Iterator[rows.ImportRow]:
    """Celina's meter tells its hours for the last days of October, the day of 25 hours among them."""
    begins = datetime(2026, 10, 19, 22, tzinfo=UTC)
    while warsaw_date(begins) <= LAST_DAY:
        wall = begins.astimezone(WARSAW)
        used = _OF_HOURS[wall.hour] * (1 + wall.day % 3)
        interval = rows.IntervalRow(meter_external_id=HOUSE, starts_at=begins.isoformat(), used=f"{used}")
        yield rows.ImportRow(interval=interval)
        begins += timedelta(hours=1)


_OF_HOURS = [
    Decimal(f"0.{of_hour:03d}")
    for of_hour in (2, 0, 0, 0, 1, 6, 18, 14, 6, 4, 3, 4, 5, 4, 3, 3, 6, 9, 14, 21, 17, 12, 7, 4)
]


def faulty_rows() -> list[rows.ImportRow]:
    """Three rows nobody can use, and one that is good."""
    return [
        rows.ImportRow(reading=rows.ReadingRow(meter_external_id="m-99", read_on="2026-11-15", value="12")),
        rows.ImportRow(reading=rows.ReadingRow(meter_external_id=FLAT, read_on="2026-13-40", value="250")),
        rows.ImportRow(customer=rows.CustomerRow(external_id="k-9", number="", name="<b>Nikt</b>", kind="person")),
        rows.ImportRow(reading=rows.ReadingRow(meter_external_id=BAKERY, read_on="2026-10-31", value="1270")),
    ]  # fmt: skip


DOUBTFUL_FROM = "2026-11-03"


def doubtful_rows() -> list[rows.ImportRow]:
    """Readings that wait for a clerk: a meter that begins anew, and a slip. All of days that no run bills yet."""
    said = ((CORNER, DOUBTFUL_FROM, "3.2"), (CORNER, "2026-11-10", "4.1"), (BAKERY, "2026-11-12", "127"))
    return [
        rows.ImportRow(reading=rows.ReadingRow(meter_external_id=meter, read_on=day, value=value))
        for meter, day, value in said
    ]


def tariff_drafts() -> Iterator[tariffs_pb2.CreateTariffVersionRequest]:
    """Both price lists in each of their versions."""
    water, sewage = meters_pb2.COMMODITY_WATER, meters_pb2.COMMODITY_SEWAGE
    for valid_from, (per_water, per_sewage, per_month, per_month_alone) in PRICES.items():
        price = tariffs_pb2.TariffComponent(
            name="Woda",
            commodity=water,
            basis=tariffs_pb2.CHARGE_BASIS_PER_UNIT,
            price=per_water,
            vat_rate="8",
            unit="m3",
        )
        share = tariffs_pb2.TariffComponent(
            name="Odprowadzenie ścieków",
            commodity=sewage,
            basis=tariffs_pb2.CHARGE_BASIS_RATIO,
            price=per_sewage,
            vat_rate="8",
            unit="m3",
            ratio="1",
            ratio_of=water,
        )
        for code, name, monthly, components in (
            ("WS-E", "Woda i ścieki, gospodarstwa domowe, e-faktura", per_month, [price, share]),
            ("W-E", "Woda, gospodarstwa domowe, e-faktura", per_month_alone, [price]),
        ):
            fee = tariffs_pb2.TariffComponent(
                name="Abonament",
                commodity=water,
                basis=tariffs_pb2.CHARGE_BASIS_FIXED,
                price=monthly,
                vat_rate="8",
                unit="month",
            )
            yield tariffs_pb2.CreateTariffVersionRequest(
                tariff_version_id=str(new_id()),
                tariff_code=code,
                tariff_name=name,
                valid_from=wire.pack_date(valid_from),
                decision="WR.RZT.70.12.2024",
                source="https://bip.example/taryfa",
                components=[*components, fee],
            )


def periods() -> Iterator[tuple[date, date]]:
    """What is billed at once: the first nine months, then month by month."""
    first, end = FIRST_MONTH, date(2025, 7, 31)
    while end <= LAST_DAY:
        yield first, end
        first = end + timedelta(days=1)
        end = next_month(first) - timedelta(days=1)


def use(shown: Shown, first: date, end: date, *, without: str = "") -> Iterator[rows.ImportRow]:
    """The months go by; the readings at the end of each."""
    month = first
    while month <= end:
        shown.use(month)
        month = next_month(month)
        yield from shown.readings(month - timedelta(days=1), without=without)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def _customer(external_id: str, number: str, name: str, **fields: str) -> Iterator[rows.ImportRow]:
    values = {"kind": "person", "postcode": "57-000", "town": "Zdrój"} | fields
    yield rows.ImportRow(
        customer=rows.CustomerRow(external_id=external_id, number=number, name=name, **values)
    )


def _place(external_id: str, street: str, building: str, flat: str = "") -> Iterator[rows.ImportRow]:
    yield rows.ImportRow(
        premises=rows.PremisesRow(
            external_id=external_id,
            street=street,
            building=building,
            flat=flat,
            postcode="57-000",
            town="Zdrój",
        )
    )


def _point(
    external_id: str, place: str, meter: str, *, sewage: str = "", installed: str = "2023-01-10"
) -> Iterator[rows.ImportRow]:
    point = rows.ServicePointRow(
        external_id=external_id, premises_external_id=place, commodity="water", code=f"PPW/{external_id}"
    )
    yield rows.ImportRow(service_point=point)
    if sewage:
        drain = rows.ServicePointRow(external_id=sewage, premises_external_id=place, commodity="sewage")
        yield rows.ImportRow(service_point=drain)
    serial = f"88 104 6{meter.removeprefix('m-'):0>2}"
    yield rows.ImportRow(
        meter=rows.MeterRow(
            external_id=meter,
            service_point_external_id=external_id,
            serial_number=serial,
            installed_on=installed,
        )
    )


def _contract(
    external_id: str,
    number: str,
    customer: str,
    tariff: str,
    starts_on: str,
    points: list[str],
    **fields: str,
) -> Iterator[rows.ImportRow]:
    yield rows.ImportRow(
        contract=rows.ContractRow(
            external_id=external_id,
            number=number,
            customer_external_id=customer,
            tariff_code=tariff,
            starts_on=starts_on,
            service_point_external_ids=points,
            **fields,
        )
    )
