"""The draft of a tariff as a form of rows that works without a script: rows are added and taken away by sending it.

Fields are `name-0`, `price-0` …; `rows` says how many there are. What was typed stays, also in rows that move up.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from ebok.billing.v1 import tariffs_pb2
from werkzeug.datastructures import MultiDict

from chassis import wire
from chassis.errors import Refusal
from gateway.console.inputs import refuse_at
from gateway.console.words import COMMODITIES
from gateway.web import reasons
from gateway.web.amounts import number_text
from gateway.web.days import date_of
from gateway.web.forms import Form
from gateway.web.languages import gettext as _

COLUMNS = ("name", "commodity", "basis", "price", "unit", "vat_rate", "ratio", "ratio_of")
ROWS_MAX = 50
NAME_LENGTH_MAX = 80
DECISION_LENGTH_MAX = 80
SOURCE_LENGTH_MAX = 300
VAT_RATES = ("23", "8", "5", "0", "ZW")
MEASURED_UNITS = ("m3", "kWh", "GJ")
UNITS = (*MEASURED_UNITS, "month")
BASES = {
    "per_unit": tariffs_pb2.CHARGE_BASIS_PER_UNIT,
    "fixed": tariffs_pb2.CHARGE_BASIS_FIXED,
    "ratio": tariffs_pb2.CHARGE_BASIS_RATIO,
}
BASE_NAMES = {number: name for name, number in BASES.items()}
COMMODITY_VALUES = tuple(str(number) for number in COMMODITIES)
HUNDRED = Decimal(100)
_PLACE = re.compile(r"components\[(\d+)\](?:\.(\w+))?")


def _decimal_text(value: str) -> str:
    """A price as people type it: `6,53`."""
    return number_text(Decimal(value), least=2, most=6).replace("\u00a0", "") if value else ""


def initial_of(version: tariffs_pb2.TariffVersion) -> dict[str, str]:
    """The fields of a draft as it is kept."""
    day = date_of(version.valid_from)
    fields = {
        "valid_from": day.isoformat() if day else "",
        "decision": version.decision,
        "source": version.source,
        "rows": str(len(version.components)),
    }
    for index, one in enumerate(version.components):
        values = {
            "name": one.name,
            "commodity": str(one.commodity),
            "basis": BASE_NAMES.get(one.basis, ""),
            "price": _decimal_text(one.price),
            "unit": one.unit,
            "vat_rate": one.vat_rate,
            "ratio": number_text(Decimal(one.ratio) * HUNDRED, most=6) if one.ratio else "",
            "ratio_of": str(one.ratio_of) if one.ratio_of else "",
        }
        fields |= {f"{column}-{index}": values[column] for column in COLUMNS}
    return fields


def row_count(form: Form) -> int:
    """How many rows the form shows; whatever the address claims, at most fifty."""
    said = form.value("rows")
    return min(int(said), ROWS_MAX) if said.isascii() and said.isdigit() and len(said) < 4 else 0


def rearranged(typed: MultiDict[str, str]) -> tuple[MultiDict[str, str], bool]:
    """What was typed, with a row added or taken away when that was asked for; and whether it was."""
    form = Form(typed)
    rows = [
        {column: typed.get(f"{column}-{index}", "") for column in COLUMNS} for index in range(row_count(form))
    ]
    gone = typed.get("remove", "")
    if "add" in typed and len(rows) < ROWS_MAX:
        rows.append(dict.fromkeys(COLUMNS, ""))
    elif gone.isascii() and gone.isdigit() and len(gone) < 4 and int(gone) < len(rows):
        del rows[int(gone)]
    elif "add" not in typed:
        return typed, False
    changed = MultiDict(
        (name, value)
        for name, value in typed.items()
        if name not in ("add", "remove") and name.rpartition("-")[0] not in COLUMNS
    )
    changed["rows"] = str(len(rows))
    for index, row in enumerate(rows):
        for column, value in row.items():
            changed[f"{column}-{index}"] = value
    return changed, True


def read_components(form: Form) -> list[tariffs_pb2.TariffComponent]:
    """The rows as components; every fault is marked at its field."""
    count = row_count(form)
    if not count:
        form.stop(_("Add at least one component."), status=422)
    return [_read_row(form, index) for index in range(count)]


def _read_row(form: Form, index: int) -> tariffs_pb2.TariffComponent:
    basis = BASES.get(form.choice(f"basis-{index}", BASES), 0)
    fixed, shared = basis == BASES["fixed"], basis == BASES["ratio"]
    unit = "month" if fixed else form.choice(f"unit-{index}", UNITS)
    if unit == "month" and not fixed and basis:
        form.fail(f"unit-{index}", _("Choose the unit that is measured."))
    ratio = form.number(f"ratio-{index}", required=shared)
    commodity = form.choice(f"commodity-{index}", COMMODITY_VALUES)
    ratio_of = form.choice(f"ratio_of-{index}", COMMODITY_VALUES, required=shared)
    if not shared and (ratio is not None or ratio_of):
        place = "ratio" if ratio is not None else "ratio_of"
        form.fail(f"{place}-{index}", reasons.field_sentence("ONLY_FOR_RATIO"))
    price = form.number(f"price-{index}")
    return tariffs_pb2.TariffComponent(
        name=form.text(f"name-{index}", length_max=NAME_LENGTH_MAX),
        commodity=int(commodity or 0),  # type: ignore[arg-type]
        basis=basis,  # type: ignore[arg-type]
        price=_plain(price),
        vat_rate=form.choice(f"vat_rate-{index}", VAT_RATES),
        ratio=_plain(ratio / HUNDRED) if shared and ratio is not None else "",
        ratio_of=int(ratio_of or 0) if shared else 0,  # type: ignore[arg-type]
        unit=unit,
    )


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def read_draft(form: Form, tariff_version_id: str) -> tariffs_pb2.UpdateTariffVersionRequest | None:
    """The whole form as a request; None when something is marked."""
    day = form.day("valid_from")
    decision = form.text("decision", required=False, length_max=DECISION_LENGTH_MAX)
    source = form.text("source", required=False, length_max=SOURCE_LENGTH_MAX)
    components = read_components(form)
    if not form.ok or day is None:
        return None
    return tariffs_pb2.UpdateTariffVersionRequest(
        tariff_version_id=tariff_version_id,
        valid_from=wire.pack_date(day),
        decision=decision,
        source=source,
        components=components,
    )


def refuse_draft(form: Form, refusal: Refusal) -> None:
    """Faults of components go to their rows; a day that is taken to its field."""
    shown = False
    for violation in refusal.violations:
        found = _PLACE.fullmatch(violation.field)
        if found and int(found[1]) < row_count(form):
            form.fail(f"{found[2] or 'name'}-{found[1]}", reasons.field_sentence(violation.reason))
            shown = True
    if not shown:
        refuse_at(form, refusal, {"TARIFF_VERSION_EXISTS": "valid_from"}, fields={})


def bad_rows(form: Form, rows: Sequence[int]) -> set[int]:
    """Rows whose details hold a fault: they are shown open."""
    details = ("commodity", "basis", "unit", "vat_rate", "ratio", "ratio_of")
    return {row for row in rows if any(form.errors.get(f"{name}-{row}") for name in details)}
