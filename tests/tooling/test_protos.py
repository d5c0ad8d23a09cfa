"""gen/ follows from protos/ alone, appears whole, and is left alone when nothing changed."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.protos import ROOT, STAMP, GenerationFailed, fingerprint, generate

PROTO = """syntax = "proto3";
package ebok.try.v1;
import "google/protobuf/timestamp.proto";
import "google/type/date.proto";
message Thing { google.type.Date on = 1; google.protobuf.Timestamp at = 2; }
message GetThingRequest { string id = 1; }
message GetThingResponse { Thing thing = 1; }
service ThingService { rpc GetThing(GetThingRequest) returns (GetThingResponse); }
"""


@pytest.fixture
def protos(tmp_path: Path) -> Path:
    place = tmp_path / "protos"
    (place / "ebok/try/v1").mkdir(parents=True)
    (place / "ebok/try/v1/things.proto").write_text(PROTO)
    return place


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def test_the_same_protos_give_the_same_bytes(protos: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert generate(protos, tmp_path / name, scratch=tmp_path / "var")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert {"ebok/__init__.py", "ebok/try/v1/things_pb2.pyi", "ebok/try/v1/things_pb2_grpc.pyi"} <= set(
        contents(tmp_path / "one")
    )


def test_nothing_is_written_when_nothing_changed(protos: Path, tmp_path: Path) -> None:
    gen = tmp_path / "gen"
    assert generate(protos, gen, scratch=tmp_path / "var")
    assert not generate(protos, gen, scratch=tmp_path / "var")
    (protos / "ebok/try/v1/things.proto").write_text(PROTO.replace("string id = 1", "string id = 2"))
    assert generate(protos, gen, scratch=tmp_path / "var")
    assert (gen / STAMP).read_text() == fingerprint(protos)


def test_a_removed_proto_leaves_no_module_behind(protos: Path, tmp_path: Path) -> None:
    more = protos / "ebok/try/v1/more.proto"
    more.write_text('syntax = "proto3";\npackage ebok.try.v1;\nmessage More {}\n')
    generate(protos, tmp_path / "gen", scratch=tmp_path / "var")
    assert (tmp_path / "gen/ebok/try/v1/more_pb2.py").exists()
    more.unlink()
    generate(protos, tmp_path / "gen", scratch=tmp_path / "var")
    assert not (tmp_path / "gen/ebok/try/v1/more_pb2.py").exists()


def test_a_broken_proto_is_told_with_its_line_and_leaves_gen_as_it_was(protos: Path, tmp_path: Path) -> None:
    gen = tmp_path / "gen"
    generate(protos, gen, scratch=tmp_path / "var")
    before = contents(gen)
    (protos / "ebok/try/v1/things.proto").write_text(PROTO + "message Broken {")
    with pytest.raises(GenerationFailed, match=r"things\.proto:9"):
        generate(protos, gen, scratch=tmp_path / "var")
    assert contents(gen) == before


def test_two_generations_at_once_both_end_well(protos: Path, tmp_path: Path) -> None:
    script = str(ROOT / "deploy/local/protos.py")
    command = [sys.executable, script, "--protos", str(protos), "--gen", str(tmp_path / "gen")]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (tmp_path / "gen/ebok/try/v1/things_pb2_grpc.py").exists()
