"""`make run` knows without loading a service whether its database is up to date."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from deploy.local.migrations import is_current, newest
from deploy.local.parts import services
from deploy.local.suite import ROOT


@pytest.mark.parametrize("name", services())
def test_the_newest_revision_is_alembics_head(name: str) -> None:
    migrations = ROOT / "services" / name / "storage" / "migrations"
    assert newest(migrations / "versions") == ScriptDirectory(str(migrations)).get_current_head()


def test_a_fork_is_left_to_alembic(tmp_path: Path) -> None:
    for name in ("0002a", "0002b"):
        (tmp_path / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = "0001"\n')
    assert newest(tmp_path) is None


def test_an_empty_database_is_behind_and_a_migrated_one_is_not(database_url_for: Callable[..., str]) -> None:
    migrations = ROOT / "services" / "notify" / "storage" / "migrations"
    assert not is_current(database_url_for(), migrations / "versions")
    assert is_current(database_url_for(migrations), migrations / "versions")
