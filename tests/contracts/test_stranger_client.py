"""A stranger: knows docs/integrating.md, what servers say of themselves, and a secret. Runs what stands there."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
from ebok.billing.v1 import customers_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from google.protobuf import json_format
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.testing import cast
from services.billing.__main__ import part as billing
from services.identity.__main__ import part as identity
from services.identity.domain import scopes
from tests.architecture import events_table
from tests.billing.bills import Runs, house, prices
from tests.billing.given import Given
from tests.identity.office import Office
from tests.security.methods import all_methods

DOCS = (Path(__file__).parents[2] / "docs" / "integrating.md").read_text("utf-8")
MARK = "<!-- the test of the stranger runs this -->\n```python\n"
# What is told between services and means nothing outside.
WITHIN = {
    "EmailConfirmationRequested",
    "RegistrationRepeated",
    "PasswordResetRequested",
    "PasswordChanged",
    "NewDeviceSignedIn",
    "FactorChanged",
    "EmailChangeRequested",
    "EmailChanged",
    "ContactEmailChanged",
    "ContactChangePassedOn",
    "DelegateInvited",
    "AccessRevoked",
    "OffersRefused",
}


@pytest.fixture
def town(serving, clock, persona, as_edward):
    """Anna has an invoice; an administrator has let the stranger in."""
    served = serving(billing)
    given = Given(served.database, clock)
    given.settings()
    prices(given)
    house(given, customer_id=cast.ANNA_CUSTOMER)
    runs = Runs(served, as_edward)
    runs.issue(runs.preview().run_id)
    neighbour = serving(identity, peers={"billing": served.address})
    edward = replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=clock.now())
    return served, neighbour, Office(neighbour, persona(edward))


@pytest.fixture
def run(town, tmp_path):
    """`run("customers:read")`: the program of the docs, with a secret for these scopes and none of our code."""
    served, neighbour, office = town
    program = tmp_path / "program.py"
    program.write_text(DOCS.partition(MARK)[2].partition("```")[0], encoding="utf-8")

    def go(*wanted: str) -> "subprocess.CompletedProcess[str]":
        made = office.make("Obcy", scopes=wanted)
        environment = {
            "PATH": os.environ["PATH"],
            "EBOK_IDENTITY": neighbour.address,
            "EBOK_BILLING": served.address,
            "EBOK_CLIENT_ID": made.client.client_id,
            "EBOK_CLIENT_SECRET": made.client_secret,
            "PYTHONUTF8": "1",
        }
        return subprocess.run(
            [sys.executable, "-I", str(program)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return go


def test_the_program_of_the_docs_reads_customers_and_invoices(run):
    done = run("customers:read", "invoices:read")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "['FV/" in lines[0], lines
    assert lines[-1].startswith("refused: ")


def test_the_program_is_told_which_scope_it_lacks(run):
    done = run("customers:read")
    assert done.returncode == 1
    assert "Refused: PERMISSION_DENIED ACCESS_REFUSED" in done.stderr, done.stderr


def test_servers_tell_their_health_without_a_token(town):
    served, neighbour, _office = town
    for address in (served.address, neighbour.address):
        with grpc.insecure_channel(address) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_whoever_asks_with_a_deadline_has_an_end_and_can_ask_again(town):
    """A table is held by somebody else for longer than the stranger waits."""
    served, _neighbour, office = town
    made = office.make("Obcy", scopes=["customers:read"])
    token = office.token(made.client.client_id, made.client_secret)
    metadata = (("authorization", f"Bearer {token}"),)
    with grpc.insecure_channel(served.address) as channel:
        search = CustomerServiceStub(channel).SearchCustomers
        request = customers_pb2.SearchCustomersRequest()
        with served.database.transaction() as session:
            session.execute(sa.text("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            with pytest.raises(grpc.RpcError) as caught:
                search(request, timeout=1, metadata=metadata)
            assert time.monotonic() - began < 3
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert search(request, timeout=5, metadata=metadata).customers


def test_what_grpcurl_is_told_is_what_the_methods_take():
    methods = {f"{one.service}/{one.name}": one for one in all_methods()}
    lines = [line for line in DOCS.splitlines() if line.startswith("grpcurl") and "-d '" in line]
    assert len(lines) >= 3
    for line in lines:
        found = re.search(r"-d '(\{.*\})' ", line)
        assert found, line
        given = re.sub(r"'\$(\w+)'", r"\1", found[1])
        method = methods[line.rsplit(" ", 1)[1]]
        json_format.ParseDict(json.loads(given), method.request_class())


def test_the_docs_name_every_scope_and_no_other():
    table = DOCS.partition("| Scope |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+:\w+)`", table)) == set(scopes.OF_CLIENTS)


def test_the_catalogue_names_every_event_that_means_something_outside():
    table = DOCS.partition("| Routing key |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(ebok\.[\w.]+)`", table))
    told = {row.event for row in events_table.rows() if row.event.rpartition(".")[2] not in WITHIN}
    assert named == told - {"ebok.common.v1.ActRecorded"}
