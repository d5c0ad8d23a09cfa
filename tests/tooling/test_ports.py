"""A port that is taken is answered with one sentence: which, whose, and what to say instead."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.parts import PORT_BASE, port_table
from deploy.local.ports import AUTOMATIC_RANGE, free_ports, is_free, owner
from deploy.local.suite import ROOT


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        port = free_ports(1)[0]
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield port


def run(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.run", "--directory", str(directory), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_free_ports_are_different_and_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(port in AUTOMATIC_RANGE for port in ports)


def test_a_taken_port_is_not_free_and_has_an_owner(taken: int) -> None:
    assert not is_free(taken)
    assert str(os.getpid()) in owner(taken)


def test_the_gateways_port_is_changed_by_port(taken: int, tmp_path: Path) -> None:
    done = run(tmp_path, "--port", str(taken), EBOK_PORT_BASE=str(free_base()))
    assert done.returncode == 1
    assert done.stderr.startswith(f"run: port {taken} (gateway) is in use by ")
    assert done.stderr.rstrip().endswith("choose another with `make run PORT=9080`")
    assert len(done.stderr.splitlines()) == 1


def test_any_other_port_is_changed_by_the_base(taken: int, tmp_path: Path) -> None:
    base = taken - (port_table()["billing"] - PORT_BASE)
    done = run(tmp_path, "--port", str(free_ports(1)[0]), EBOK_PORT_BASE=str(base))
    assert done.returncode == 1
    assert f"port {taken} (billing) is in use" in done.stderr
    assert "EBOK_PORT_BASE=9000" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variable"), [(("--port", "http"), "PORT"), (("--ports", "many"), "EBOK_PORT_BASE")]
)
def test_a_port_that_is_no_number_names_the_variable(
    arguments: tuple[str, str], variable: str, tmp_path: Path
) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr == f"run: {variable} must be a port number, not '{arguments[1]}'\n"


def free_base() -> int:
    """A base whose whole table is free."""
    return next(
        base
        for base in range(AUTOMATIC_RANGE.start, AUTOMATIC_RANGE.stop, 100)
        if all(is_free(port) for port in port_table(base).values())
    )
