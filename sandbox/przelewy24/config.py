"""What can be set of the simulated Przelewy24."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.providers.config import ProviderConfig, clock_file, make_parser


@dataclass(frozen=True)
class Przelewy24Config(ProviderConfig):
    """The merchant that this Przelewy24 knows. None of it is a secret."""

    merchant_id: int = 383989
    pos_id: int = 383989
    crc: str = "d27e4cb580e9bbfe"
    api_key: str = "sandbox-api-key-383989"


def read_config(arguments: Sequence[str] | None = None) -> Przelewy24Config:
    """The command line wins over the environment."""
    default = Przelewy24Config()
    parser = make_parser("przelewy24", port=8026)
    parser.add_argument("--merchant-id", type=int, default=default.merchant_id, help="merchantId")
    parser.add_argument("--pos-id", type=int, default=default.pos_id, help="posId, the user of Basic")
    parser.add_argument("--crc", default=default.crc, help="the secret in signatures")
    parser.add_argument("--api-key", default=default.api_key, help="the password of Basic")
    given = vars(parser.parse_args(arguments))
    return Przelewy24Config(**given, clock_file=clock_file())
