"""Forms of master data: which fields a record has, what is chosen in them, and the row that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ebok.billing.v1 import imports_pb2, meters_pb2, tariffs_pb2
from ebok.billing.v1 import records_pb2 as pb
from ebok.common.v1.paging_pb2 import PageRequest
from flask_babel import LazyString

from chassis.errors import Invalid, NotFound
from gateway.console.words import COMMODITIES, commodity_word
from gateway.web import reasons
from gateway.web.amounts import digits_grouped
from gateway.web.calls import call, clients
from gateway.web.forms import Form
from gateway.web.languages import lazy_gettext as _l

QUERY_LENGTH_MAX = 100
CHOICES_SHOWN = 8
CHOSEN_MAX = 100
FIND = "find"  # The button that looks for records; before the name of a field, what is looked for.

Options = tuple[tuple[str, LazyString | str], ...]
COMMODITY_NAMES: dict[str, Any] = {
    meters_pb2.Commodity.Name(number).removeprefix("COMMODITY_").lower(): number for number in COMMODITIES
}
COMMODITY_OPTIONS: Options = tuple((name, COMMODITIES[number]) for name, number in COMMODITY_NAMES.items())
UNITS: Options = (("m3", "m³"), ("kWh", "kWh"), ("GJ", "GJ"))
YES_NO: Options = (("false", _l("no")), ("true", _l("yes")))


@dataclass(frozen=True)
class Field:
    """One field of a record's form, named as in a row. `of`: the kind of the records that are chosen in it."""

    name: str
    label: LazyString
    kind: str = "text"  # text, email, phone, numeric, date, select, tariff, one, many
    length_max: int = 200
    required: bool = False
    hint: LazyString | str = ""
    options: Options = ()
    of: int = 0


@dataclass(frozen=True)
class Noun:
    """One kind of record: its fields, and the pages on which it is made and changed."""

    kind: int
    message: str
    new: str
    page: str
    argument: str
    heading: LazyString
    icon: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Choice:
    """A record that may be chosen."""

    record_id: str
    external_id: str
    title: str
    sub: str


@dataclass
class Choices:
    """What a field that refers to records shows: what is chosen, and what was found."""

    chosen: list[Choice] = field(default_factory=list)
    found: list[Choice] = field(default_factory=list)

    def options(self) -> list[dict[str, str]]:
        """For the list of the form, the chosen ones first."""
        known = {one.record_id: one for one in [*self.chosen, *self.found]}
        return [{"value": one.record_id, "title": one.title, "sub": one.sub} for one in known.values()]


CUSTOMER = Noun(
    pb.RECORD_KIND_CUSTOMER,
    "customer",
    "console.new_customer",
    "console.customer_data",
    "customer_id",
    _l("New customer"),
    "person",
    (
        Field(
            "kind",
            _l("Kind"),
            "select",
            required=True,
            options=(("person", _l("person")), ("company", _l("company"))),
        ),
        Field("name", _l("Name"), required=True),
        Field("number", _l("Customer number"), length_max=40, required=True),
        Field("nip", _l("Tax number"), "numeric", length_max=20, hint=_l("Companies only.")),
        Field("email", _l("E-mail"), "email", length_max=254),
        Field("phone", _l("Telephone"), "phone", length_max=30),
        Field("address_line", _l("Address for letters"), length_max=140, hint=_l("Street, house, flat.")),
        Field("postcode", _l("Postcode"), length_max=10),
        Field("town", _l("Town"), length_max=80),
        Field(
            "language",
            _l("Language of letters"),
            "select",
            required=True,
            options=(("pl", "polski"), ("en", "English"), ("uk", "українська")),
        ),
        Field("e_invoice", _l("E-invoice"), "select", required=True, options=YES_NO),
        Field(
            "account_number",
            _l("Own account for transfers"),
            "numeric",
            length_max=40,
            hint=_l("26 digits. Empty: the provider's."),
        ),
    ),
)
PREMISES = Noun(
    pb.RECORD_KIND_PREMISES,
    "premises",
    "console.new_premises",
    "console.premises",
    "premises_id",
    _l("New premises"),
    "house",
    (
        Field("street", _l("Street"), length_max=100, hint=_l("Empty in a village without streets.")),
        Field("building", _l("House number"), length_max=20, required=True),
        Field("flat", _l("Flat"), length_max=20),
        Field("postcode", _l("Postcode"), length_max=10),
        Field("town", _l("Town"), length_max=80, required=True),
    ),
)
SERVICE_POINT = Noun(
    pb.RECORD_KIND_SERVICE_POINT,
    "service_point",
    "console.new_service_point",
    "console.service_point",
    "service_point_id",
    _l("New service point"),
    "geo-alt",
    (
        Field(
            "premises_external_id", _l("Served premises"), "one", required=True, of=pb.RECORD_KIND_PREMISES
        ),
        Field("commodity", _l("Commodity"), "select", required=True, options=COMMODITY_OPTIONS),
        Field("code", _l("Code of the point"), length_max=40, hint=_l("For example the PPE number.")),
    ),
)
METER = Noun(
    pb.RECORD_KIND_METER,
    "meter",
    "console.new_meter",
    "console.meter",
    "meter_id",
    _l("New meter"),
    "speedometer2",
    (
        Field(
            "service_point_external_id",
            _l("Service point"),
            "one",
            required=True,
            of=pb.RECORD_KIND_SERVICE_POINT,
        ),
        Field("serial_number", _l("Number on the meter"), length_max=40, required=True),
        Field("installed_on", _l("In use from"), "date", required=True),
        Field("removed_on", _l("In use until"), "date", hint=_l("Empty: still in use.")),
        Field("digits", _l("Digits before the comma"), "numeric", length_max=1, required=True),
        Field("unit", _l("Unit"), "select", required=True, options=UNITS),
        Field(
            "purpose",
            _l("What it measures"),
            "select",
            required=True,
            options=(("main", _l("all that is used")), ("garden", _l("the garden, behind the main meter"))),
        ),
    ),
)
CONTRACT = Noun(
    pb.RECORD_KIND_CONTRACT,
    "contract",
    "console.new_contract",
    "console.contract",
    "contract_id",
    _l("New contract"),
    "file-earmark-text",
    (
        Field("customer_external_id", _l("Customer"), "one", required=True, of=pb.RECORD_KIND_CUSTOMER),
        Field("service_point_external_ids", _l("Service points"), "many", of=pb.RECORD_KIND_SERVICE_POINT),
        Field("number", _l("Number of the contract"), length_max=60, required=True),
        Field("tariff_code", _l("Tariff"), "tariff", required=True),
        Field("starts_on", _l("First day"), "date", required=True),
        Field("ends_on", _l("Last day"), "date", hint=_l("Empty: without end.")),
        Field("signed_on", _l("Signed on"), "date"),
    ),
)
NOUNS = {noun.kind: noun for noun in (CUSTOMER, PREMISES, SERVICE_POINT, METER, CONTRACT)}
# What a new record has before anybody chose.
USUAL: dict[str, str] = {
    "kind": "person", "language": "pl", "e_invoice": "false", "commodity": "water", "digits": "5", "unit": "m3",
    "purpose": "main",
}  # fmt: skip


def message_of(record: pb.Record) -> Any:
    """The row's message of a record."""
    return getattr(record.row, NOUNS[record.kind].message)


def title_of(record: pb.Record) -> str:
    """What people call it; a point with what comes out of it, a meter in groups of digits."""
    if record.kind == pb.RECORD_KIND_SERVICE_POINT:
        commodity = commodity_word(COMMODITY_NAMES.get(record.row.service_point.commodity, 0))
        return f"{commodity}, {record.label}"
    return digits_grouped(record.label) if record.kind == pb.RECORD_KIND_METER else record.label


def choice_of(record: pb.Record) -> Choice:
    """A record as one of a list."""
    external_id = message_of(record).external_id
    return Choice(record.record_id, external_id, title_of(record), record.sub_label)


def initial_of(record: pb.Record) -> dict[str, str | list[str]]:
    """The fields of a record as they are kept."""
    message = message_of(record)
    values: dict[str, str | list[str]] = {}
    for one in NOUNS[record.kind].fields:
        if one.of:
            values[one.name] = [other.record_id for other in record.references if other.field == one.name]
        else:
            values[one.name] = getattr(message, one.name)
    return values


def open_fields(noun: Noun, record: pb.Record | None) -> list[Field]:
    """The fields that may be filled in here."""
    locked = set(record.locked_fields) if record is not None else set()
    return [one for one in noun.fields if one.name not in locked]


def load_choices(form: Form, noun: Noun, record: pb.Record | None, *, customer_id: str) -> dict[str, Choices]:
    """What is chosen and what is found for each field that refers to records; what is not there is marked."""
    found = {}
    for one in open_fields(noun, record):
        if one.of:
            choices = found[one.name] = Choices(chosen=_chosen(form, one))
            choices.found = _find(form, one, choices, customer_id=customer_id)
    return found


def _chosen(form: Form, one: Field) -> list[Choice]:
    ids = [value for value in dict.fromkeys(form.values(one.name)) if value][: CHOSEN_MAX + 1]
    if len(ids) > (CHOSEN_MAX if one.kind == "many" else 1):
        form.fail(one.name, reasons.field_sentence("TOO_MANY"))
        return []
    chosen = []
    for value in ids:
        try:
            wanted = pb.GetRecordRequest(kind=one.of, record_id=str(UUID(value)))  # type: ignore[arg-type]
            chosen.append(choice_of(call(clients().billing.records.GetRecord, wanted).record))
        except (ValueError, NotFound):
            form.fail(one.name, reasons.field_sentence("UNKNOWN"))
    return chosen


def _find(form: Form, one: Field, choices: Choices, *, customer_id: str) -> list[Choice]:
    name = f"{FIND}-{one.name}"
    query = form.text(name, required=False, length_max=QUERY_LENGTH_MAX) if form.sent else ""
    if form.errors.get(name):
        query = ""  # What cannot be looked for leaves the choice as it is without words.
    elif choices.chosen and one.kind == "one" and not query:
        return []
    if not query and choices.chosen:
        query = choices.chosen[0].title.partition(", ")[2].replace(",", " ")  # What else is at that address.
    wanted = pb.SearchRecordsRequest(kind=one.of, query=query[:QUERY_LENGTH_MAX])  # type: ignore[arg-type]
    wanted.page.CopyFrom(PageRequest(page_size=CHOICES_SHOWN))
    if not query and not form.sent and one.of != pb.RECORD_KIND_CUSTOMER:
        wanted.customer_id = customer_id
    try:
        records = call(clients().billing.records.SearchRecords, wanted).records
        if not records and wanted.customer_id:
            wanted.customer_id = ""
            records = call(clients().billing.records.SearchRecords, wanted).records
    except Invalid as refusal:
        form.refuse(refusal, fields={"query": name})
        wanted.query = ""
        records = call(clients().billing.records.SearchRecords, wanted).records
    return [choice_of(record) for record in records]


def read_row(
    form: Form, noun: Noun, record: pb.Record | None, choices: Mapping[str, Choices]
) -> imports_pb2.ImportRow:
    """The form as a row; what may not be changed here is as it was. Faults are marked at their fields."""
    row = imports_pb2.ImportRow()
    if record is not None:
        row.CopyFrom(record.row)
    message = getattr(row, noun.message)
    for one in open_fields(noun, record):
        if one.kind == "many":
            message.ClearField(one.name)
            getattr(message, one.name).extend(choice.external_id for choice in choices[one.name].chosen)
        elif one.kind == "one":
            chosen = choices[one.name].chosen
            if not chosen:
                form.fail(one.name, reasons.field_sentence("REQUIRED"))
            setattr(message, one.name, chosen[0].external_id if chosen else "")
        else:
            setattr(message, one.name, _read_value(form, one))
    message.SetInParent()
    return row


def _read_value(form: Form, one: Field) -> str:
    if one.kind == "date":
        day = form.day(one.name, required=one.required)
        return day.isoformat() if day else ""
    if one.kind == "select":
        return form.choice(one.name, [value for value, _word in one.options], required=one.required)
    return form.text(one.name, required=one.required, length_max=one.length_max)


def tariff_options() -> Sequence[tuple[str, str]]:
    """All tariffs by code."""
    tariffs = call(clients().billing.tariffs.ListTariffs, tariffs_pb2.ListTariffsRequest()).tariffs
    return [(one.code, one.code if one.name == one.code else f"{one.code}, {one.name}") for one in tariffs]
