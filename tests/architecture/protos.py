"""The protos as these tests read them: descriptors together with their comments."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from deploy.local.check_protos import METHOD, SERVICE, describe
from tests.architecture.sources import ROOT

MESSAGE, FIELD = 4, 2  # Paths of SourceCodeInfo: file.message_type, message.field.
REASON = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b[A-Z]{5,}\b")


@dataclass(frozen=True)
class Commented:
    """Something of a proto with the comment above it."""

    package: str
    name: str  # Full: `ebok.billing.v1.InvoiceIssued`, `ebok.billing.v1.InvoiceService/GetInvoice`.
    comment: str


@cache
def proto_files() -> tuple[FileDescriptorProto, ...]:
    """Every file of protos/ebok."""
    return tuple(describe(ROOT / "protos"))


def nouns() -> dict[str, list[str]]:
    """`{"billing": ["contracts", …]}`: the files of each package, without its events."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(file.name) for file in proto_files()):
        if path.stem != "events":
            found.setdefault(path.parts[1], []).append(path.stem)
    return found


def services_of(path: str) -> list[str]:
    """The gRPC services of one file."""
    return [service.name for file in proto_files() if file.name == path for service in file.service]


@cache
def events() -> tuple[Commented, ...]:
    """Every message of an events.proto, and the act, which every service announces."""
    return tuple(
        Commented(file.package, f"{file.package}.{message.name}", comments.get((MESSAGE, number), ""))
        for file in proto_files()
        for comments in [_comments(file)]
        for number, message in enumerate(file.message_type)
        if file.name.endswith("/events.proto") or message.name == "ActRecorded"
    )


@cache
def methods() -> tuple[Commented, ...]:
    """Every RPC."""
    return tuple(
        Commented(
            file.package,
            f"{file.package}.{service.name}/{method.name}",
            comments.get((SERVICE, at, METHOD, number), ""),
        )
        for file in proto_files()
        for comments in [_comments(file)]
        for at, service in enumerate(file.service)
        for number, method in enumerate(service.method)
    )


@cache
def reason_fields() -> tuple[Commented, ...]:
    """Every field that tells a reason."""
    return tuple(
        Commented(
            file.package,
            f"{file.package}.{message.name}.reason",
            comments.get((MESSAGE, at, FIELD, number), ""),
        )
        for file in proto_files()
        for comments in [_comments(file)]
        for at, message in enumerate(file.message_type)
        for number, field in enumerate(message.field)
        if field.name == "reason"
    )


def reasons_in(text: str) -> set[str]:
    """The words in capitals of a comment, from "Refuses:" on when it says so."""
    return set(REASON.findall(text.partition("Refuses")[2] or ("" if "Refuses" in text else text)))


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(place.path): " ".join((place.leading_comments or place.trailing_comments).split())
        for place in file.source_code_info.location
    }
