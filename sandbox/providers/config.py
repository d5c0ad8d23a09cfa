"""What can be set of every simulated provider, on the command line or in the environment as EBOK_SANDBOX_<NAME>."""

import argparse
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

PORT_MAX = 65_535
SPEED_MAX = 1_000_000.0
SECONDS_MAX = 3_600.0


@dataclass(frozen=True)
class ProviderConfig:
    """The knobs; port 0 means any free port, no store means that nothing outlives the process."""

    http: tuple[str, int] = ("127.0.0.1", 0)
    store: Path | None = None
    speed: float = 1.0
    """The published retry schedule runs so many times faster: with 60 a minute is a second."""
    late_s: float = 20.0
    """A payment that is told late is told so many seconds after it was made, whatever the speed."""
    refund_s: float = 2.0
    """A refund is carried out so many seconds after it was asked for, whatever the speed."""
    shop: str = "Sklep próbny"
    """Whom the pay page says the money goes to."""
    clock_file: Path | None = None
    """The offset that all parts of a suite share: what is written as date and time follows it, waiting does not."""


def read_number(text: str, name: str, *, least: float, most: float) -> float:
    """A number within bounds. Raises argparse.ArgumentTypeError with the sentence for the user."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{name}: a number from {least:g} to {most:g}, not '{text}'")
    return number


def read_address(text: str) -> tuple[str, int]:
    """`127.0.0.1:8026`, on this machine only. Raises argparse.ArgumentTypeError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > PORT_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is not host:port")
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    if not is_here:
        # Whoever reaches it can say that money came.
        raise argparse.ArgumentTypeError(f"'{host}' can be reached from outside; use 127.0.0.1")
    return host, int(port)


def make_parser(name: str, *, port: int) -> argparse.ArgumentParser:
    """The arguments that every provider takes; a provider adds its own."""

    def env(key: str, default: str | None) -> str | None:
        return os.environ.get(f"EBOK_SANDBOX_{key}") or default

    parser = argparse.ArgumentParser(
        prog=f"python -m sandbox.{name}", description="A payment provider to try with."
    )
    parser.add_argument(
        "--http", type=read_address, default=f"127.0.0.1:{port}", help="host:port, on this machine"
    )
    parser.add_argument(
        "--store", type=Path, default=None, help="directory to keep the books in over a restart"
    )
    parser.add_argument(
        "--speed",
        type=lambda text: read_number(text, "speed", least=0.001, most=SPEED_MAX),
        default=env("SPEED", "1"),
        help="how many times faster the retry schedule runs",
    )
    parser.add_argument(
        "--late-s",
        type=lambda text: read_number(text, "late-s", least=0, most=SECONDS_MAX),
        default=env("LATE_S", "20"),
        help="seconds until a late payment is told",
    )
    parser.add_argument(
        "--refund-s",
        type=lambda text: read_number(text, "refund-s", least=0, most=SECONDS_MAX),
        default=env("REFUND_S", "2"),
        help="seconds until a refund is carried out",
    )
    parser.add_argument("--shop", default=env("SHOP", ProviderConfig.shop), help="whom the pay page names")
    return parser


def clock_file() -> Path | None:
    """The suite's shared clock, EBOK_CLOCK_OFFSET_FILE, when there is one."""
    path = os.environ.get("EBOK_CLOCK_OFFSET_FILE")
    return Path(path) if path else None
