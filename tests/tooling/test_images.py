"""Images: what goes into one, what is said when none can be built, and one built and started."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import images
from deploy.local import system

ROOT = images.ROOT


def test_an_image_is_made_of_these_and_of_nothing_else():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert {path for path in let_in if not (ROOT / path).exists()} == set()
    assert not [
        path for path in let_in if path.startswith(("var", "tests", "demo", ".venv", "deploy/credentials"))
    ]


def test_every_part_can_be_asked_for():
    for part in images.PARTS:
        assert any(
            (ROOT / place / name).exists()
            for place in (f"services/{part}", part)
            for name in ("__main__.py", "__init__.py")
        )


def test_without_a_builder_it_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(images.CannotBuild, match=r"install docker .*, podman or buildah"):
        images.find_builder()


def test_a_docker_whose_daemon_is_away_does_not_count(monkeypatch, tmp_path):
    for name, status in (("docker", 1), ("podman", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert images.find_builder() == "podman"


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> Iterator[Path]:
    """A place of its own for buildah, that needs nothing of the machine's."""
    place = tmp_path_factory.mktemp("containers")
    (place / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{place}/graph"\nrunroot = "{place}/run"\n', "utf-8"
    )
    own = {"CONTAINERS_STORAGE_CONF": str(place / "storage.conf"), "BUILDAH_ISOLATION": "chroot"}
    before = dict(os.environ)
    os.environ.update(own)
    yield place
    os.environ.clear()
    os.environ.update(before)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def container(storage) -> Iterator[str]:
    """A container of billing's image, on a base made here."""
    missing = [
        need.missing
        for need in system.LONG_NEEDS
        if need.name in ("buildah", "mmdebstrap") and not need.is_there()
    ]
    if missing:
        pytest.skip("; ".join(missing))
    if os.geteuid() != 0:
        pytest.skip("an image is built as root here")
    base = images.make_base("buildah", ROOT / "var" / "images" / "base.tar")
    images.build("buildah", "billing", image="ebok/billing:test", base=base, version="test")
    made = subprocess.run(
        ["buildah", "from", "--pull-never", "localhost/ebok/billing:test"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    yield made
    subprocess.run(["buildah", "rm", made], capture_output=True, check=True)


def run(container: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the container, as the image's user."""
    return subprocess.run(
        ["buildah", "run", container, "--", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.outside
def test_an_image_starts_as_nobody_and_has_its_own_part_alone(container):
    said = run(container, "/app/start", "config")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("EBOK_PART=billing ")
    assert run(container, "id", "-u").stdout.strip() == "10001"
    assert run(container, "ls", "/app/services").stdout.split() == ["billing"]
    assert run(container, "touch", "/app/services/other").returncode != 0

    missing = run(container, "python", "-c", "import services.payments")
    assert missing.returncode != 0
    assert "No module named 'services.payments'" in missing.stderr
    for other in ("gateway", "chassis.testing", "supervisor", "pip"):
        assert run(container, "python", "-c", f"import {other}").returncode != 0, other
    whole = "import services.billing.__main__, ebok.billing.v1.invoices_pb2"
    assert run(container, "python", "-c", whole).returncode == 0

    refused = run(container, "/app/start", "serve")  # It says what it lacks, instead of a traceback.
    assert refused.returncode != 0
    assert "EBOK_DATABASE_URL" in refused.stderr
    assert "Traceback" not in refused.stderr
