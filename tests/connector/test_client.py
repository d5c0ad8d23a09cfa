"""The connector as an API client: with an id and a secret in a file instead of a key of the suite."""

from dataclasses import replace

import pytest
from ebok.common.v1 import acts_pb2

from chassis.testing import cast
from services.identity.__main__ import part as identity
from tests.identity.office import Office


@pytest.fixture
def office(serving, persona, clock):
    edward = replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=clock.now())
    served = serving(identity, peers={"billing": "127.0.0.1:9"})
    return Office(served, persona(edward))


@pytest.fixture
def as_client(office, tmp_path, monkeypatch):
    """`as_client("imports:write")`: the connector comes with the secret of a client that has these scopes."""

    def come(*scopes: str, secret: str = "") -> None:
        client = office.make("Łącznik", scopes=scopes)
        file = tmp_path / "client-secret"
        file.write_text(f"{secret or client.client_secret}\n")
        monkeypatch.setenv("EBOK_CLIENT_ID", client.client.client_id)
        monkeypatch.setenv("EBOK_CLIENT_SECRET_FILE", str(file))
        monkeypatch.setenv("EBOK_IDENTITY_ADDRESS", office.address)

    return come


def test_rows_come_in_under_the_name_of_the_client(bring, served, mapping, house, as_client):
    as_client("imports:write")
    done = bring(mapping, house)
    assert done.exit_code == 0, done.output
    assert "7 new" in done.output
    told = {(act.actor_kind, act.actor_name) for act in served.announced(acts_pb2.ActRecorded)}
    assert told == {("client", "Łącznik")}


def test_without_the_scope_nothing_comes_in(bring, served, mapping, house, as_client):
    as_client("invoices:read")
    refused = bring(mapping, house)
    assert (refused.exit_code, "SCOPE_NOT_GRANTED" in refused.output) == (1, True), refused.output
    assert served.announced(acts_pb2.ActRecorded) == []


def test_a_wrong_secret_is_told_in_a_sentence(bring, mapping, house, as_client):
    as_client("imports:write", secret="ebs_wrong")
    refused = bring(mapping, house)
    assert (refused.exit_code, "CLIENT_REFUSED" in refused.output) == (1, True), refused.output


def test_half_of_a_client_is_a_fault_of_the_configuration(bring, mapping, house, monkeypatch):
    monkeypatch.setenv("EBOK_CLIENT_ID", str(cast.API_CLIENT))
    refused = bring(mapping, house)
    assert refused.exit_code == 1
    assert "go together" in refused.output
