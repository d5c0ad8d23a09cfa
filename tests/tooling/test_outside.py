"""Programs of others are installed once, apart from ours; one that cannot be had is a sentence."""

from pathlib import Path

import pytest

from deploy.local import outside, system


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of requirements for an empty place, without any index."""
    path = tmp_path / "outside.txt"
    monkeypatch.setattr(outside, "PLACE", tmp_path / "var")
    monkeypatch.setattr(outside, "REQUIREMENTS", path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return path


def test_what_is_there_is_not_installed_again(requirements: Path) -> None:
    requirements.write_text("# nothing\n")
    python = outside.python()
    mark = python.parent / "mark"
    mark.touch()
    assert outside.python() == python
    assert mark.exists()
    assert python.parent.parent.parent == outside.PLACE

    requirements.write_text("# other\n")
    assert outside.python() != python


def test_what_cannot_be_installed_is_a_sentence_and_is_tried_again(requirements: Path) -> None:
    requirements.write_text(f"ebok-nobody==1.0 --hash=sha256:{'0' * 64}\n")
    for _ in range(2):
        with pytest.raises(
            outside.NotToBeHad, match=r"failed: ERROR: No matching distribution found for ebok"
        ):
            outside.python()


def test_an_installation_that_broke_off_is_done_anew(requirements: Path) -> None:
    requirements.write_text("# nothing\n")
    python = outside.python()
    (python.parents[1] / ".finished").unlink()
    python.unlink()
    assert outside.python().exists()


def test_without_node_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(outside.NotToBeHad, match=r"^Node 18 or newer with npm is not installed"):
        outside.node_modules()


@pytest.mark.parametrize(
    ("said", "fit"), [("v18.0.0", True), ("v20.1.2", True), ("v16.20.0", False), ("", False)]
)
def test_an_old_node_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, fit: bool) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {said}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system.node_is_fit() is fit
