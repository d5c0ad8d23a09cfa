"""Every knob of tickets."""

from pydantic import Field

from chassis.config import PartConfig


class TicketsConfig(PartConfig):
    """What can be set of tickets beyond what every part has."""

    part: str = Field(default="tickets", description="The name of this part.")
