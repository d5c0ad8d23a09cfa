"""The files of a made-up water company, from a seed: the same seed gives the same bytes.

Households are named by their address; the only people are Anna, Bartek and Celina. Use follows a household's own level,
the season and chance; firms use more. Nothing here is anybody's data.
"""

import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from schwifty import IBAN
from stdnum.pl import nip as nip_numbers

CUSTOMERS = 200
FIRMS = (
    "Piekarnia Rogalik", "Apteka pod Lipą", "Szkoła Podstawowa nr 3", "ROD Malwa", "Wspólnota Lipowa 12",
    "Kawiarnia Źródło", "Sklep Zielony", "Warsztat Śruba", "Biblioteka Miejska", "Przedszkole Żabka",
    "Pralnia Bąbel", "Hotel Zdrojowy", "Gospoda pod Jesionem", "Kwiaciarnia Narcyz", "Myjnia Kropla",
)  # fmt: skip
STREETS = (
    "Lipowa", "Polna", "Źródlana", "Łąkowa", "Dębowa", "Świerkowa", "Słoneczna", "Ogrodowa", "Wąska", "Młyńska",
)  # fmt: skip
CAST = ("Anna", "Bartek", "Celina")
TOWN, POSTCODE = "Zdrój", "57-000"
BANK_CODE = "10901014"
GARDEN_EVERY, GARDEN_FIRST = 17, 2
GARDEN_SHARE = {5: 0.2, 6: 0.3, 7: 0.35, 8: 0.3, 9: 0.15}  # Of a month's water, by month.
READ_BY_PEOPLE = 4  # Of so many meters one has no radio.
E_INVOICE_SHARE = 0.35  # About what a town's water company has reached; the rest want paper.
# Share of a year's use by month, January first: gardens in summer.
SEASON = (0.94, 0.88, 0.94, 0.96, 1.04, 1.16, 1.18, 1.10, 1.00, 0.96, 0.92, 0.92)


@dataclass
class Household:
    """A customer with its meter, and what the meter shows; some have another one for the garden."""

    index: int
    name: str
    street: str
    building: str
    flat: str
    company: bool
    nip: str
    email: str
    e_invoice: bool
    sewage: bool
    level: float
    shown: float
    installed_on: date
    payer: float
    notes: set[str] = field(default_factory=set)
    garden: bool = False  # a sub-meter in the garden, and what it shows
    garden_shown: float = 0.0

    @property
    def number(self) -> str:
        """Six digits, as on invoices."""
        return f"{204118 + self.index * 37}"

    @property
    def remote(self) -> bool:
        """Whether the meter sends its readings by itself; every fourth is read by people, Anna's among them."""
        return self.index % READ_BY_PEOPLE > 0

    @property
    def tariff(self) -> str:
        """The code of the price list."""
        if self.company:
            return "WS-F"
        return f"{'WS' if self.sewage else 'W'}-{'E' if self.e_invoice else 'P'}"

    @property
    def address(self) -> str:
        """Street, house and flat."""
        return f"ul. {self.street} {self.building}{f'/{self.flat}' if self.flat else ''}"

    @property
    def account_number(self) -> str:
        """The customer's own account for transfers, with sound check digits."""
        return str(IBAN.generate("PL", bank_code=BANK_CODE, account_code=f"{7_1219_0000 + self.index:016d}"))[
            2:
        ]


def make_households(chance: random.Random, count: int = CUSTOMERS) -> list[Household]:
    """The customers: Anna, Bartek and Celina first."""
    homes = [_household(chance, index) for index in range(count)]
    for home, name in zip(homes, CAST, strict=False):
        home.name, home.company, home.nip, home.e_invoice, home.sewage = name, False, "", True, True
        home.email = f"{name.lower()}@poczta.example"
        home.payer = 1.0
    homes[0].street, homes[0].building, homes[0].flat, homes[0].level = "Lipowa", "7", "1", 5.2
    homes[1].street, homes[1].building, homes[1].flat, homes[1].level = "Lipowa", "7", "2", 3.1
    for home in homes:
        home.garden = home.sewage and not home.flat and home.index % GARDEN_EVERY == GARDEN_FIRST
    homes[2].garden = True
    homes[2].street, homes[2].building, homes[2].flat, homes[2].level = "Lipowa", "3", "", 6.0
    return homes


def _household(chance: random.Random, index: int) -> Household:
    company = index >= len(CAST) and index % 13 == 5
    street = chance.choice(STREETS)
    building = str(chance.randint(1, 48))
    flat = str(chance.randint(1, 24)) if not company and chance.random() < 0.6 else ""
    home = Household(
        index=index,
        name="",
        street=street,
        building=building,
        flat=flat,
        company=company,
        nip=_nip(chance) if company else "",
        email=f"klient{index:03d}@poczta.example" if chance.random() < 0.8 else "",
        e_invoice=chance.random() < E_INVOICE_SHARE,
        sewage=chance.random() < 0.85,
        level=chance.uniform(25, 140) if company else chance.lognormvariate(1.6, 0.45),
        shown=float(chance.randint(20, 900)),
        installed_on=date(chance.randint(2019, 2023), chance.randint(1, 12), chance.randint(1, 28)),
        payer=chance.random(),
    )
    firm = FIRMS[(index // 13) % len(FIRMS)]
    home.name = firm if company else f"Gospodarstwo domowe {street} {building}{f'/{flat}' if flat else ''}"
    return home


def _nip(chance: random.Random) -> str:
    """Ten digits with a sound check digit; nobody's, but for chance."""
    while not nip_numbers.is_valid(number := str(chance.randint(1_000_000_000, 9_999_999_999))):
        pass
    return number


def read_month(chance: random.Random, homes: Sequence[Household], month: date) -> None:
    """Let everybody use a month's water; meters show a tenth of a cubic metre."""
    for home in homes:
        used = home.level * SEASON[month.month - 1] * chance.uniform(0.82, 1.18)
        home.shown = round(home.shown + max(used, 0.1), 1)
        if home.garden:
            home.garden_shown = round(home.garden_shown + used * GARDEN_SHARE.get(month.month, 0.0), 1)


def write_master(directory: Path, homes: Sequence[Household], *, contract_from: date) -> None:
    """The tables that change seldom."""
    directory.mkdir(parents=True, exist_ok=True)
    day = "{:%d.%m.%Y}".format
    _write(
        directory / "lokale.csv",
        ("ID_LOKALU", "ULICA", "NR_DOMU", "NR_LOKALU", "KOD", "MIEJSCOWOSC"),
        ((f"L{h.index}", h.street, h.building, h.flat, POSTCODE, TOWN) for h in homes),
    )
    points = [(h, medium) for h in homes for medium in (("WODA", "SCIEKI") if h.sewage else ("WODA",))]
    _write(
        directory / "punkty.csv",
        ("ID_PUNKTU", "ID_LOKALU", "MEDIUM", "KOD_PUNKTU"),
        ((f"P{h.index}{m[0]}", f"L{h.index}", m, f"{h.number}-{m[0]}") for h, m in points),
    )
    _write(
        directory / "wodomierze.csv",
        ("ID_WODOMIERZA", "ID_PUNKTU", "NR_FABRYCZNY", "DATA_MONTAZU", "CYFRY", "PRZEZNACZENIE"),
        [
            *(
                (f"W{h.index}", f"P{h.index}W", 88104612 + h.index * 13, day(h.installed_on), 5, "G")
                for h in homes
            ),
            *(
                (f"WO{h.index}", f"P{h.index}W", 77300112 + h.index * 13, day(h.installed_on), 5, "O")
                for h in homes
                if h.garden
            ),
        ],
    )
    _write(
        directory / "odbiorcy.csv",
        ("ID_ODBIORCY", "NR_KLIENTA", "TYP", "NAZWA", "NIP", "EMAIL", "TELEFON", "ADRES", "KOD", "MIEJSCOWOSC",
         "E_FAKTURA", "RACHUNEK"),
        (
            (f"O{h.index}", h.number, "F" if h.company else "O", h.name, h.nip, h.email, f"600 {100 + h.index} 200",
             h.address, POSTCODE, TOWN, "T" if h.e_invoice else "N", h.account_number)
            for h in homes
        ),
    )  # fmt: skip
    _write(
        directory / "umowy.csv",
        ("ID_UMOWY", "NR_UMOWY", "ID_ODBIORCY", "TARYFA", "OD", "DO", "PODPISANO", "PUNKTY"),
        (
            (f"U{h.index}", f"UM/{h.installed_on.year}/{h.index + 1:04d}", f"O{h.index}", h.tariff, day(contract_from),
             "", day(h.installed_on), f"P{h.index}W" + (f",P{h.index}S" if h.sewage else ""))
            for h in homes
        ),
    )  # fmt: skip


def write_month(
    directory: Path,
    readings: Iterable[tuple[Household, date, float]],
    payments: Iterable[tuple[str, str, date, int, str]],
) -> None:
    """Readings and payments (id, customer's id, day, grosze, title) of one delivery."""
    directory.mkdir(parents=True, exist_ok=True)
    _write(
        directory / "odczyty.csv",
        ("ID_WODOMIERZA", "DATA", "STAN", "SPOSOB"),
        [row for h, day, shown in readings for row in _reading_rows(h, day, shown)],
    )
    _write(
        directory / "wplaty.csv",
        ("ID_WPLATY", "ID_ODBIORCY", "DATA", "KWOTA", "TYTUL"),
        (
            (identity, customer, f"{day:%d.%m.%Y}", f"{grosze // 100},{grosze % 100:02d}", title)
            for identity, customer, day, grosze, title in payments
        ),
    )


def _reading_rows(home: Household, day: date, shown: float) -> list[tuple[str, str, str, str]]:
    """What the meter shows, and the one in the garden where there is one."""
    values = {"W": shown} | ({"WO": home.garden_shown} if home.garden else {})
    how = "R" if home.remote else "I"
    return [
        (f"{kind}{home.index}", f"{day:%d.%m.%Y}", f"{value:.1f}".replace(".", ","), how)
        for kind, value in values.items()
    ]


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="cp1250", newline="") as file:
        out = csv.writer(file, delimiter=";", lineterminator="\r\n")
        out.writerow(head)
        out.writerows(rows)
