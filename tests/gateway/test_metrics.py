"""What Prometheus is told of the gateway: how long requests took, of all of gunicorn's workers, whichever answers."""

import os
import signal
import time
import urllib.request
from pathlib import Path

from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import LOOPBACK, free_ports
from gateway.web.metrics import EXTENSION, NAME
from tests.gateway.gunicorn_server import request, serving
from tests.gateway.visitors import Visitor

ASKED = 40
WITHIN_S = 30.0


def test_requests_are_timed_by_endpoint_and_status(app: Flask, anna: Visitor, nobody: Visitor):
    def count(endpoint: str, code: int) -> float:
        labels = {"endpoint": endpoint, "code": str(code)}
        return app.extensions[EXTENSION].get_sample_value(f"{NAME}_count", labels) or 0

    asked = [
        (anna, "/faktury", "portal.invoices", 200),
        (nobody, "/faktury", "portal.invoices", 303),
        (nobody, "/nigdzie", "none", 404),
        (nobody, "/api/v1/tariffs", "api.list_tariffs", 401),
    ]
    before = [count(endpoint, code) for _who, _path, endpoint, code in asked]
    assert [who.get(path).status_code for who, path, _endpoint, _code in asked] == [200, 303, 404, 401]
    after = [count(endpoint, code) for _who, _path, endpoint, code in asked]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1, 1]


def told(port: int) -> float:
    """How often somebody asked whether the gateway is there."""
    page = urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=10).read().decode()
    return sum(
        one.value
        for family in text_string_to_metric_families(page)
        for one in family.samples
        if one.name == f"{NAME}_count" and one.labels == {"endpoint": "health", "code": "200"}
    )


def wait_for_two(port: int) -> None:
    """Until two processes listen for Prometheus: one that came up may have its neighbour still loading."""
    deadline = time.monotonic() + WITHIN_S
    wanted = f":{port:04X} "
    while time.monotonic() < deadline:
        lines = Path("/proc/net/tcp").read_text("ascii").splitlines()
        if sum(1 for line in lines if wanted in line and " 0A " in line) == 2:
            return
        time.sleep(0.1)
    raise AssertionError("the workers do not listen")


def test_any_worker_tells_of_all_and_of_those_that_died(keys_dir: Path, tmp_path: Path):
    [port] = free_ports(1)
    server = serving(keys_dir, tmp_path / "log", metrics_listen=f"{LOOPBACK}:{port}")
    with server as running:
        wait_for_two(port)
        before = told(port)
        for _ in range(ASKED):
            assert running.say(request("/zdrowie"))[0] == 200
        assert {told(port) for _ in range(20)} == {before + ASKED}

        first, second = server.workers()
        os.kill(first, signal.SIGKILL)
        while first in server.workers():
            time.sleep(0.1)
        wait_for_two(port)
        assert second in server.workers()
        assert {told(port) for _ in range(20)} == {before + ASKED}
        assert running.say(request("/metrics"))[0] == 404, "not where people come in"
