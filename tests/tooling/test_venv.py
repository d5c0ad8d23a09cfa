"""The environment is made once, and made anew when an earlier start did not finish it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import venv
from deploy.local.suite import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A place like a clone, whose requirements are empty: what is tried is everything around installing."""
    place = tmp_path / "clone"
    (place / "requirements").mkdir(parents=True)
    for name in ("run.txt", "local.txt", "build.txt", "test.txt"):
        (place / "requirements" / name).write_text("")
    return place


def test_a_second_start_installs_nothing(root: Path) -> None:
    assert venv.ensure(root, "run")
    assert not venv.ensure(root, "run")
    assert (root / ".venv/bin/python").exists()


def test_changed_requirements_are_installed(root: Path) -> None:
    venv.ensure(root, "run")
    (root / "requirements/run.txt").write_text("# another pin\n")
    assert venv.ensure(root, "run")


def test_a_start_that_was_interrupted_is_done_anew(root: Path) -> None:
    venv.ensure(root, "run")
    (root / ".venv" / venv.UNFINISHED).touch()
    trace = root / ".venv" / "trace-of-the-earlier-one"
    trace.touch()
    assert venv.ensure(root, "run")
    assert not trace.exists()
    assert not (root / ".venv" / venv.UNFINISHED).exists()


def test_an_environment_without_its_python_is_made_anew(root: Path) -> None:
    venv.ensure(root, "run")
    (root / ".venv/bin/python").unlink()
    assert venv.ensure(root, "run")
    assert (root / ".venv/bin/python").exists()


def test_a_clone_that_was_moved_gets_a_new_environment(root: Path) -> None:
    venv.ensure(root, "run")
    moved = root.rename(root.with_name("moved"))
    assert venv.ensure(moved, "run")
    assert f"{moved}/.venv" in (moved / ".venv/bin/pip").read_text()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_to_an_environment_elsewhere_becomes_one_of_its_own(root: Path, there: bool) -> None:
    elsewhere = root.with_name("elsewhere")
    if there:
        elsewhere.mkdir()
        (elsewhere / "kept").touch()
    (root / ".venv").symlink_to(elsewhere)
    assert venv.ensure(root, "run")
    assert not (root / ".venv").is_symlink()
    assert (root / ".venv/bin/python").exists()
    assert (elsewhere / "kept").exists() is there


def test_requirements_without_hashes_are_refused(root: Path) -> None:
    (root / "requirements/run.txt").write_text("sampleproject==4.0.0\n")
    with pytest.raises(venv.CannotInstall, match="could not be installed"):
        venv.ensure(root, "run")


def test_an_old_python_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match=r"^setup: eBOK needs Python 3\.11 or newer, this is 3\.9$"):
        venv.main(["run"])


def test_a_missing_venv_module_is_told_with_the_package_it_is_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(venv.CannotInstall, match="apt install python3-venv"):
        venv.ensure(root, "run")


def test_the_installer_itself_is_pinned_with_hashes() -> None:
    block = venv._block(ROOT / "requirements/build.txt", "uv")
    assert block.startswith("uv==")
    assert block.count("--hash=sha256:") > 1


def test_it_runs_without_anything_installed(root: Path) -> None:
    """No site-packages: what a fresh clone has."""
    script = str(ROOT / "deploy/local/venv.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == "usage: python3 deploy/local/venv.py run|test\n"
