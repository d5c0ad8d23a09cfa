"""Every RPC of the suite with its access rule, read from the protos themselves: a new one is here by itself."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ebok.common.v1 import access_pb2, fields_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

PROTOS = Path(__file__).parents[2] / "protos"
STAMPS = {"google.protobuf.Timestamp", "google.type.Date"}


@dataclass(frozen=True)
class Method:
    """One RPC: how it is called and who may."""

    service: str
    name: str
    part: str
    stub_class: Any
    request_class: Any
    client_streaming: bool
    server_streaming: bool
    access: access_pb2.Access

    def __str__(self) -> str:
        return f"{self.service.removeprefix('ebok.')}/{self.name}"

    def lets_in(self, audience: "access_pb2.Audience") -> bool:
        """Whether callers of this kind are let in at all."""
        return audience in self.access.audiences

    def call(self, stub: Any, request: Any) -> list[Any]:
        """The answers of a call, however many there are."""
        answer = getattr(stub, self.name)(iter([request]) if self.client_streaming else request)
        return list(answer) if self.server_streaming else [answer]


def all_methods() -> list[Method]:
    """Every RPC in protos/, in the order of files."""
    return [method for path in sorted(PROTOS.rglob("*.proto")) for method in _methods_of(path)]


def _methods_of(path: Path) -> Iterator[Method]:
    name = ".".join(path.relative_to(PROTOS).with_suffix("").parts)
    module = importlib.import_module(f"{name}_pb2")
    part = name.split(".")[1]
    for service in module.DESCRIPTOR.services_by_name.values():
        stubs = importlib.import_module(f"{name}_pb2_grpc")
        for method in service.methods:
            yield Method(
                service=service.full_name,
                name=method.name,
                part=part,
                stub_class=getattr(stubs, f"{service.name}Stub"),
                request_class=_class_of(method.input_type),
                client_streaming=method.client_streaming,
                server_streaming=method.server_streaming,
                access=method.GetOptions().Extensions[access_pb2.access],
            )


def _class_of(descriptor: Any) -> Any:
    file = descriptor.file.name.removesuffix(".proto").replace("/", ".")
    return getattr(importlib.import_module(f"{file}_pb2"), descriptor.name)


def sound_request(method: Method, values: dict[str, Any]) -> Any:
    """A request that passes the field rules: `values` by field name, the rest filled in by rule and type."""
    request = method.request_class()
    _fill(request, values)
    return request


def _fill(message: Any, values: dict[str, Any]) -> None:
    for field in message.DESCRIPTOR.fields:
        rule = field.GetOptions().Extensions[fields_pb2.field]
        if field.name in values:
            _set(message, field, values[field.name])
        elif rule.required or rule.number_min > 0:
            _set(message, field, _sound_value(field, rule))


def _set(message: Any, field: FieldDescriptor, value: Any) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        getattr(message, field.name)["x"] = "x"
    elif isinstance(value, Message):
        getattr(message, field.name).CopyFrom(value)
    elif field.message_type is not None and value is None:
        child = getattr(message, field.name)
        child = child.add() if field.is_repeated else child
        child.SetInParent()
        _fill(child, {})
    elif field.is_repeated:
        getattr(message, field.name).extend(value if isinstance(value, list) else [value])
    else:
        setattr(message, field.name, value)


def _sound_value(field: FieldDescriptor, rule: fields_pb2.FieldRule) -> Any:
    if field.message_type is not None:
        return None
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"x"
    if field.enum_type is not None:
        return field.enum_type.values[1].number
    if field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
        return max(rule.number_min, 1)
    samples = {
        fields_pb2.FORMAT_ID: "01930000-0000-7000-8000-000000000001",
        fields_pb2.FORMAT_EMAIL: "ktos@poczta.example",
        fields_pb2.FORMAT_DECIMAL: "1.5",
        fields_pb2.FORMAT_LANGUAGE: "pl",
        fields_pb2.FORMAT_COLOUR: "#0068b8",
        fields_pb2.FORMAT_ADDRESS: "192.0.2.1",
    }
    return samples.get(rule.format, "x" * max(rule.length_min, 4))
