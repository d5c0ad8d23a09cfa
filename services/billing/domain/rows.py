"""The rows of an import: what they say, what is wrong with it, and what a batch has found out so far.

Every value arrives as text, as the provider's mapping left it. A reader turns one field after the other into a value
and collects every fault, so that a refused row names all its reasons at once.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

EXTERNAL_ID_LENGTH_MAX = 80
OFFICE_PREFIX = "ebok:"  # of the external ids of records that were made here
SHOWN_LENGTH_MAX = 80  # of a refused value
FIRST_YEAR, LAST_YEAR = 1900, 2200

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

WordType = TypeVar("WordType")


class RowKind(StrEnum):
    """What a row is, in the order in which one may refer to another."""

    CUSTOMER = "customers"
    PREMISES = "premises"
    SERVICE_POINT = "service_points"
    METER = "meters"
    CONTRACT = "contracts"
    READING = "readings"
    INTERVAL = "intervals"
    PAYMENT = "payments"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What a good row did."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"


class RowFault(NamedTuple):
    """Why a row is refused; `field` is empty for the whole row."""

    field: str
    reason: str
    value: str = ""


class SourceRow(NamedTuple):
    """One row as it came. `points` are the service points of a contract, the one field that is a list.

    `defect`: the reason why it could not be read as a whole; empty for a sound one.
    """

    row_number: int
    kind: RowKind
    fields: Mapping[str, str]
    points: tuple[str, ...] = ()
    defect: str = ""

    @property
    def external_id(self) -> str:
        """The provider's id, without what surrounds it."""
        return self.fields.get("external_id", "").strip()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that did not come in."""

    row: SourceRow
    faults: tuple[RowFault, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """Staff write one record: its id, what it said before by field, and whether the provider's fields may change.

    `texts` is empty for a new record.
    """

    record_id: UUID
    texts: Mapping[str, str]
    editable: bool


@dataclass
class Batch:
    """One batch on its way: when it is, what its rows made of things, and what later rows may refer to.

    `known` holds, by kind and external id, what is known of the things that rows refer to; `touched` the ids of
    what changed and is shown or found with a customer; `left` the customers that lost a contract to another.
    `office` is there when the one row is staff's and not the provider's.
    """

    now: datetime
    today: date
    as_of: datetime
    office: Office | None = None
    known: dict[RowKind, dict[str, Any]] = field(default_factory=dict)
    touched: dict[RowKind, set[UUID]] = field(default_factory=dict)
    left: set[UUID] = field(default_factory=set)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    kinds: Counter[RowKind] = field(default_factory=Counter)
    good: list[SourceRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)

    def count(self, row: SourceRow, outcome: Outcome) -> None:
        """The row is good, and this is what it did."""
        self.outcomes[outcome] += 1
        self.kinds[row.kind] += 1
        if outcome is not Outcome.UNCHANGED:
            self.good.append(row)

    def refuse(self, row: SourceRow, faults: Iterable[RowFault]) -> None:
        """The row does not come in."""
        self.kinds[row.kind] += 1
        self.refused.append(RefusedRow(row, tuple(faults)))

    def touch(self, kind: RowKind, thing_id: UUID) -> None:
        """A thing changed that customers are found by."""
        self.touched.setdefault(kind, set()).add(thing_id)


class RowReader:
    """Reads the fields of one row; `faults` has what could not be read."""

    __slots__ = ("_fields", "faults", "row")

    def __init__(self, row: SourceRow) -> None:
        self.row = row
        self._fields = row.fields
        self.faults: list[RowFault] = []

    def fault(self, name: str, reason: str) -> None:
        """Note why a field is refused, with its value."""
        self.faults.append(RowFault(name, reason, shown(self._fields.get(name, ""))))

    def text(self, name: str, *, length_max: int, required: bool = False) -> str:
        """One line without control characters, without surrounding or doubled spaces. The empty text on a fault."""
        value = self._fields.get(name, "")
        if (
            not value.isprintable()
            or not value.isascii()
            or value[:1] == " "
            or value[-1:] == " "
            or "  " in value
        ):
            value = unicodedata.normalize("NFC", value).strip()
            if _FORBIDDEN.search(value):
                self.fault(name, "MALFORMED")
                return ""
            value = " ".join(value.split())
        if len(value) > length_max:
            self.fault(name, "TOO_LONG")
            return ""
        if required and not value:
            self.fault(name, "REQUIRED")
        return value

    def key(self, name: str, *, required: bool = True) -> str:
        """One of the provider's ids."""
        return self.text(name, length_max=EXTERNAL_ID_LENGTH_MAX, required=required)

    def one_of(self, name: str, words: Mapping[str, WordType], *, default: str = "") -> WordType | None:
        """A word of a list, in any case. None on a fault."""
        value = self.text(name, length_max=40).lower() or default
        if value in words:
            return words[value]
        if not any(fault.field == name for fault in self.faults):
            self.fault(name, "UNKNOWN" if value else "REQUIRED")
        return None

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A day written `2026-11-30`. None when absent or on a fault."""
        value = self._fields.get(name, "").strip()
        if not value:
            if required:
                self.fault(name, "REQUIRED")
            return None
        if not _DAY.fullmatch(value):
            self.fault(name, "MALFORMED")
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fault(name, "MALFORMED")
            return None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fault(name, "OUT_OF_RANGE")
            return None
        return day

    def decimal(self, name: str, *, places: int, limit: Decimal) -> Decimal | None:
        """A decimal number 0 ≤ n < limit with a point. None on a fault; more places than there may be are one."""
        value = self._fields.get(name, "").strip()
        if not value:
            self.fault(name, "REQUIRED")
            return None
        if len(value) > EXTERNAL_ID_LENGTH_MAX:
            self.fault(name, "TOO_LONG")
            return None
        if not _DECIMAL.fullmatch(value):
            self.fault(name, "MALFORMED")
            return None
        number = Decimal(value)
        if not 0 <= number < limit:
            self.fault(name, "OUT_OF_RANGE")
            return None
        if len(value.partition(".")[2].rstrip("0")) > places:
            self.fault(name, "TOO_PRECISE")
            return None
        return abs(number)  # "-0" is nothing, too


def shown(value: str, length_max: int = SHOWN_LENGTH_MAX) -> str:
    """A value for somebody to look at: shortened, with what cannot be printed made visible."""
    clean = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value[: length_max + 1])
    return clean if len(clean) <= length_max else clean[: length_max - 1] + "…"


def rounds(rows: Iterable[SourceRow]) -> list[list[SourceRow]]:
    """The rows in their order, split so that within a round no id comes twice: the later one sees the earlier."""
    split: list[list[SourceRow]] = []
    seen: Counter[str] = Counter()
    for row in rows:
        turn = seen[row.external_id] if row.external_id else 0
        seen[row.external_id] += 1
        while len(split) <= turn:
            split.append([])
        split[turn].append(row)
    return split
