"""Every field of every RPC, wrong in every way its rule knows: a violation at that field, and nothing else happens.

Generated from the protos' field rules, so a new field is covered by itself. The callers are ones that are let in.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from ebok.common.v1 import access_pb2, fields_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis.actors import ActorKind
from chassis.errors import Invalid
from chassis.testing import cast
from tests.security.methods import Method, all_methods, sound_request

DEFAULT_LENGTH_MAX = 200
DEFAULT_ITEMS_MAX = 100
MALFORMED = {
    fields_pb2.FORMAT_ID: "not-a-uuid",
    fields_pb2.FORMAT_EMAIL: "anna(at)poczta",
    fields_pb2.FORMAT_DECIMAL: "1,5e3",
    fields_pb2.FORMAT_LANGUAGE: "de",
    fields_pb2.FORMAT_COLOUR: "blue",
    fields_pb2.FORMAT_ADDRESS: "300.1.2.3",
}
METHODS = all_methods()
Fault = tuple[str, str, Any]


def faults_of(field: FieldDescriptor) -> Iterator[Fault]:
    """What can be wrong with a field by its rule: reason and value; a value of None means left out."""
    options: Any = field.GetOptions()
    rule: fields_pb2.FieldRule = options.Extensions[fields_pb2.field]
    if rule.required:
        yield "missing", "REQUIRED", None
    if field.message_type is not None:
        return
    one: Any = None
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING and field.type == FieldDescriptor.TYPE_STRING:
        too_long = "x" * ((rule.length_max or DEFAULT_LENGTH_MAX) + 1)
        for name, reason, one in _string_faults(rule, too_long):
            yield name, reason, [one] if field.is_repeated else one
    elif field.enum_type is not None:
        yield "unknown", "UNKNOWN", [9999] if field.is_repeated else 9999
    elif rule.HasField("number_max"):
        yield "too great", "OUT_OF_RANGE", rule.number_max + 1
    if rule.HasField("number_min") and rule.number_min > 0:
        yield "too small", "OUT_OF_RANGE", rule.number_min - 1
    if field.is_repeated and one is not None:
        yield "too many", "TOO_MANY", [str(one)] * ((rule.items_max or DEFAULT_ITEMS_MAX) + 1)


def _string_faults(rule: fields_pb2.FieldRule, too_long: str) -> Iterator[Fault]:
    yield "too long", "TOO_LONG", too_long
    if not rule.format:
        for sign in ("\x00", "\x1b"):
            yield "control character", "MALFORMED", sign + "b" * max(rule.length_min, 1)
    if rule.length_min > 1:
        yield "too short", "TOO_SHORT", "x" * (rule.length_min - 1)
    if rule.format:
        yield "malformed", "MALFORMED", MALFORMED[rule.format]


def _caller(method: Method, people: dict[str, Any]) -> Any:
    kinds = set(method.access.audiences)
    if access_pb2.AUDIENCE_CUSTOMER in kinds or access_pb2.AUDIENCE_USER in kinds:
        return people["anna"]
    if access_pb2.AUDIENCE_STAFF in kinds:
        return people["edward"]
    return people["system"](method.access.systems[0]) if method.access.systems else None


@pytest.fixture
def people(as_anna, as_edward, as_system) -> dict[str, Any]:
    assert as_anna.actor.kind is ActorKind.CUSTOMER
    return {"anna": as_anna, "edward": as_edward, "system": as_system}


@pytest.mark.parametrize("part", ["identity", "billing", "notify", "payments", "tickets"])
def test_every_faulty_field_is_refused_at_that_field(whole, people, part):
    tried = 0
    for method in (method for method in METHODS if method.part == part):
        stub = whole.stub(part, method.stub_class, _caller(method, people))
        for field in method.request_class.DESCRIPTOR.fields:
            for name, reason, value in faults_of(field):
                if field.name == "customer_id" and method.lets_in(access_pb2.AUDIENCE_CUSTOMER):
                    continue  # Somebody else's, before it is malformed: refused by access.
                request = sound_request(
                    method, {"customer_id": str(cast.ANNA_CUSTOMER)} if _names_customer(method) else {}
                )
                _spoil(request, field, value)
                with pytest.raises(Invalid) as caught:
                    method.call(stub, request)
                told = {(one.field.partition("[")[0], one.reason) for one in caught.value.violations}
                assert (field.name, reason) in told, f"{method}.{field.name} {name}: {told}"
                tried += 1
    assert tried > {"identity": 60, "billing": 90, "notify": 2, "payments": 60, "tickets": 60}[part]


def _names_customer(method: Method) -> bool:
    return "customer_id" in {field.name for field in method.request_class.DESCRIPTOR.fields}


def _spoil(request: Any, field: FieldDescriptor, value: Any) -> None:
    request.ClearField(field.name)
    if value is None:
        return
    if field.is_repeated:
        getattr(request, field.name).extend(value)
    else:
        setattr(request, field.name, value)
