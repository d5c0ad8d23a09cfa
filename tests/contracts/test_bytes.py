"""What was published once is read for ever: the golden bytes of each event still say what they said."""

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.architecture import protos
from tests.contracts.golden import class_of, golden_events, newest, what_it_says

GOLDEN = golden_events()
EVENTS = [event.name for event in protos.events()]
OTHER_NUMBER = 900


def test_every_event_has_its_bytes():
    assert {one.event for one in GOLDEN} == set(EVENTS)
    assert all(one.payload for one in GOLDEN), "run python -m tests.contracts.golden"


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_bytes_say_what_they_said(golden):
    assert what_it_says(class_of(golden.event).FromString(golden.payload)) == golden.says


@pytest.mark.parametrize("event", EVENTS)
def test_the_newest_bytes_have_every_field(event):
    says = newest(event).says
    for field in class_of(event).DESCRIPTOR.fields:
        assert field.name in says, f"{event}.{field.name}: add a row to golden_events.json"
        held = field.message_type
        if held is not None and held.full_name.startswith("ebok.") and not held.GetOptions().map_entry:
            said = says[field.name][0] if field.is_repeated else says[field.name]
            assert set(said) == {one.name for one in held.fields}


@pytest.mark.parametrize("event", EVENTS)
def test_a_field_that_is_removed_or_gets_another_number_or_name_is_noticed(event):
    golden = newest(event)
    for number in range(len(class_of(event).DESCRIPTOR.fields)):
        for change in (remove, renumber, rename):
            assert (
                what_it_says(changed_class(event, number, change).FromString(golden.payload)) != golden.says
            )


def remove(message, number):
    del message.field[number]


def renumber(message, number):
    message.field[number].number = OTHER_NUMBER


def rename(message, number):
    message.field[number].name += "_now"
    message.field[number].json_name = ""


def changed_class(event, number, change):
    """The event's class in a world where somebody changed one of its fields."""
    pool = descriptor_pool.DescriptorPool()
    descriptor = class_of(event).DESCRIPTOR
    _add(pool, descriptor.file, change=lambda file: change(_message(file, descriptor.name), number))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(event))


def _add(pool, file, *, change=None, known=None):
    known = set() if known is None else known
    for dependency in file.dependencies:
        if dependency.name not in known:
            known.add(dependency.name)
            _add(pool, dependency, known=known)
    plain = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(plain)
    if change is not None:
        change(plain)
    pool.Add(plain)


def _message(file, name):
    [found] = [one for one in file.message_type if one.name == name]
    return found
