"""Every knob of billing, beside those that each part has."""

from pydantic import Field

from chassis.config import PartConfig


class BillingConfig(PartConfig):
    """Billing."""

    part: str = Field(default="billing", description="The name of this part.")
    message_bytes_max: int = Field(
        default=12 * 1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="Largest gRPC message, in bytes: a photo of a meter of 10 MB fits.",
    )
    photos_kept_days: int = Field(
        default=400, ge=1, le=3650, description="How long photos of meters are kept, in days."
    )
