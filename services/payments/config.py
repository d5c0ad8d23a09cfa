"""Every knob of payments."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from chassis.config import PREFIX, Environment, PartConfig

RETURN_PATH = "/platnosci/{payment_id}/powrot"
WEBHOOKS = "/webhooks"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class PaymentsConfig(PartConfig):
    """What can be set of payments beyond what every part has. A provider without its settings is not offered."""

    part: str = Field(default="payments", description="The name of this part.")
    public_url: str = Field(
        default="http://localhost:8080", description="Where people reach the portal; payers come back there."
    )
    webhook_url: str = Field(
        default="", description="Where providers reach the portal's /webhooks; empty: the public address."
    )
    przelewy24_url: str = Field(
        default="",
        description="Przelewy24: https://secure.przelewy24.pl, or its sandbox; empty: not offered.",
    )
    przelewy24_merchant_id: int = Field(default=0, ge=0, description="Przelewy24: number of the merchant.")
    przelewy24_pos_id: int = Field(
        default=0, ge=0, description="Przelewy24: number of the shop; 0: the merchant's."
    )
    przelewy24_crc: SecretStr = Field(
        default=SecretStr(""), description="Przelewy24: CRC key, for signatures."
    )
    przelewy24_api_key: SecretStr = Field(
        default=SecretStr(""), description="Przelewy24: key to the reports, the password of calls."
    )
    payu_url: str = Field(
        default="", description="PayU: https://secure.payu.com, or its sandbox; empty: not offered."
    )
    payu_pos_id: str = Field(default="", max_length=20, description="PayU: number of the shop (POS).")
    payu_second_key: SecretStr = Field(
        default=SecretStr(""), description="PayU: second key (MD5), for signatures."
    )
    payu_client_id: str = Field(
        default="", max_length=20, description="PayU: OAuth client, often the shop's."
    )
    payu_client_secret: SecretStr = Field(
        default=SecretStr(""), description="PayU: password of the OAuth client."
    )
    provider_connect_s: float = Field(
        default=3, gt=0, le=15, description="Longest wait for a connection to a provider."
    )
    provider_answer_s: float = Field(
        default=10, gt=0, le=15, description="Longest wait for a provider to go on with its answer."
    )
    methods_wait_s: float = Field(
        default=1.2,
        gt=0,
        le=15,
        description="Longest that a page waits for a provider's list of ways to pay; then it offers its own page.",
    )
    judge_workers: int = Field(
        default=4, ge=1, le=32, description="Messages of providers that are judged at the same time."
    )
    check_workers: int = Field(
        default=4, ge=1, le=32, description="Payments that providers are asked about at the same time."
    )
    exchanges_kept_days: int = Field(
        default=1830, ge=60, le=3650, description="How long it is kept what was said about payments."
    )
    strangers_kept_days: int = Field(
        default=30, ge=1, le=3650, description="How long it is kept what was said about no payment of ours."
    )

    @field_validator("public_url", "webhook_url", "przelewy24_url", "payu_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in ("http", "https") and parts.hostname):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_providers(self) -> Self:
        faults = [
            *_lacking("PRZELEWY24", self.przelewy24_url, self._przelewy24),
            *_lacking("PAYU", self.payu_url, self._payu),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        for url in (self.przelewy24_url, self.payu_url):
            parts = urlsplit(url)
            plain = parts.scheme == "http" and parts.hostname not in LOOPBACK
            if plain and self.environment is Environment.PRODUCTION:
                raise ValueError(f"{url}: production asks providers by https only")
        return self

    @property
    def _przelewy24(self) -> dict[str, object]:
        return {
            "MERCHANT_ID": self.przelewy24_merchant_id,
            "CRC": self.przelewy24_crc.get_secret_value(),
            "API_KEY": self.przelewy24_api_key.get_secret_value(),
        }

    @property
    def _payu(self) -> dict[str, object]:
        return {
            "POS_ID": self.payu_pos_id,
            "SECOND_KEY": self.payu_second_key.get_secret_value(),
            "CLIENT_ID": self.payu_client_id,
            "CLIENT_SECRET": self.payu_client_secret.get_secret_value(),
        }

    @property
    def return_url(self) -> str:
        """Where a payer comes back to, with {payment_id}."""
        return self.public_url + RETURN_PATH

    def webhook(self, path: str) -> str:
        """Where a provider's messages go: `webhook("payu")`."""
        return f"{self.webhook_url or self.public_url}{WEBHOOKS}/{path}"


def _lacking(provider: str, url: str, settings: dict[str, object]) -> list[str]:
    """A sentence for each setting that a provider with an address lacks."""
    if not url:
        return []
    return [
        f"{PREFIX}{provider}_{name}: needed with {PREFIX}{provider}_URL"
        for name, value in settings.items()
        if not value
    ]
