"""Every knob of the connector besides its command line: its key, its clock, its logs."""

from pydantic import Field

from chassis.config import PartConfig


class ConnectorConfig(PartConfig):
    """The connector signs its calls with its own key, `keys_dir/private/connector.key`."""

    part: str = Field(default="connector", description="The name of this part.")
