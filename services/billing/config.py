"""Every knob of billing, beside those that each part has."""

from pydantic import Field

from chassis.config import PartConfig


class BillingConfig(PartConfig):
    """Billing."""

    part: str = Field(default="billing", description="The name of this part.")
