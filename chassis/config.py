"""Configuration from the environment: `EBOK_<NAME>`, or `EBOK_<NAME>_FILE` for what is kept in a file.

All faults are reported at once, secrets are never printed, and every knob has a sentence in its description.
A part subclasses `PartConfig` and adds its own knobs in its `config.py`.
"""

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "EBOK_"


class ConfigFaulty(Exception):
    """The configuration cannot be used; `faults` has a sentence for each thing that is wrong."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "\n".join(["the configuration cannot be used:", *(f"  {fault}" for fault in faults)])
        )


class Environment(StrEnum):
    """Where we are; production refuses what helps a demonstration or a test."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _pairs(value: object) -> object:
    """`notify=127.0.0.1:7004,billing=…` → a dict of names and what stands behind them."""
    if not isinstance(value, str):
        return value
    pairs = {}
    for item in _split(value):
        name, separator, address = item.partition("=")
        if not separator or not name.strip() or not address.strip():
            raise ValueError(f"'{item}' is not name=value")
        pairs[name.strip()] = address.strip()
    return pairs


class PartConfig(BaseSettings):
    """The knobs every part has."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    part: str = Field(
        description="The name of this part, as other parts know it: billing, identity and so on."
    )
    environment: Environment = Field(default=Environment.PRODUCTION, description="production, demo or test.")
    listen: str = Field(default="127.0.0.1:7000", description="host:port the gRPC server listens on.")
    metrics_listen: str = Field(
        default="", description="host:port of the Prometheus metrics; empty: not served."
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), description="SQLAlchemy URL of this part's own database."
    )
    database_pool: int = Field(default=10, ge=1, le=100, description="Connections kept for requests.")
    statement_timeout_s: float = Field(
        default=10, gt=0, le=600, description="Longest statement of a request."
    )
    lock_timeout_s: float = Field(default=5, gt=0, le=600, description="Longest wait for a lock.")
    broker_url: SecretStr = Field(
        default=SecretStr(""),
        description="amqp(s):// URL of RabbitMQ; empty: events are handed over directly.",
    )
    subscribers: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Direct carrier: who gets this part's events, name=host:port with commas between.",
    )
    peers: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Services this part may read from, name=host:port with commas between; calls go in turn to all "
        "that a host stands for, or to several ip:port with | between.",
    )
    keys_dir: Path = Field(
        default=Path("var/keys"),
        description="Directory with public/<part>.pem of all parts and private/<part>.key of this one.",
    )
    clock_offset_file: Path | None = Field(
        default=None, description="File with seconds to add to the clock; refused in production."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    rpc_threads: int = Field(default=16, ge=1, le=256, description="Requests worked on at once.")
    rpc_waiting: int = Field(default=64, ge=0, le=10_000, description="Requests that may wait for a thread.")
    message_bytes_max: int = Field(
        default=4 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Largest gRPC message, in bytes."
    )
    drain_s: float = Field(default=10, ge=0, le=300, description="Time for running requests when stopping.")
    outbox_retention_hours: int = Field(
        default=72, ge=0, le=8760, description="How long published events are kept in the outbox."
    )
    inbox_retention_days: int = Field(
        default=60, ge=7, le=3650, description="How long handled events are remembered."
    )
    jobs_every_s: Annotated[dict[str, Annotated[float, Field(ge=0.05, le=86_400)]], NoDecode] = Field(
        default_factory=dict,
        description="Periodic jobs at another pace than their own, name=seconds with commas between.",
    )

    @field_validator("subscribers", "peers", "jobs_every_s", mode="before")
    @classmethod
    def _read_pairs(cls, value: object) -> object:
        return _pairs(value)

    @field_validator("clock_offset_file", mode="before")
    @classmethod
    def _read_absent(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _check_address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdigit() and int(port) < 65536):
            raise ValueError("must be host:port")
        return value

    @field_validator("log_level")
    @classmethod
    def _check_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("clock_offset_file")
    @classmethod
    def _check_offset(cls, value: Path | None, info: Any) -> Path | None:
        if value is not None and info.data.get("environment") == Environment.PRODUCTION:
            raise ValueError("production refuses a clock offset")
        return value

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        url = self.database_url.get_secret_value()
        if url and not url.startswith("postgresql"):
            raise ValueError(f"{PREFIX}DATABASE_URL: PostgreSQL only")
        return self

    @property
    def private_key_path(self) -> Path:
        """This part's own signing key."""
        return self.keys_dir / "private" / f"{self.part}.key"


ConfigType = TypeVar("ConfigType", bound=BaseSettings)


def load_config(config_class: type[ConfigType], **values: object) -> ConfigType:
    """Read the environment; every fault at once as `ConfigFaulty`, without the faulty values themselves."""
    faults: list[str] = []
    given = _read_files(config_class, faults) | values
    try:
        config = config_class(**given)  # type: ignore[arg-type]
    except ValidationError as faulty:
        faults.extend(_sentence(fault) for fault in faulty.errors(include_input=False))
    if faults:
        raise ConfigFaulty(faults)
    return config


def _read_files(config_class: type[BaseSettings], faults: list[str]) -> dict[str, object]:
    """`EBOK_DATABASE_URL_FILE=/run/secrets/x` gives `database_url` the content of the file."""
    found: dict[str, object] = {}
    for name in config_class.model_fields:
        variable = f"{PREFIX}{name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if not path or f"{name}_file" in config_class.model_fields:
            continue
        if variable in os.environ:
            faults.append(f"{variable}: given twice, also as {variable}_FILE")
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            faults.append(f"{variable}_FILE: cannot be read: {type(fault).__name__}")
    return found


def _sentence(fault: Any) -> str:
    name = "_".join(str(place).upper() for place in fault["loc"][:1])
    words = str(fault["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{name}: {words}" if name else words


def describe(config: BaseSettings) -> list[str]:
    """One line for each knob, `EBOK_NAME=value  # sentence`, with secrets masked."""
    lines = []
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, SecretStr):
            shown = "********" if value.get_secret_value() else ""
        elif isinstance(value, dict):
            shown = ",".join(f"{key}={item}" for key, item in value.items())
        else:
            shown = "" if value is None else str(value)
        lines.append(f"{PREFIX}{name.upper()}={shown}  # {field.description or ''}".rstrip())
    return lines
