"""`make images`: an image for each part, with docker, podman or buildah, whichever is there.

    python -m deploy.images [--part billing] [--base IMAGE] [--tag 1.2.0] [--repository registry.example.pl/ebok]

`--base local` makes the base of Debian's packages by mmdebstrap, where no public image can be pulled. pip's own
variables PIP_CERT and PIP_CONFIG_FILE say how packages are reached; what they name is a secret of the build.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.parts import services

ROOT = Path(__file__).resolve().parents[1]
PARTS = (*services(), "gateway", "connector", "sandbox")
LOCAL_BASE = "localhost/ebok-base"
BASE_PACKAGES = "python3,python3-venv,ca-certificates,tzdata"
BASE_SUITE = "bookworm"
NONE_THERE = (
    "nothing is there that builds images: install docker (and start it), podman or buildah"
    " (Debian, Ubuntu: apt install buildah)"
)


class CannotBuild(Exception):
    """One sentence: what is missing or went wrong."""


def find_builder() -> str:
    """docker if its daemon answers, else podman, else buildah. Raises CannotBuild."""
    if shutil.which("docker") and _answers("docker", "info"):
        return "docker"
    for name in ("podman", "buildah"):
        if shutil.which(name):
            return name
    raise CannotBuild(NONE_THERE)


def build(builder: str, part: str, *, image: str, base: str = "", version: str = "") -> None:
    """Build the image of one part. Raises CannotBuild."""
    arguments = ["--build-arg", f"PART={part}", "--tag", image]
    for name, value in (("BASE", base), ("VERSION", version)):
        if value:
            arguments += ["--build-arg", f"{name}={value}"]
    for name, variable in (("certificates", "PIP_CERT"), ("pip.conf", "PIP_CONFIG_FILE")):
        if os.environ.get(variable):
            arguments += ["--secret", f"id={name},src={os.environ[variable]}"]
    if builder == "buildah" and not (shutil.which("runc") or shutil.which("crun")):
        arguments += ["--isolation", "chroot"]
    _call([builder, "build", *arguments, str(ROOT)], f"the image of {part} could not be built")


def make_base(builder: str, tar: Path) -> str:
    """A base of Debian's packages, under LOCAL_BASE; what `tar` holds already is taken. Raises CannotBuild."""
    if not tar.exists():
        if shutil.which("mmdebstrap") is None:
            raise CannotBuild("mmdebstrap is not installed (Debian, Ubuntu: apt install mmdebstrap)")
        tar.parent.mkdir(parents=True, exist_ok=True)
        fresh = tar.with_name(f".{tar.name}")
        options = ["--quiet", "--variant=minbase", f"--include={BASE_PACKAGES}", "--format=tar"]
        _call(["mmdebstrap", *options, BASE_SUITE, str(fresh)], "the base could not be made")
        fresh.replace(tar)
    if builder != "buildah":
        _call([builder, "import", str(tar), LOCAL_BASE], "the base could not be taken in")
        return LOCAL_BASE
    container = _call(["buildah", "from", "scratch"], "buildah could not begin").strip()
    try:
        _call(["buildah", "add", "--quiet", container, str(tar), "/"], "the base could not be taken in")
        _call(["buildah", "commit", "--quiet", container, LOCAL_BASE], "the base could not be kept")
    finally:
        _call(["buildah", "rm", container], "buildah could not end")
    return LOCAL_BASE


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _call(command: Sequence[str], failure: str) -> str:
    """Its output; what it says of its progress goes on to the terminal. Raises CannotBuild."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise CannotBuild(f"{failure}: `{' '.join(command[:2])}` ended with status {done.returncode}")
    return done.stdout


def main() -> int:
    """Build one part or all."""
    parser = argparse.ArgumentParser(prog="python -m deploy.images", description="Build the images.")
    parser.add_argument("--part", action="append", choices=PARTS, help="this one; may be repeated; else all")
    parser.add_argument("--base", default="", help="base image; `local`: made here of Debian's packages")
    parser.add_argument("--tag", default="latest", help="tag and version of the images")
    parser.add_argument("--repository", default="ebok", help="what stands before the part's name")
    given = parser.parse_args()
    try:
        builder = find_builder()
        base = (
            make_base(builder, ROOT / "var" / "images" / "base.tar") if given.base == "local" else given.base
        )
        for part in given.part or PARTS:
            image = f"{given.repository}/{part}:{given.tag}"
            build(builder, part, image=image, base=base, version=given.tag)
            sys.stdout.write(f"images: {image}\n")
    except CannotBuild as sentence:
        sys.exit(f"images: {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
