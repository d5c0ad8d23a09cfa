"""What a request's fields may hold: each rule, all violations at once, and nothing that gets past."""

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.rpc.fields import FieldChecker, RuleMissing
from tests.chassis.example import notes_pb2

checker = FieldChecker()
Everything, Row = notes_pb2.Everything, notes_pb2.Row


def violations(message) -> list[tuple[str, str]]:
    try:
        checker.check(message)
    except Invalid as invalid:
        return [(one.field, one.reason) for one in invalid.violations]
    return []


SOUND = [
    {},
    {"plain": "x" * 200},
    {"plain": "Zażółć gęślą jaźń 🎉"},
    {"short": "abc"},
    {"short": "łłłłł"},
    {"id": "01930000-0000-7000-8000-00000000000a"},
    {"email": "anna@poczta.example"},
    {"email": "anna+ebok@sub.poczta.example"},
    {"decimal": "-12.345"},
    {"decimal": "0"},
    {"language": "uk"},
    {"colour": "#0068b8"},
    {"address": "192.0.2.7"},
    {"address": "2001:db8::1"},
    {"lines": "one\ntwo\tthree\r\n"},
    {"blob": b"12345678"},
    {"hue": 1},
    {"number": -5},
    {"number": 5},
    {"rows": [Row(value="1.5")] * 5},
    {"tags": ["abcd", "x"]},
    {"labels": {"key": "abcd"}},
    {"row": Row(value="1", inner=Row(value="2"))},
    {"left": "ab"},
    {"judged_later": [Row(value="nonsense"), Row()]},
]
FAULTY = [
    ({"plain": "x" * 201}, "plain", "TOO_LONG"),
    ({"plain": "a\nb"}, "plain", "MALFORMED"),
    ({"plain": "a\x00b"}, "plain", "MALFORMED"),
    ({"plain": "a\u202eb"}, "plain", "MALFORMED"),
    ({"plain": "a\x85b"}, "plain", "MALFORMED"),
    ({"lines": "a\x00b"}, "lines", "MALFORMED"),
    ({"lines": "a\x1bb"}, "lines", "MALFORMED"),
    ({"short": "ab"}, "short", "TOO_SHORT"),
    ({"short": "abcdef"}, "short", "TOO_LONG"),
    ({"id": "nonsense"}, "id", "MALFORMED"),
    ({"id": "01930000-0000-7000-8000-00000000000A"}, "id", "MALFORMED"),
    ({"id": "0193000000007000800000000000000a"}, "id", "MALFORMED"),
    ({"email": "anna"}, "email", "MALFORMED"),
    ({"email": "anna@"}, "email", "MALFORMED"),
    ({"email": "a b@poczta.example"}, "email", "MALFORMED"),
    ({"email": "anna@poczta.example, celina@poczta.example"}, "email", "MALFORMED"),
    ({"email": "<anna@poczta.example>"}, "email", "MALFORMED"),
    ({"decimal": "1,5"}, "decimal", "MALFORMED"),
    ({"decimal": "1e5"}, "decimal", "MALFORMED"),
    ({"decimal": "NaN"}, "decimal", "MALFORMED"),
    ({"decimal": "١"}, "decimal", "MALFORMED"),
    ({"decimal": "1" * 30}, "decimal", "MALFORMED"),
    ({"language": "de"}, "language", "MALFORMED"),
    ({"colour": "red"}, "colour", "MALFORMED"),
    ({"colour": "#0068b8;"}, "colour", "MALFORMED"),
    ({"address": "256.1.1.1"}, "address", "MALFORMED"),
    ({"blob": b"123456789"}, "blob", "TOO_LONG"),
    ({"hue": 7}, "hue", "UNKNOWN"),
    ({"number": 6}, "number", "OUT_OF_RANGE"),
    ({"number": -6}, "number", "OUT_OF_RANGE"),
    ({"rows": [Row(value="1")] * 6}, "rows", "TOO_MANY"),
    ({"rows": [Row(value="1"), Row(value="x")]}, "rows[1].value", "MALFORMED"),
    ({"rows": [Row()]}, "rows[0].value", "REQUIRED"),
    ({"tags": ["a"] * 4}, "tags", "TOO_MANY"),
    ({"tags": ["a", "abcde"]}, "tags[1]", "TOO_LONG"),
    ({"labels": {"a": "1", "b": "2", "c": "3"}}, "labels", "TOO_MANY"),
    ({"labels": {"a": "12345"}}, "labels[0]", "TOO_LONG"),
    ({"labels": {"a\n": "1"}}, "labels[0].key", "MALFORMED"),
    ({"row": Row(value="1", inner=Row(value="x"))}, "row.inner.value", "MALFORMED"),
    ({"left": "abc"}, "left", "TOO_LONG"),
    ({"right": Row()}, "right.value", "REQUIRED"),
    ({"judged_later": [Row()] * 3}, "judged_later", "TOO_MANY"),
]


@pytest.mark.parametrize("values", SOUND)
def test_sound_input_passes(values):
    assert violations(Everything(**values)) == []


@pytest.mark.parametrize(("values", "field", "reason"), FAULTY)
def test_faulty_input_is_named(values, field, reason):
    assert violations(Everything(**values)) == [(field, reason)]


def test_all_violations_come_at_once_over_the_wire(notes):
    request = Everything(plain="x" * 201, number=9, rows=[Row(value="1"), Row(value="x")])
    with pytest.raises(Invalid) as caught:
        notes().Check(request)
    assert caught.value.reason == "INVALID_INPUT"
    assert [(one.field, one.reason) for one in caught.value.violations] == [
        ("plain", "TOO_LONG"),
        ("number", "OUT_OF_RANGE"),
        ("rows[1].value", "MALFORMED"),
    ]


def test_violations_quote_nothing_of_the_input(notes):
    with pytest.raises(Invalid) as caught:
        notes().Check(Everything(email="secret words", labels={"secret\n": "x"}))
    assert "secret" not in repr(caught.value.violations)


def test_message_of_a_stream_is_checked_too(served, notes, as_anna):
    requests = [
        notes_pb2.AddNoteRequest(customer_id=as_anna.customer_id, text=text) for text in ("ok", "x" * 51)
    ]
    with pytest.raises(Invalid):
        notes(as_anna).ImportNotes(iter(requests))
    assert served.announced(notes_pb2.NoteAdded) == []


def test_violations_are_bounded():
    deep = Everything(rows=[Row(value="1")] * 5)
    for _ in range(60):
        deep.row.CopyFrom(Row(value="x", inner=deep.row))
    assert len(violations(deep)) <= 100


def test_bytes_without_a_bound_are_refused_when_compiled():
    from tests.chassis.example import faulty_pb2_grpc  # noqa: F401 - loads the messages

    descriptor = _descriptor("example.v1.BytesRequest")
    with pytest.raises(RuleMissing):
        FieldChecker().prepare(descriptor)


def _descriptor(name):
    from google.protobuf import descriptor_pool

    return descriptor_pool.Default().FindMessageTypeByName(name)


text = st.text(max_size=260)
rows = st.builds(
    lambda value: Row(value=value), st.one_of(text, st.from_regex(r"-?[0-9]{1,3}(\.[0-9])?", fullmatch=True))
)
anything = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("plain", "short", "id", "email", "decimal", "language", "colour", "address", "lines"), text
        ),
        "blob": st.binary(max_size=20),
        "hue": st.integers(min_value=-5, max_value=5),
        "number": st.integers(min_value=-(2**63), max_value=2**63 - 1),
        "rows": st.lists(rows, max_size=8),
        "tags": st.lists(st.text(max_size=8), max_size=5),
        "labels": st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=4),
    },
)


@given(anything)
@settings(max_examples=400, deadline=None)
def test_what_passes_keeps_every_bound(values):
    """Whatever the input: no exception but Invalid, and what passes is within the declared bounds."""
    message = Everything(**values)
    if violations(message):
        return
    assert -5 <= message.number <= 5
    assert message.hue in (0, 1)
    assert len(message.blob) <= 8
    assert len(message.rows) <= 5
    assert len(message.tags) <= 3
    assert len(message.labels) <= 2
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            assert len(value) <= 200
            allowed = {"\n", "\t", "\r"} if field.name == "lines" else set()
            assert not [one for one in value if ord(one) < 32 and one not in allowed]
