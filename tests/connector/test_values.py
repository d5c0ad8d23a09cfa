"""Cells rewritten by the rules of a mapping: worked examples."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector import values
from connector.mapping import Table
from connector.rows import row_maker


@pytest.mark.parametrize(
    ("text", "divisor", "expected"),
    [
        ("60", "60", "1"),
        ("1", "60", "0.016667"),
        ("4.216", "60", "0.070267"),
        ("0.00003", "60", "0.000001"),  # 0.0000005, half away from zero
        ("0.000029", "60", "0"),
        ("-0.00003", "60", "-0.000001"),
        ("100", "8", "12.5"),
        ("6000", "60", "100"),
        ("1", "0.25", "4"),
        ("99999999999999.999999", "3", "33333333333333.333333"),
        ("NaN", "60", "NaN"),
        ("1e999999", "60", "1e999999"),
        ("?", "60", "?"),
        ("", "60", ""),
    ],
)
def test_division_is_exact_and_rounded_once_to_six_places(text, divisor, expected):
    assert values.divided(text, Decimal(divisor)) == expected


def test_scaling_never_spells_out_a_monstrous_exponent():
    assert values.scaled("1e999999", Decimal("0.001")) == "1e999999"
    assert values.scaled("12500", Decimal("0.001")) == "12.5"


USUAL = "%Y-%m-%d %H:%M:%S"


@pytest.mark.parametrize(
    ("text", "form", "zone", "expected"),
    [
        ("2026-11-30 13:00:00", USUAL, "Europe/Warsaw", "2026-11-30T13:00+01:00"),
        ("2026-07-01 13:00:00", USUAL, "Europe/Warsaw", "2026-07-01T13:00+02:00"),
        ("2026-07-01 13:00:00", USUAL, "+01:00", "2026-07-01T13:00+01:00"),
        ("2026-07-01 13:00:00", USUAL, "-05:30", "2026-07-01T13:00-05:30"),
        ("2026-07-01 13:00:00", USUAL, "UTC", "2026-07-01T13:00+00:00"),
        ("01.07.2026 13:15", "%d.%m.%Y %H:%M", "Europe/Warsaw", "2026-07-01T13:15+02:00"),
        ("2026-07-01 13:15:20", USUAL, "Europe/Warsaw", "2026-07-01T13:15:20+02:00"),
        ("2026-10-25 02:30:00", USUAL, "Europe/Warsaw", "2026-10-25T02:30+02:00"),  # twice: the first
        ("2026-10-25 02:30:00+0100", USUAL + "%z", "Europe/Warsaw", "2026-10-25T02:30+01:00"),
        ("2026-03-29 02:30:00", USUAL, "Europe/Warsaw", "2026-03-29 02:30:00"),  # never
        ("2026-02-30 02:30:00", USUAL, "Europe/Warsaw", "2026-02-30 02:30:00"),
        ("wczoraj", USUAL, "Europe/Warsaw", "wczoraj"),
    ],
)
def test_instants_get_the_offset_of_the_place_on_that_day(text, form, zone, expected):
    assert values.instant(text, form, values.zone_of(zone)) == expected


def _table(**columns: object) -> Table:
    needed = {"meter_external_id": "M", "starts_at": "T", "used": "U"}
    return Table.model_validate({"rows": "intervals", "from": "x", "columns": needed | columns})


def test_an_hour_of_use_is_made_from_a_file_of_mean_watts_and_of_a_database_s_own_instants():
    make = row_maker(
        _table(
            starts_at={"column": "T", "instant": {"zone": "Europe/Warsaw"}},
            used={"column": "U", "divide": 60},
        )
    )

    of_file = make(1, {"M": "L1", "T": "2026-11-30 13:00:00", "U": "90"}).interval
    of_workbook = make(2, {"M": "L1", "T": datetime(2026, 11, 30, 13), "U": 90.0}).interval  # noqa: DTZ001
    of_database = make(3, {"M": "L1", "T": datetime(2026, 11, 30, 12, tzinfo=UTC), "U": Decimal(90)}).interval

    assert (of_file.starts_at, of_file.used) == ("2026-11-30T13:00+01:00", "1.5")
    assert of_workbook == of_file
    assert of_database.starts_at == "2026-11-30T12:00+00:00"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"column": "U", "divide": 0}, "not zero"),
        ({"column": "U", "divide": "x"}, "decimal"),
        ({"column": "T", "instant": {}}, "zone"),
        ({"column": "T", "instant": {"zone": "Europe/Zdrój"}}, "Europe/Zdrój"),
        ({"column": "T", "instant": {"zone": 600}}, "600"),
        ({"column": "T", "instant": {"zone": "UTC"}, "date": "%Y"}, "one of date, instant"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule, said):
    with pytest.raises(ValueError, match=said):
        _table(used=rule)
