"""Programs of others, running beside a test: a call is a line to them, its outcome a line back."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local import outside
from deploy.local.ports import LOOPBACK, free_ports

HERE = Path(__file__).parent / "outside"
START_S = 30.0


class Refused(Exception):
    """The program says that it was refused."""


class Foreign:
    """One of them."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def call(self, name: str, values: Any) -> Any:
        """What a method of its library answers. Raises Refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": name, "values": values}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{self._process.args!r} ended with {self._process.wait(10)}"
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer.get("result")


@contextmanager
def przelewy24_of_node(account: dict[str, Any]) -> Iterator[Foreign]:
    """@ingameltd/node-przelewy24. Skips when it cannot be had."""
    try:
        modules = outside.node_modules()
    except outside.NotToBeHad as sentence:
        pytest.skip(str(sentence))
    command = ["node", str(HERE / "przelewy24.js"), json.dumps(account)]
    with _running(command, {"NODE_PATH": str(modules)}) as running:
        yield running


@contextmanager
def payu_of_getpaid(account: dict[str, Any]) -> Iterator[Foreign]:
    """python-getpaid-payu. Skips when it cannot be had."""
    with _running([str(python()), str(HERE / "payu.py"), json.dumps(account)], {}) as running:
        yield running


def python() -> Path:
    """The interpreter that has the Python ones. Skips when they cannot be had."""
    try:
        return outside.python()
    except outside.NotToBeHad as sentence:
        pytest.skip(str(sentence))


@contextmanager
def _running(command: list[str], more: dict[str, str]) -> Iterator[Foreign]:
    environment = outside.environment() | more
    environment.pop("PYTHONPATH", None)  # Nothing of ours is within its reach.
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) as process:
        try:
            yield Foreign(process)
        finally:
            process.kill()


@contextmanager
def payu_simulator(second_key: str) -> Iterator[str]:
    """python-getpaid-simulator with its PayU; answers the address of it. Skips when it cannot be had."""
    [port] = free_ports(1)
    settings = {
        "SIMULATOR_HOST": LOOPBACK,
        "SIMULATOR_PORT": str(port),
        "SIMULATOR_LOG_LEVEL": "ERROR",
        "SIMULATOR_PLUGIN_FAILURE_MODE": "strict",
        "SIMULATOR_PAYU_SECOND_KEY": second_key,
    }
    environment = outside.environment() | settings
    environment.pop("PYTHONPATH", None)
    command = [str(python()), "-m", "getpaid_simulator"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        url = f"http://{LOOPBACK}:{port}"
        try:
            _wait_for(url, process)
            yield url
        finally:
            process.kill()


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while True:
        assert process.poll() is None, "the simulator ended at once"
        assert time.monotonic() < until, "the simulator does not answer"
        try:
            assert requests.get(url, timeout=5).json()["loadedProviders"] == ["payu"]
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
