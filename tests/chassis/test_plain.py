"""The plain modules: money, ids, clock, wire, configuration, keys and sealing."""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from google.protobuf import timestamp_pb2
from google.type import date_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import keys, sealing, wire
from chassis.clock import LOOKS_EVERY_S, FixedClock, SystemClock, warsaw_date
from chassis.config import ConfigFaulty, PartConfig, describe, load_config
from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.money import Money, sum_money

ROUNDED = [
    ("0", 0),
    ("0.004", 0),
    ("0.005", 1),
    ("-0.005", -1),
    ("0.0049999", 0),
    ("1.115", 112),
    ("2.675", 268),
    ("-2.675", -268),
    ("123.45", 12345),
    ("99999999.995", 10_000_000_000),
]


@pytest.mark.parametrize(("zloty", "grosze"), ROUNDED)
def test_money_rounds_half_up(zloty, grosze):
    assert Money.rounded(Decimal(zloty)).grosze == grosze


amounts = st.integers(min_value=-(10**15), max_value=10**15).map(Money)


@given(st.lists(amounts))
def test_sum_of_money_is_the_sum_of_grosze(values):
    assert sum_money(values).grosze == sum(one.grosze for one in values)


@given(amounts, amounts)
def test_money_adds_subtracts_and_compares(one, other):
    assert one + other - other == one
    assert Money(0) - one == -one
    assert (one < other) == (one.grosze < other.grosze)
    assert bool(one) == (one.grosze != 0)
    assert Money.rounded(one.decimal) == one


def test_money_refuses_what_is_not_whole_grosze():
    for wrong in (1.5, "1", True, None):
        with pytest.raises(TypeError):
            Money(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money.rounded(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(1) * 2  # type: ignore[operator]
    with pytest.raises(OverflowError):
        Money(2**63)


def test_ids_are_versions_seven_in_order():
    made = [new_id() for _ in range(1000)]
    assert all(one.version == 7 for one in made)
    assert made == sorted(made)
    assert len(set(made)) == 1000


# The clock.


def test_clock_without_a_file_is_the_machines():
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_clock_adds_the_shared_offset_and_sees_it_change(tmp_path):
    path = tmp_path / "offset"
    clock = SystemClock(path)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    path.write_text(f"{30 * 86400}\n")
    time.sleep(LOOKS_EVERY_S)
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=30)) < timedelta(seconds=1)
    path.write_text("0")
    os.utime(path, ns=(1, 1))
    time.sleep(LOOKS_EVERY_S)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    path.unlink()
    time.sleep(LOOKS_EVERY_S)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_clock_refuses_an_absurd_offset(tmp_path):
    path = tmp_path / "offset"
    path.write_text(str(20 * 366 * 86400))
    with pytest.raises(ValueError, match="exceeds"):
        SystemClock(path).now()


def test_warsaw_day_begins_before_the_utc_day():
    assert warsaw_date(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == date(2026, 7, 2)
    assert warsaw_date(datetime(2026, 1, 1, 22, 30, tzinfo=UTC)) == date(2026, 1, 1)


def test_fixed_clock_stands_until_told():
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.advance(timedelta(days=1))
    assert clock.now().day == 2


# The wire.


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 2)))  # noqa: DTZ001
def test_instants_come_back(instant):
    assert wire.unpack_instant(wire.pack_instant(instant)) == instant


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_days_come_back(day):
    assert wire.unpack_date(wire.pack_date(day)) == day


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_decimals_come_back(value):
    assert wire.unpack_decimal(wire.pack_decimal(value)) == value


def test_ids_and_money_come_back():
    value = new_id()
    assert wire.unpack_id(wire.pack_id(value)) == value
    assert wire.unpack_money(wire.pack_money(Money(-5))) == Money(-5)


@pytest.mark.parametrize(
    ("unpack", "value", "reason"),
    [
        (wire.unpack_id, "", "REQUIRED"),
        (wire.unpack_id, "x", "MALFORMED"),
        (wire.unpack_date, date_pb2.Date(), "REQUIRED"),
        (wire.unpack_date, date_pb2.Date(year=2026, month=2, day=30), "MALFORMED"),
        (wire.unpack_date, date_pb2.Date(year=2026), "MALFORMED"),
        (wire.unpack_date, date_pb2.Date(year=1, month=1, day=1), "OUT_OF_RANGE"),
        (wire.unpack_date, date_pb2.Date(year=9999, month=12, day=31), "OUT_OF_RANGE"),
        (wire.unpack_optional_date, date_pb2.Date(year=1899, month=12, day=31), "OUT_OF_RANGE"),
        (wire.unpack_instant, timestamp_pb2.Timestamp(), "REQUIRED"),
        (wire.unpack_instant, timestamp_pb2.Timestamp(seconds=10**15), "OUT_OF_RANGE"),
        (wire.unpack_decimal, "", "REQUIRED"),
        (wire.unpack_decimal, "1e9", "MALFORMED"),
        (wire.unpack_decimal, "Infinity", "MALFORMED"),
        (wire.unpack_decimal, "1" * 40, "TOO_LONG"),
    ],
)
def test_what_cannot_be_unpacked_names_its_field(unpack, value, reason):
    with pytest.raises(Invalid) as caught:
        unpack(value, field="rows[2].thing")
    [violation] = caught.value.violations
    assert (violation.field, violation.reason) == ("rows[2].thing", reason)


def test_absent_values_unpack_to_none():
    assert wire.unpack_optional_id("") is None
    assert wire.unpack_optional_date(date_pb2.Date()) is None
    assert wire.unpack_optional_instant(timestamp_pb2.Timestamp()) is None
    assert wire.unpack_optional_decimal("") is None
    assert wire.unpack_optional_money(None) is None


# Configuration.


@pytest.fixture
def environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("EBOK_"):
            monkeypatch.delenv(name)
    return lambda **values: [monkeypatch.setenv(f"EBOK_{key}", value) for key, value in values.items()]


def test_every_fault_of_the_configuration_comes_at_once(environment):
    environment(
        LISTEN="nowhere", RPC_THREADS="many", LOG_LEVEL="LOUD", DATABASE_URL="mysql://x", PEERS="billing"
    )
    with pytest.raises(ConfigFaulty) as caught:
        load_config(PartConfig, part="billing")
    told = "\n".join(caught.value.faults)
    for name in ("EBOK_LISTEN", "EBOK_RPC_THREADS", "EBOK_LOG_LEVEL", "EBOK_PEERS"):
        assert name in told
    assert "nowhere" not in told


def test_secrets_come_from_files_and_are_never_shown(environment, tmp_path):
    secret = tmp_path / "url"
    secret.write_text("postgresql+psycopg://u:hunter2@db/x\n")
    environment(DATABASE_URL_FILE=str(secret))
    config = load_config(PartConfig, part="billing")
    assert config.database_url.get_secret_value().endswith("/x")
    shown = "\n".join(describe(config)) + repr(config)
    assert "hunter2" not in shown
    assert "EBOK_DATABASE_URL=********" in shown


def test_missing_secret_file_and_double_naming_are_faults(environment, tmp_path):
    environment(
        DATABASE_URL_FILE=str(tmp_path / "absent"),
        BROKER_URL="amqp://x",
        BROKER_URL_FILE=str(tmp_path / "absent"),
    )
    with pytest.raises(ConfigFaulty) as caught:
        load_config(PartConfig, part="billing")
    assert len(caught.value.faults) == 3


def test_production_refuses_a_clock_offset(environment, tmp_path):
    environment(CLOCK_OFFSET_FILE=str(tmp_path / "offset"))
    with pytest.raises(ConfigFaulty, match="production refuses"):
        load_config(PartConfig, part="billing")
    environment(ENVIRONMENT="demo")
    assert load_config(PartConfig, part="billing").clock_offset_file == tmp_path / "offset"


def test_peers_and_subscribers_are_named_addresses(environment):
    environment(PEERS="billing=127.0.0.1:7002, notify=127.0.0.1:7004", SUBSCRIBERS="")
    config = load_config(PartConfig, part="identity")
    assert config.peers == {"billing": "127.0.0.1:7002", "notify": "127.0.0.1:7004"}
    assert config.subscribers == {}


# Keys and seals.


def test_keys_are_made_once_and_private_ones_are_private(tmp_path):
    keys.generate(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    keys.generate(tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for path in (tmp_path / "private").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_sealed_content_is_read_by_its_reader_alone(tmp_path):
    keys.generate(tmp_path / "one", [])
    keys.generate(tmp_path / "two", [])
    public = (tmp_path / "one/public/sealing/notify.pem").read_bytes()
    own = sealing.load_sealing_key(tmp_path / "one/private/notify.sealing.key")
    stranger = sealing.load_sealing_key(tmp_path / "two/private/notify.sealing.key")
    sealed = sealing.seal(public, b"token")
    assert b"token" not in sealed
    assert sealing.unseal(own, sealed) == b"token"
    assert sealing.seal(public, b"token") != sealed
    for key, content in (
        (stranger, sealed),
        (own, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (own, b""),
        (own, b"x" * 100),
    ):
        with pytest.raises(sealing.SealBroken):
            sealing.unseal(key, content)


# Imports.

PLAIN = [
    "chassis.errors",
    "chassis.money",
    "chassis.ids",
    "chassis.clock",
    "chassis.actors",
    "chassis.columns",
    "chassis.keyset",
    "chassis.wire",
    "chassis.acts",
    "chassis.tracing",
    "chassis.database",
    "chassis.messaging.outbox",
]


def test_what_the_domain_may_use_brings_no_wire_along():
    """The domain's import closure stays free of grpc and pika, also through us."""
    program = (
        f"import importlib, sys; [importlib.import_module(one) for one in {PLAIN}];"
        "print([one for one in ('grpc', 'pika', 'flask', 'jinja2', 'reportlab') if one in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'gen'}"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_only_the_carrier_knows_pika():
    root = Path(__file__).resolve().parents[2] / "chassis"
    users = [str(path.relative_to(root)) for path in root.rglob("*.py") if "import pika" in path.read_text()]
    assert users == ["messaging/carriers/amqp.py"]
