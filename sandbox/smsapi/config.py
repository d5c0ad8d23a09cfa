"""What can be set of the simulated SMSAPI, on the command line or in the environment as EBOK_SANDBOX_<NAME>."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.providers.config import SECONDS_MAX, clock_file, read_address, read_number

PORT = 8029


@dataclass(frozen=True)
class SmsApiConfig:
    """The knobs; port 0 means any free port, no store means that nothing outlives the process."""

    http: tuple[str, int] = ("127.0.0.1", 0)
    store: Path | None = None
    token: str = "sandbox-smsapi-token"  # noqa: S105 - what the sandbox lets in, no secret
    senders: tuple[str, ...] = ("Test", "Wodociagi")
    deliver_s: float = 2.0
    """A message arrives so many seconds after it was taken."""
    retry_s: float = 5.0
    """A report that was not answered with OK is sent again after so many seconds, and then twice as long each time."""
    clock_file: Path | None = None
    """The offset that all parts of a suite share: dates and the memory of ids follow it, waiting does not."""


def read_config(arguments: Sequence[str] | None = None) -> SmsApiConfig:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.smsapi", description="An SMSAPI to try with.")
    parser.add_argument(
        "--http", type=read_address, default=f"127.0.0.1:{PORT}", help="host:port, on this machine"
    )
    parser.add_argument(
        "--store", type=Path, default=None, help="directory to keep messages in over a restart"
    )
    parser.add_argument(
        "--deliver-s",
        type=lambda text: read_number(text, "deliver-s", least=0, most=SECONDS_MAX),
        default=str(SmsApiConfig.deliver_s),
        help="seconds until a message arrives",
    )
    given = parser.parse_args(arguments)
    return SmsApiConfig(
        http=given.http, store=given.store, deliver_s=given.deliver_s, clock_file=clock_file()
    )
