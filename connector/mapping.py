"""The mapping file: which table gives which kind of row, and which column which field.

::

    version: 1
    tables:
      - rows: readings            # premises service_points meters customers contracts readings intervals payments
        from: odczyty.csv         # file in the source directory, sheet of a workbook, table or view of a database
        encoding: cp1250          # CSV only; utf-8 otherwise
        delimiter: ";"            # CSV only; , otherwise
        columns:
          meter_external_id: ID_WODOMIERZA           # as it is
          read_on: {column: DATA, date: "%d.%m.%Y"}  # another way to write days
          value: {column: STAN, decimal: ",", scale: 0.001}
          used: {column: W, divide: 60}              # exact, rounded to six places
          starts_at: {column: CZAS, instant: {format: "%Y-%m-%d %H:%M:%S", zone: Europe/Warsaw}}
          kind: {column: RODZAJ, values: {R: remote, O: actual}, otherwise: actual}
          name: {columns: [IMIE, NAZWISKO], join: " "}
          service_point_external_ids: {column: PUNKTY, split: ","}
          commodity: {constant: water}
        ignore: [UWAGI]           # every other column is refused, not dropped
        changed: {column: ZMIENIONO, zone: Europe/Warsaw}  # when a row last changed: for --since and watch
        file: "odczyty-*.csv"     # watch only: names of files that are this table; `from` where absent

A value that cannot be read as the mapping says goes on unchanged: billing refuses its row with the reason.
"""

from datetime import tzinfo
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from ebok.billing.v1 import imports_pb2
from google.protobuf.descriptor import FieldDescriptor
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from connector.faults import CannotImport
from connector.values import zone_of

MAPPING_BYTES_MAX = 1024 * 1024
# In the order in which rows refer to each other, and the field of ImportRow that carries each.
KINDS: dict[str, tuple[str, Any]] = {
    "premises": ("premises", imports_pb2.PremisesRow),
    "service_points": ("service_point", imports_pb2.ServicePointRow),
    "meters": ("meter", imports_pb2.MeterRow),
    "customers": ("customer", imports_pb2.CustomerRow),
    "contracts": ("contract", imports_pb2.ContractRow),
    "readings": ("reading", imports_pb2.ReadingRow),
    "intervals": ("interval", imports_pb2.IntervalRow),
    "payments": ("payment", imports_pb2.PaymentRow),
}
NEEDED: dict[str, tuple[str, ...]] = {
    "premises": ("external_id", "building", "town"),
    "service_points": ("external_id", "premises_external_id", "commodity"),
    "meters": ("external_id", "service_point_external_id", "serial_number", "installed_on"),
    "customers": ("external_id", "number", "kind", "name"),
    "contracts": (
        "external_id", "number", "customer_external_id", "tariff_code", "starts_on", "service_point_external_ids",
    ),
    "readings": ("meter_external_id", "read_on", "value"),
    "intervals": ("meter_external_id", "starts_at", "used"),
    "payments": ("external_id", "customer_external_id", "booked_on", "amount"),
}  # fmt: skip


def _text(value: object) -> object:
    """YAML reads `7` and `yes` as a number and a truth; in a mapping they are words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Word = Annotated[str, BeforeValidator(_text)]


def _words_of(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {_text(key): _text(word) for key, word in value.items()}


class Instant(BaseModel):
    """How a source writes points in time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field(default="%Y-%m-%d %H:%M:%S", description="Its strptime form.")
    zone: Word | None = Field(default=None, description='Whose clocks: Europe/Warsaw, UTC or "+01:00".')

    @model_validator(mode="after")
    def _check_zone(self) -> Self:
        if self.zone is None and "%z" not in self.format:
            raise ValueError("`zone` is needed where the format has no offset (%z)")
        if self.zone is not None:
            zone_of(self.zone)
        return self

    @cached_property
    def clocks(self) -> tzinfo | None:
        """The zone."""
        return None if self.zone is None else zone_of(self.zone)


class Rule(BaseModel):
    """Where one field comes from and how it is rewritten."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = Field(default=None, description="The one column.")
    columns: tuple[str, ...] = Field(default=(), description="Several columns, joined when not empty.")
    join: str = Field(default=" ", description="What stands between joined columns.")
    constant: Word | None = Field(default=None, description="The same for each row.")
    date: str | None = Field(default=None, description="strptime form of the source's days.")
    decimal: Literal[",", "."] | None = Field(default=None, description="The source's decimal sign.")
    scale: Annotated[Decimal | None, BeforeValidator(_text)] = Field(
        default=None, description="Multiplies the value: 0.001 for litres to m³."
    )
    divide: Annotated[Decimal | None, BeforeValidator(_text)] = Field(
        default=None, description="Divides the value, rounded to six places: 60 for minutes to hours."
    )
    instant: Instant | None = Field(default=None, description="The source's way of writing points in time.")
    values: Annotated[dict[str, str], BeforeValidator(_words_of)] = Field(
        default_factory=dict, description="The source's word → ours."
    )
    otherwise: Word | None = Field(default=None, description="For an empty value or a word not in `values`.")
    split: str | None = Field(default=None, description="For lists: what stands between elements.")

    @model_validator(mode="after")
    def _check_one_origin(self) -> Self:
        if sum((self.column is not None, bool(self.columns), self.constant is not None)) != 1:
            raise ValueError("exactly one of column, columns, constant")
        if self.divide is not None and (not self.divide.is_finite() or not self.divide):
            raise ValueError("divide: a number that is not zero")
        if self.date is not None and self.instant is not None:
            raise ValueError("one of date, instant")
        return self

    @property
    def origins(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (self.column,) if self.column is not None else self.columns


class Changed(BaseModel):
    """Which column says when a row last changed, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(description="The column.")
    format: str | None = Field(default=None, description="strptime form of a text; ISO 8601 where absent.")
    zone: Word = Field(default="Europe/Warsaw", description="Whose clocks, where the value has no offset.")

    @model_validator(mode="after")
    def _check_zone(self) -> Self:
        zone_of(self.zone)
        return self

    @cached_property
    def clocks(self) -> tzinfo:
        """The zone."""
        return zone_of(self.zone)


def _rule(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Table(BaseModel):
    """One table of the source and the rows it gives."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    rows: str = Field(description="The kind of row.")
    origin: str = Field(alias="from", default="", description="File, sheet, table or view.")
    query: str = Field(default="", description="For databases: a SELECT instead of a table.")
    encoding: str = Field(default="utf-8-sig", description="Of a CSV file.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="Of a CSV file.")
    columns: dict[str, Annotated[Rule, BeforeValidator(_rule)]] = Field(min_length=1)
    ignore: tuple[str, ...] = Field(default=(), description="Columns that are known and not wanted.")
    changed: Annotated[Changed | None, BeforeValidator(_rule)] = Field(
        default=None, description="When a row last changed, for `--since` and `watch`."
    )
    file: str = Field(default="", description="For `watch`: names of files, with * and ?; else `from`.")

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.rows not in KINDS:
            raise ValueError(f"rows: {self.rows} – one of {', '.join(KINDS)}")
        fields = self.row_class.DESCRIPTOR.fields_by_name
        unknown = sorted(set(self.columns) - set(fields))
        if unknown:
            raise ValueError(f"no such fields of {self.rows}: {', '.join(unknown)}")
        missing = [name for name in NEEDED[self.rows] if name not in self.columns]
        if missing:
            raise ValueError(f"fields of {self.rows} without a column: {', '.join(missing)}")
        for name, rule in self.columns.items():
            if is_list(fields[name]) != (rule.split is not None):
                raise ValueError(f"{name}: `split` is for lists, and lists need it")
        return self

    @property
    def row_class(self) -> Any:
        """The message of its rows."""
        return KINDS[self.rows][1]

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that tell one row from another: its id's, else those of all fields it needs."""
        rule = self.columns.get("external_id")
        rules = [rule] if rule else [self.columns[name] for name in NEEDED[self.rows]]
        return tuple(dict.fromkeys(name for one in rules for name in one.origins))

    @property
    def known_columns(self) -> frozenset[str]:
        """Every column the mapping has a word for."""
        mapped = {name for rule in self.columns.values() for name in rule.origins}
        return frozenset(mapped | set(self.ignore) | ({self.changed.column} if self.changed else set()))


class Mapping(BaseModel):
    """A whole mapping file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    tables: tuple[Table, ...] = Field(min_length=1)

    def in_order(self) -> list[Table]:
        """Tables so that a row comes after those it refers to."""
        order = list(KINDS)
        return sorted(self.tables, key=lambda table: order.index(table.rows))


def is_list(field: FieldDescriptor) -> bool:
    """Whether a field of a row holds several values."""
    return bool(field.is_repeated)


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises CannotImport with every fault and its place."""
    try:
        if path.stat().st_size > MAPPING_BYTES_MAX:
            raise CannotImport(f"{path}: larger than {MAPPING_BYTES_MAX} bytes, this is no mapping file")
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Mapping.model_validate(plain)
    except (OSError, UnicodeDecodeError) as fault:
        raise CannotImport(f"{path}: cannot be read ({type(fault).__name__})") from None
    except yaml.YAMLError as fault:
        raise CannotImport(f"{path}: is not YAML: {fault}") from None
    except ValidationError as faulty:
        places = (
            f"  {'.'.join(str(step) for step in fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in faulty.errors(include_input=False)
        )
        raise CannotImport("\n".join([f"{path}:", *places])) from None
