"""Every knob of the connector besides its command line: who it is, its clock, its logs."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from chassis.config import PartConfig


class ConnectorConfig(PartConfig):
    """The connector signs its calls with its own key, `keys_dir/private/connector.key`, or comes as an API client."""

    part: str = Field(default="connector", description="The name of this part.")
    client_id: str = Field(
        default="",
        description="Id of an API client with the scope imports:write; empty: this part's own key counts.",
    )
    client_secret: SecretStr = Field(default=SecretStr(""), description="A secret of that API client.")
    identity_address: str = Field(
        default="", description="host:port of identity, where an API client gets its tokens."
    )

    @model_validator(mode="after")
    def _check_client(self) -> Self:
        given = [
            bool(self.client_id),
            bool(self.client_secret.get_secret_value()),
            bool(self.identity_address),
        ]
        if any(given) and not all(given):
            raise ValueError("EBOK_CLIENT_ID, EBOK_CLIENT_SECRET and EBOK_IDENTITY_ADDRESS go together")
        return self
