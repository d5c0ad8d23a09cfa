"""The rules of protos/ are kept by a tool that finds each breach."""

from pathlib import Path

import pytest

from deploy.local.check_protos import breaking, describe, lint
from deploy.local.suite import ROOT

GOOD = """syntax = "proto3";

package ebok.try.v1;

import "ebok/common/v1/access.proto";

// Things.
service ThingService {
  // One thing.
  rpc GetThing(GetThingRequest) returns (GetThingResponse) {
    option (ebok.common.v1.access) = {audiences: [AUDIENCE_PUBLIC]};
  }
}

// Asks for one.
message GetThingRequest {
  // Which.
  string thing_id = 1;
  // How.
  Kind kind = 2;
}

// Answers.
message GetThingResponse {
  reserved 4;
  reserved "weight";
  // Its name.
  string name = 1;
}

// A kind.
enum Kind {
  // None.
  KIND_UNSPECIFIED = 0;
  // Big.
  KIND_BIG = 1;
}
"""
ACCESS = "    option (ebok.common.v1.access) = {audiences: [AUDIENCE_PUBLIC]};\n"


def write(directory: Path, text: str, name: str = "ebok/try/v1/things.proto") -> Path:
    """A tree of protos with the common ones beside the one that is tried."""
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text)
    common = directory / "ebok/common/v1/access.proto"
    common.parent.mkdir(parents=True, exist_ok=True)
    common.write_text((ROOT / "protos/ebok/common/v1/access.proto").read_text())
    return directory


def faults(directory: Path, text: str, **place: str) -> list[str]:
    return lint(describe(write(directory, text, **place)), directory)


def test_a_good_file_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD) == []


def test_our_own_protos_have_no_fault() -> None:
    assert lint(describe(ROOT / "protos"), ROOT / "protos") == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("// One thing.\n", "", "ThingService.GetThing has no comment"),
        ("// Things.\n", "", "service ThingService has no comment"),
        ("// Answers.\n", "", "message GetThingResponse has no comment"),
        ("// A kind.\n", "", "enum Kind has no comment"),
        (ACCESS, "", "ThingService.GetThing has no option (ebok.common.v1.access)"),
        ("returns (GetThingResponse)", "returns (GetThingRequest)", "its own would be GetThingResponse"),
        ("KIND_UNSPECIFIED", "KIND_NONE", "enum Kind does not begin with KIND_UNSPECIFIED = 0"),
        ("KIND_BIG", "BIG", "BIG does not begin with KIND_"),
        ("ThingService", "Things", "Things does not end in Service"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = faults(tmp_path, GOOD.replace(old, new))
    assert any(fault in one for one in found), found


def test_the_directory_is_the_package(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, GOOD, name="ebok/other/v1/things.proto")
    assert fault == "ebok/other/v1/things.proto: the package is ebok.try.v1, its directory says ebok.other.v1"


def test_services_come_before_messages(tmp_path: Path) -> None:
    head, service, rest = GOOD.partition("// Things.\n")[0], *_split_service()
    assert "services come before messages" in faults(tmp_path, head + rest + service)[0]


def _split_service() -> tuple[str, str]:
    start, end = GOOD.index("// Things."), GOOD.index("// Asks for one.")
    return GOOD[start:end], GOOD[end:]


def broken(tmp_path: Path, old: str, new: str) -> list[str]:
    before = describe(write(tmp_path / "before", GOOD))
    return breaking(before, describe(write(tmp_path / "after", GOOD.replace(old, new))))


def test_growing_breaks_nothing(tmp_path: Path) -> None:
    assert broken(tmp_path, "string name = 1;", "string name = 1;\n  string colour = 2;") == []
    assert broken(tmp_path, "KIND_BIG = 1;", "KIND_BIG = 1;\n  KIND_SMALL = 2;") == []


def test_a_field_is_removed_by_reserving_its_number_and_its_name(tmp_path: Path) -> None:
    field = "  string name = 1;\n"
    assert broken(tmp_path, field, "  reserved 1;\n") == [
        "ebok.try.v1.GetThingResponse.name was removed; reserve its number 1 and its name"
    ]
    assert broken(tmp_path, field, '  reserved 1;\n  reserved "name";\n') == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("string name = 1", "int64 name = 1", "GetThingResponse.name (number 1) changed"),
        ("string name = 1", "string title = 1", "GetThingResponse.name (number 1) changed"),
        ("string name = 1", "repeated string name = 1", "GetThingResponse.name (number 1) changed"),
        ("string name = 1", "optional string name = 1", "GetThingResponse.name (number 1) changed"),
        ("KIND_BIG = 1", "KIND_HUGE = 1", "Kind.KIND_BIG = 1 was removed or renamed"),
        ("rpc GetThing(", "rpc FindThing(", "ThingService.GetThing was removed"),
        ("returns (GetThing", "returns (stream GetThing", "ThingService.GetThing takes or answers"),
    ],
)
def test_what_was_published_keeps_its_meaning(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = broken(tmp_path, old, new)
    assert any(fault in one for one in found), found
