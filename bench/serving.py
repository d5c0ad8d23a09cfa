"""A service as it is served in production, and a bare program beside it, for figures that ask neither page nor suite."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def bare_program(module: str, *arguments: str) -> Iterator[str]:
    """A program that takes its port first; answers its address."""
    port = free_port()
    with _running(["-m", module, str(port), *arguments], {}):
        yield f"127.0.0.1:{port}"


@contextmanager
def served(service: str, url: str, keys: Path, *, peers: str = "") -> Iterator[str]:
    """A service over a database, with its log lines thrown away; answers its address. `peers` as `EBOK_PEERS` has them."""
    address = f"127.0.0.1:{free_port()}"
    environment = {
        "EBOK_ENVIRONMENT": "production",
        "EBOK_DATABASE_URL": url,
        "EBOK_KEYS_DIR": str(keys),
        "EBOK_LISTEN": address,
        **({"EBOK_PEERS": peers} if peers else {}),
    }
    with _running(["-m", f"services.{service}", "serve"], environment):
        yield address


@contextmanager
def _running(arguments: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "gen")])
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
