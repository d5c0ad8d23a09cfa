"""Compiles the example protos, once for each test process, and offers the generated modules."""

import atexit
import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from deploy.local.protos import include_paths

PROTOS = Path(__file__).parent / "protos"
ROOT = Path(__file__).resolve().parents[2]


def _compile() -> None:
    if "example.v1.notes_pb2" in sys.modules:
        return
    out = tempfile.mkdtemp(prefix="ebok-example-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    files = [str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto")]
    includes = [f"--proto_path={path}" for path in (PROTOS, *include_paths(ROOT / "protos"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", *includes, f"--python_out={out}"]
    subprocess.run([*command, f"--grpc_python_out={out}", *files], check=True)
    sys.path.insert(0, out)


_compile()
notes_pb2: Any = importlib.import_module("example.v1.notes_pb2")
notes_pb2_grpc: Any = importlib.import_module("example.v1.notes_pb2_grpc")
faulty_pb2_grpc: Any = importlib.import_module("example.v1.faulty_pb2_grpc")
