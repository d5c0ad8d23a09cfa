"""docs/security.md names what is there: each path exists, and each attack's test is run."""

import re

from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
CHAPTERS = 17


def test_every_path_that_the_page_names_exists():
    named = set(PATH.findall(PAGE))
    assert len(named) > 100
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_file_of_attacks_is_named():
    """One that is not is one that nobody looks for."""
    files = [
        path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "tests" / "security").rglob("test_*.py"))
    ]
    assert [path for path in files if f"`{path}`" not in PAGE] == []


def test_every_chapter_is_there_and_says_what_is_not_met():
    chapters = re.findall(r"(?m)^## V(\d+) ", PAGE)
    assert chapters == [str(number) for number in range(1, CHAPTERS + 1)]
    assert PAGE.count("\nNot met: ") >= 10
