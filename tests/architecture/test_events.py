"""Events: the protos, the table of docs/architecture.md and the code say the same of who publishes and who hears."""

from importlib import import_module

import pytest

from deploy.local import parts
from tests.architecture import events_table, protos
from tests.architecture.sources import ROOT, SERVICES, files, mentions

ROWS = {row.event: row for row in events_table.rows()}
ACT = "ebok.common.v1.ActRecorded"


def announced_by(service):
    """The messages that a service's outbox makes."""
    return {
        f"ebok.{service}.v1.{name.partition('.')[2]}"
        for path in files("services")
        if path.parts[1:3] == (service, "outbox")
        for _, name in mentions(path)
        if name.startswith("events_pb2.")
    }


def test_every_event_has_one_row():
    assert len(events_table.rows()) == len(ROWS)
    assert set(ROWS) == {event.name for event in protos.events()}


def test_the_comment_of_an_event_names_the_readers_of_its_row():
    for event in protos.events():
        assert events_table.by_comment(event) == ROWS[event.name].readers, event.name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_what_its_rows_say(service):
    rows = {event for event, row in ROWS.items() if service in row.publishers}
    assert announced_by(service) | {ACT} == rows


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_what_its_rows_say(service):
    part = import_module(f"services.{service}.__main__").part
    assert part.handlers.types == events_table.heard_by(service)


def test_every_reader_is_a_service():
    assert set().union(*(row.readers for row in ROWS.values())) <= set(SERVICES)


def test_reads_between_services_are_those_of_the_list():
    """`docs/architecture.md`: who may ask whom at once; a local suite opens no other way."""
    section = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Allowed reads")[2]
    listed = {
        (cells[0], cells[1].split()[0])
        for line in section.partition("\n## ")[0].splitlines()
        if line.startswith("| ") and not line.startswith("| Who ")
        for cells in [line.strip("| ").split(" | ")]
    }
    assert listed == {(part.name, peer) for part in parts.PARTS for peer in part.peers}
    clients = {
        (path.parts[1], path.stem)
        for path in files("services")
        if path.parts[2:3] == ("clients",) and path.stem in SERVICES
    }
    assert clients == listed
