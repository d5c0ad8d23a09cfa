"""Every knob of the gateway. The gateway holds no database: of the common knobs it uses keys, clock and logs."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from chassis.config import PartConfig

WEBHOOK_PROVIDERS = ("przelewy24", "payu", "smsapi")
Networks = tuple[IPv4Network | IPv6Network, ...]


class GatewayConfig(PartConfig):
    """Knobs of the portal and the console."""

    part: str = Field(default="gateway", description="The name of this part.")
    identity: str = Field(default="127.0.0.1:7001", description="host:port of identity.")
    billing: str = Field(default="127.0.0.1:7002", description="host:port of billing.")
    payments: str = Field(default="127.0.0.1:7005", description="host:port of payments.")
    notify: str = Field(default="127.0.0.1:7004", description="host:port of notify.")
    tickets: str = Field(default="127.0.0.1:7003", description="host:port of tickets.")
    secret_key: SecretStr = Field(description="Signs cookies and form tokens; at least 32 characters.")
    public_url: str = Field(
        default="http://localhost:8080",
        description="Where people reach the gateway; https:// switches on HSTS and Secure cookies.",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=5,
        description="Reverse proxies in front whose X-Forwarded-* headers are believed.",
    )
    call_timeout_s: float = Field(
        default=3, gt=0, le=60, description="Deadline of an ordinary call to a service."
    )
    document_timeout_s: float = Field(
        default=20, gt=0, le=120, description="Deadline of a call that renders documents."
    )
    form_bytes_max: int = Field(default=256 * 1024, ge=1024, description="Largest request body, in bytes.")
    settings_seconds: int = Field(
        default=30, ge=0, le=3600, description="How long the provider's settings are remembered."
    )
    webhook_senders: Annotated[dict[str, Networks], NoDecode] = Field(
        default_factory=dict,
        description="Where providers notify from: przelewy24=5.252.202.254 193.178.213.0/24,payu=…,smsapi=…; "
        "a provider that is not named may come from anywhere.",
    )

    @field_validator("secret_key")
    @classmethod
    def _check_secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("webhook_senders", mode="before")
    @classmethod
    def _read_senders(cls, value: object) -> object:
        pairs = cls._read_pairs(value)
        if not isinstance(pairs, dict):
            return pairs
        if unknown := sorted(set(pairs) - set(WEBHOOK_PROVIDERS)):
            raise ValueError(f"{unknown[0]} is none of {', '.join(WEBHOOK_PROVIDERS)}")
        return {name: text.split() if isinstance(text, str) else text for name, text in pairs.items()}

    @field_validator("public_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return self.public_url.startswith("https://")
