"""Turn protos/ into gen/: messages, their stubs, and the gRPC classes with types.

Run with the project's Python: `.venv/bin/python deploy/local/protos.py` (or `make protos`). Nothing is done
when neither the protos nor the generator changed. gen/ appears whole or not at all: it is written beside,
then renamed into place.
"""

import argparse
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAMP = ".stamp"
DESCRIPTORS = "descriptors.binpb"
GENERATORS = ("grpcio-tools", "mypy-protobuf", "googleapis-common-protos", "protobuf")


class GenerationFailed(Exception):
    """protoc refused the protos; its own words are the message."""


def generate(protos: Path, gen: Path, *, scratch: Path, force: bool = False) -> bool:
    """Make `gen` agree with `protos`; true when something had to be written.

    `scratch` is a directory on the file system of `gen`, so that the rename is one step.
    """
    with _alone(protos):
        stamp = fingerprint(protos)
        if not force and _read(gen / STAMP) == stamp:
            return False
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="gen-") as directory:
            fresh = Path(directory) / "gen"
            fresh.mkdir()
            _compile(protos, fresh)
            _make_packages(fresh)
            (fresh / STAMP).write_text(stamp)
            if gen.exists():
                gen.rename(Path(directory) / "previous")
            fresh.rename(gen)
    return True


def proto_files(protos: Path) -> list[Path]:
    """Every .proto below `protos`, as sorted relative paths."""
    return sorted(path.relative_to(protos) for path in protos.rglob("*.proto"))


def fingerprint(protos: Path) -> str:
    """A hash of all that decides what gen/ contains."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in GENERATORS:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    for path in proto_files(protos):
        content = (protos / path).read_bytes()
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def include_paths(protos: Path) -> list[Path]:
    """Where imports are looked for: ours, google/protobuf/, google/type/ and google/rpc/."""
    tools = importlib.metadata.distribution("grpcio-tools").locate_file("grpc_tools/_proto")
    googleapis = importlib.metadata.distribution("googleapis-common-protos").locate_file("")
    return [protos, Path(str(tools)), Path(str(googleapis))]


def _compile(protos: Path, out: Path) -> None:
    files = proto_files(protos)
    if not files:
        return
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        *(f"--proto_path={path}" for path in include_paths(protos)),
        f"--python_out={out}",
        f"--pyi_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_grpc_out=quiet:{out}",
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={out / DESCRIPTORS}",
        *map(str, files),
    ]
    # protoc finds its plugins on PATH, and the project's bin need not be there.
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise GenerationFailed(done.stderr.strip() or f"protoc ended with status {done.returncode}")


def _make_packages(out: Path) -> None:
    """Regular packages: the import contracts must see `ebok`, and a namespace package is not seen."""
    for directory in {path.parent for path in out.rglob("*_pb2.py")}:
        place = directory
        while place != out:
            (place / "__init__.py").touch()
            place = place.parent
    for grpc_module in out.rglob("*_pb2_grpc.py"):
        # A file without a service gets an empty module, and a type stub of it is not made.
        if "Stub" not in grpc_module.read_text():
            grpc_module.unlink()
            grpc_module.with_suffix(".pyi").unlink(missing_ok=True)


@contextmanager
def _alone(protos: Path) -> Iterator[None]:
    """Two generations at once would rename over each other."""
    handle = os.open(protos, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate gen/ from protos/.")
    parser.add_argument("--force", action="store_true", help="even when nothing changed")
    parser.add_argument("--protos", type=Path, default=ROOT / "protos")
    parser.add_argument("--gen", type=Path, default=ROOT / "gen")
    arguments = parser.parse_args()
    if shutil.which("protoc-gen-mypy_grpc", path=str(Path(sys.prefix) / "bin")) is None:
        sys.exit("protos: the generator is not installed here; run `make protos`, which installs it")
    try:
        written = generate(
            arguments.protos,
            arguments.gen,
            scratch=arguments.gen.parent / "var",
            force=arguments.force,
        )
    except GenerationFailed as failure:
        sys.exit(f"protos: {failure}")
    except FileNotFoundError as missing:
        sys.exit(f"protos: {missing.filename} does not exist")
    if written:
        sys.stdout.write(f"protos: {len(proto_files(arguments.protos))} files → {arguments.gen.name}/\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
