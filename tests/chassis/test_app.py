"""The process of a part: its commands, its start, its health and its end."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from chassis.rpc.client import Channel
from tests.chassis.example import notes_pb2, notes_pb2_grpc
from tests.chassis.notes import part

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def command(database_url_for, keys_dir):
    """`command("serve", KNOB=…)`: the part as a process of its own, ended with the test."""
    url = database_url_for(part)
    started: list[subprocess.Popen] = []

    def run(*words, **knobs):
        own = {name: value for name, value in os.environ.items() if not name.startswith("EBOK_")}
        knobs = {"DATABASE_URL": url, "KEYS_DIR": str(keys_dir), "ENVIRONMENT": "test", **knobs}
        environment = {
            **own,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}",
            **{f"EBOK_{name}": value for name, value in knobs.items()},
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chassis.notes", *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    run.url = url  # type: ignore[attr-defined]
    yield run
    for process in started:
        process.kill()
        process.communicate()


def ended(process, seconds=30):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def status_of(address, service="") -> int:
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status


def test_run_serves_and_works_and_ends_on_sigterm(command):
    port, metrics = free_port(), free_port()
    address = f"127.0.0.1:{port}"
    process = command(
        "run",
        LISTEN=address,
        METRICS_LISTEN=f"127.0.0.1:{metrics}",
        SUBSCRIBERS=f"notify={address}",
        DRAIN_S="2",
    )
    channel = Channel(address)
    assert channel.is_ready(20)
    stub = channel.stub(notes_pb2_grpc.NoteServiceStub)
    assert stub.Hello(notes_pb2.HelloRequest(name="x")).words == "hello x"
    assert status_of(address) == health_pb2.HealthCheckResponse.SERVING
    assert status_of(address, "example.v1.NoteService") == health_pb2.HealthCheckResponse.SERVING
    page = urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics").read().decode()
    assert "ebok_notify_rpc_seconds_count" in page

    # The periodic job has run, and what it announced came to this part's own inbox.
    engine = sa.create_engine(command.url)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            copies = connection.scalar(sa.text("SELECT count(*) FROM note WHERE customer_id = 'copy'"))
        if copies:
            break
        time.sleep(0.1)
    engine.dispose()
    assert copies == 1

    process.send_signal(signal.SIGTERM)
    code, out, err = ended(process)
    channel.close()
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert '"event": "started"' in lines[0] or any('"event": "started"' in line for line in lines)
    assert any('"event": "stopped"' in line for line in lines)
    assert all(line.startswith("{") for line in lines)


def test_running_request_is_finished_when_stopping(command):
    address = f"127.0.0.1:{free_port()}"
    process = command("serve", LISTEN=address)
    channel = Channel(address)
    assert channel.is_ready(20)
    answers = channel.stub(notes_pb2_grpc.NoteServiceStub).Refuse.future(
        notes_pb2.RefuseRequest(how="not found")
    )
    process.send_signal(signal.SIGTERM)
    with pytest.raises(Exception, match=r"NOTE_NOT_FOUND|NO_ANSWER"):
        answers.result()
    assert ended(process)[0] == 0
    channel.close()


def test_config_is_shown_with_secrets_masked(command):
    code, out, _ = ended(command("config", DATABASE_URL="postgresql+psycopg://u:hunter2@h/d"))
    assert code == 0
    assert "EBOK_PART=notify" in out
    assert "hunter2" not in out


def test_faulty_configuration_ends_with_all_faults_and_status_2(command):
    code, _, err = ended(command("serve", LISTEN="x", RPC_THREADS="0"))
    assert code == 2
    assert "EBOK_LISTEN" in err
    assert "EBOK_RPC_THREADS" in err
    assert "Traceback" not in err


def test_missing_database_url_is_said_in_words(command):
    code, _, err = ended(command("serve", DATABASE_URL=""))
    assert (code, "EBOK_DATABASE_URL" in err) == (2, True)


def test_job_runs_by_name_with_parameters(command):
    assert ended(command("job", "notes.write", "text=from outside"))[0] == 0
    engine = sa.create_engine(command.url)
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT text FROM note")).all() == ["dear from outside"]
    engine.dispose()
    assert ended(command("job", "nothing"))[0] == 2
    assert ended(command("job", "notes.write", "text"))[0] == 2


def test_migrate_may_be_repeated(command, databases):
    url = databases.new_url()
    for _ in range(2):
        assert ended(command("migrate", DATABASE_URL=url))[0] == 0
    databases.drop(url)


def test_unknown_command_says_how(command):
    code, _, err = ended(command("dance"))
    assert code == 1
    assert "usage" in err


# Health, reflection and bounds, in this process.


def test_readiness_follows_the_database_and_liveness_does_not(served, monkeypatch):
    monkeypatch.setattr("chassis.rpc.health.REMEMBERED_S", 0.0)
    assert status_of(served.address) == health_pb2.HealthCheckResponse.SERVING
    served.server.health._ready = lambda: False
    assert status_of(served.address) == health_pb2.HealthCheckResponse.NOT_SERVING
    assert status_of(served.address, "live") == health_pb2.HealthCheckResponse.SERVING
    served.server.health._ready = lambda: True
    assert status_of(served.address) == health_pb2.HealthCheckResponse.SERVING
    served.server.health.leave()
    assert status_of(served.address) == health_pb2.HealthCheckResponse.NOT_SERVING


def test_unknown_service_has_no_health(served):
    with pytest.raises(grpc.RpcError) as caught:
        status_of(served.address, "nothing")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_watch_tells_the_end(served, monkeypatch):
    monkeypatch.setattr("chassis.rpc.health.WATCH_EVERY_S", 0.05)
    with grpc.insecure_channel(served.address) as channel:
        seen = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(seen).status == health_pb2.HealthCheckResponse.SERVING
        served.server.health.leave()
        assert next(seen).status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_reflection_names_the_services(served):
    with grpc.insecure_channel(served.address) as channel:
        names = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert "example.v1.NoteService" in names
    assert "ebok.common.v1.DeliveryService" in names


def test_message_above_the_bound_is_refused(serving):
    from chassis.errors import Invalid

    small = serving(part, message_bytes_max=2048)
    with pytest.raises(Invalid) as caught:
        small.stub(notes_pb2_grpc.NoteServiceStub).Hello(notes_pb2.HelloRequest(name="x" * 5000))
    assert caught.value.reason == "MESSAGE_TOO_LARGE"


def test_requests_above_the_bound_are_turned_away(serving, as_daria):
    from chassis.errors import Unavailable

    narrow = serving(part, rpc_threads=1, rpc_waiting=0)
    stub = narrow.stub(notes_pb2_grpc.NoteServiceStub, as_daria)
    hold = stub.Echo(_never(), timeout=10)
    next(hold)
    with pytest.raises(Unavailable):
        stub.Hello(notes_pb2.HelloRequest(), timeout=3)
    hold.close()


def _never():
    yield notes_pb2.AddNoteRequest(text="x")
    time.sleep(5)
