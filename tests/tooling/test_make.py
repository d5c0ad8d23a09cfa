"""`make` is the front page, and what it names exists."""

import re
import subprocess

from deploy.local.suite import ROOT


def test_make_alone_prints_every_target_with_a_sentence() -> None:
    page = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = set(re.findall(r"^  make ([a-z0-9-]+) +\S", page, re.MULTILINE))
    text = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"\.PHONY: ((?:.*\\\n)*.*)", text)[1].replace("\\\n", " ").split())  # type: ignore[index]
    assert phony - named == {"venv-run", "venv-test"}
    assert named <= phony


def test_the_modules_that_make_runs_exist() -> None:
    text = (ROOT / "Makefile").read_text()
    for module in re.findall(r"-m ((?:deploy|tests)\.\w+\.\w+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def test_a_migration_without_its_arguments_says_how() -> None:
    done = subprocess.run(["make", "-s", "migration"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert 'usage: make migration S=billing M="what changes"' in done.stderr
    assert done.returncode == 2
