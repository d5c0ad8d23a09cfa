"""Every knob of notify."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from chassis.config import PREFIX, Environment, PartConfig
from services.notify.domain.messages import Patience
from services.notify.domain.quiet_hours import QuietHours, read_quiet_hours

SMTP_SCHEMES = ("smtp", "smtp+starttls", "smtps")
REPORTS = "/webhooks/smsapi"
REPORT_TOKEN_LENGTH_MIN = 16
STEPS_OF_A_MAIL = (
    5  # MAIL, RCPT, DATA, the content; before them the last one's answer, or a connection made anew.
)


class NotifyConfig(PartConfig):
    """What can be set of notify beyond what every part has."""

    part: str = Field(default="notify", description="The name of this part.")
    smtp_url: SecretStr = Field(
        default=SecretStr("smtp://127.0.0.1:2525"),
        description="Mail server: smtp://, smtp+starttls:// or smtps:// user:password@host:port.",
    )
    smtp_ca_file: Path | None = Field(
        default=None, description="Certificates the mail server's is checked with; empty: the system's."
    )
    smtp_timeout_s: float = Field(
        default=20, gt=0, le=120, description="Longest wait for one answer of the mail server."
    )
    smtp_mails_max: int = Field(
        default=200, ge=1, le=10_000, description="Mails sent over one connection before it is renewed."
    )
    sender: str = Field(
        default="",
        max_length=200,
        description="Address mails come from; empty: the office's address of the settings.",
    )
    send_workers: int = Field(
        default=2, ge=1, le=32, description="Connections to the mail server that each worker uses at once."
    )
    send_batch: int = Field(default=200, ge=1, le=500, description="Mails a worker takes at once.")
    send_journal_dir: Path | None = Field(
        default=None,
        description="Directory on this machine for what was sent and not reported yet: mails of campaigns are then"
        " reported many at once, which is faster. Empty: each by itself.",
    )
    send_lease_s: int = Field(
        default=300, ge=1, le=3600, description="Time after which a worker's mails go to another one."
    )
    send_attempts_max: int = Field(
        default=16, ge=1, le=100, description="Attempts at one mail before it is given up."
    )
    retry_first_s: int = Field(
        default=15, ge=1, le=3600, description="Wait after the first attempt that failed; it doubles."
    )
    retry_longest_s: int = Field(
        default=1800, ge=1, le=86_400, description="Longest wait between two attempts."
    )
    contact_wait_s: int = Field(
        default=600,
        ge=0,
        le=86_400,
        description="How long a message waits for a customer who is not known yet.",
    )

    smsapi_token: SecretStr = Field(
        default=SecretStr(""), description="SMSAPI: token of the account; empty: no text messages are sent."
    )
    smsapi_url: str = Field(default="https://api.smsapi.pl", description="SMSAPI: its address.")
    smsapi_sender: str = Field(
        default="",
        max_length=11,
        description="SMSAPI: name texts come from, as approved there; empty: the account's.",
    )
    smsapi_timeout_s: float = Field(
        default=15, gt=0, le=60, description="SMSAPI: longest wait for an answer."
    )
    smsapi_parts_max: int = Field(
        default=4, ge=1, le=10, description="SMSAPI: parts that one text may be sent in; each is paid for."
    )
    smsapi_normalize: bool = Field(
        default=True, description="SMSAPI: Polish letters become plain ones, which takes fewer parts."
    )
    smsapi_report_url: str = Field(
        default="",
        description="SMSAPI: where it reports to, the portal's public address; empty: it is only asked.",
    )
    smsapi_report_token: SecretStr = Field(
        default=SecretStr(""),
        description="SMSAPI: last part of the reports' address, known to it alone, 16 characters or more.",
    )
    smsapi_ask_after_s: int = Field(
        default=900, ge=1, le=86_400, description="SMSAPI: it is asked about a text not reported for so long."
    )
    quiet_hours: str = Field(
        default="20:00-8:00",
        description="When no text messages and no marketing are sent, Polish time; empty: never quiet.",
    )
    reminders_from_hour: int = Field(
        default=9, ge=0, le=23, description="Reminders of a day are planned from this hour on, Polish time."
    )

    campaign_confirm_above: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="With more recipients than this, a campaign is sent only when their number was typed.",
    )
    sms_part_grosze: int = Field(
        default=7,
        ge=0,
        le=1000,
        description="Net price of one part of a text message, for the cost of campaigns; 0: not known.",
    )
    account_mails_days: int = Field(
        default=90, ge=7, le=3650, description="How long it is kept that a user was written to."
    )
    customer_mails_days: int = Field(
        default=1830, ge=60, le=3650, description="How long it is kept that a customer was written to."
    )

    @field_validator("smtp_ca_file", "send_journal_dir", mode="before")
    @classmethod
    def _read_no_path(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("smtp_url")
    @classmethod
    def _check_url(cls, value: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(value.get_secret_value())
            known = parts.scheme in SMTP_SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            raise ValueError("must be smtp://, smtp+starttls:// or smtps:// host:port")
        return value

    @field_validator("sender")
    @classmethod
    def _check_sender(cls, value: str) -> str:
        if value and (value.count("@") != 1 or not value.isprintable() or " " in value):
            raise ValueError("must be an e-mail address")
        return value

    @field_validator("smsapi_url", "smsapi_report_url")
    @classmethod
    def _check_web_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in ("http", "https") and parts.hostname):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("quiet_hours")
    @classmethod
    def _check_quiet_hours(cls, value: str) -> str:
        read_quiet_hours(value)
        return value

    @model_validator(mode="after")
    def _check_texts(self) -> Self:
        token = self.smsapi_report_token.get_secret_value()
        if self.smsapi_report_url and len(token) < REPORT_TOKEN_LENGTH_MIN:
            raise ValueError(
                f"{PREFIX}SMSAPI_REPORT_TOKEN: needed with {PREFIX}SMSAPI_REPORT_URL,"
                f" {REPORT_TOKEN_LENGTH_MIN} characters or more"
            )
        if token and not (token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
            raise ValueError(f"{PREFIX}SMSAPI_REPORT_TOKEN: letters, digits, - and _ only")
        return self

    @model_validator(mode="after")
    def _check_sending(self) -> Self:
        parts = urlsplit(self.smtp_url.get_secret_value())
        if self.environment is Environment.PRODUCTION and parts.password and parts.scheme == "smtp":
            raise ValueError(f"{PREFIX}SMTP_URL: production refuses to send a password in clear")
        if self.send_lease_s < self.mail_s_max:
            raise ValueError(f"{PREFIX}SEND_LEASE_S: must be {self.mail_s_max:.0f} or more with this timeout")
        return self

    @property
    def sealing_key_path(self) -> Path:
        """What sealed tokens are opened with."""
        return self.keys_dir / "private" / f"{self.part}.sealing.key"

    @property
    def mail_s_max(self) -> float:
        """The longest that one mail can take, in seconds."""
        return STEPS_OF_A_MAIL * self.smtp_timeout_s

    @property
    def has_sms(self) -> bool:
        """Whether text messages are sent here."""
        return bool(self.smsapi_token.get_secret_value())

    @property
    def quiet(self) -> QuietHours:
        """When telephones are left alone."""
        return read_quiet_hours(self.quiet_hours)

    @property
    def ask_after(self) -> timedelta:
        """How long we wait for a report before we ask."""
        return timedelta(seconds=self.smsapi_ask_after_s)

    @property
    def report_url(self) -> str:
        """Where SMSAPI reports to, its secret part included; empty: nowhere."""
        if not self.smsapi_report_url:
            return ""
        return f"{self.smsapi_report_url}{REPORTS}/{self.smsapi_report_token.get_secret_value()}"

    @property
    def patience(self) -> Patience:
        """The knobs that the domain asks for."""
        return Patience(
            contact_wait=timedelta(seconds=self.contact_wait_s),
            attempts_max=self.send_attempts_max,
            retry_first=timedelta(seconds=self.retry_first_s),
            retry_longest=timedelta(seconds=self.retry_longest_s),
        )
