"""What can be set of the simulated PayU."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.providers.config import ProviderConfig, clock_file, make_parser


@dataclass(frozen=True)
class PayuConfig(ProviderConfig):
    """The point of sale that this PayU knows: the public one of PayU's own documentation, no secret."""

    pos_id: str = "300746"
    second_key: str = "b6ca15b0d1020e8094d9b5f8d163db54"
    client_id: str = "300746"
    client_secret: str = "2ee86a66e5d97e3fadc400c9f19b065d"  # noqa: S105 – printed in PayU's manual


def read_config(arguments: Sequence[str] | None = None) -> PayuConfig:
    """The command line wins over the environment."""
    default = PayuConfig()
    parser = make_parser("payu", port=8027)
    parser.add_argument("--pos-id", default=default.pos_id, help="merchantPosId")
    parser.add_argument("--second-key", default=default.second_key, help="the secret in signatures")
    parser.add_argument("--client-id", default=default.client_id, help="of OAuth")
    parser.add_argument("--client-secret", default=default.client_secret, help="of OAuth")
    given = vars(parser.parse_args(arguments))
    return PayuConfig(**given, clock_file=clock_file())
