"""Whether a database has a service's newest revision, without loading the service: that takes seconds."""

import re
from pathlib import Path

import psycopg

REVISION = re.compile(r"""^revision\s*(?::[^=]*)?=\s*["'](.+?)["']""", re.MULTILINE)
BEFORE = re.compile(r"""^down_revision\s*(?::[^=]*)?=\s*["'](.+?)["']""", re.MULTILINE)


def newest(versions: Path) -> str | None:
    """The one revision that no other builds upon; None when that cannot be told."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(versions.glob("*.py"))]
    made = {name for text in texts for name in REVISION.findall(text)}
    heads = made - {name for text in texts for name in BEFORE.findall(text)}
    return heads.pop() if len(heads) == 1 and len(made) == len(texts) else None


def is_current(url: str, versions: Path) -> bool:
    """Whether `migrate` would find nothing to do. In doubt it is run: it is always right."""
    wanted = newest(versions)
    if wanted is None:
        return False
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, autocommit=True) as connection:
        try:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except psycopg.errors.UndefinedTable:
            return False
    return rows == [(wanted,)]
