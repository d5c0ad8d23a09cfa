"""Every knob of tickets."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from chassis.config import PREFIX, Environment, PartConfig
from chassis.files import Bucket, Directory, Files

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class TicketsConfig(PartConfig):
    """What can be set of tickets beyond what every part has."""

    part: str = Field(default="tickets", description="The name of this part.")
    files_dir: Path = Field(
        default=Path("var/tickets/files"),
        description="Where the files of cases are kept, unless in S3; the same for all replicas.",
    )
    files_s3_url: str = Field(
        default="", description="S3, or what speaks it, for the files of cases; empty: the directory."
    )
    files_s3_bucket: str = Field(
        default="", max_length=63, description="S3: the bucket, for these files alone."
    )
    files_s3_region: str = Field(default="eu-central-1", max_length=40, description="S3: the region.")
    files_s3_key_id: str = Field(default="", max_length=128, description="S3: id of the access key.")
    files_s3_secret: SecretStr = Field(default=SecretStr(""), description="S3: the access key's secret.")

    @field_validator("files_s3_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in ("http", "https") and parts.hostname):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_s3(self) -> Self:
        if not self.files_s3_url:
            return self
        given = {
            "BUCKET": self.files_s3_bucket,
            "KEY_ID": self.files_s3_key_id,
            "SECRET": self.files_s3_secret.get_secret_value(),
        }
        lacking = [f"{PREFIX}FILES_S3_{name}" for name, value in given.items() if not value]
        if lacking:
            raise ValueError(f"{', '.join(lacking)}: needed with {PREFIX}FILES_S3_URL")
        parts = urlsplit(self.files_s3_url)
        plain = parts.scheme == "http" and parts.hostname not in LOOPBACK
        if plain and self.environment is Environment.PRODUCTION:
            raise ValueError(f"{PREFIX}FILES_S3_URL: production keeps files by https only")
        return self

    def open_files(self) -> Files:
        """Where files are kept."""
        if not self.files_s3_url:
            return Directory(self.files_dir)
        return Bucket(
            url=self.files_s3_url,
            bucket=self.files_s3_bucket,
            region=self.files_s3_region,
            key_id=self.files_s3_key_id,
            secret=self.files_s3_secret.get_secret_value(),
        )
