"""Canned answers by language, the language of customers, clocks that begin anew."""

from pathlib import Path

import sqlalchemy as sa
import yaml
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DEFAULTS = Path(__file__).parents[1] / "defaults"


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.add_column(
        "canned_answers",
        sa.Column("translations", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("customers", sa.Column("language", sa.Text(), server_default="", nullable=False))
    op.add_column("tickets", sa.Column("clock_since", sa.DateTime(timezone=True), nullable=True))
    _translate_defaults()


def _translate_defaults() -> None:
    """The answers that a provider begins with, where nobody has changed what they say."""
    canned_answers = sa.table(
        "canned_answers",
        sa.column("canned_answer_id", sa.Uuid()),
        sa.column("body", sa.Text()),
        sa.column("translations", postgresql.JSONB()),
    )
    said = _read("0004_desk.yaml")
    for canned_answer_id, translations in _read("0005_answers.yaml").items():
        op.execute(
            canned_answers.update()
            .where(canned_answers.c.canned_answer_id == canned_answer_id)
            .where(canned_answers.c.body == said[canned_answer_id]["body"])
            .values(translations=translations)
        )


def _read(name: str) -> dict[str, dict[str, str]]:
    given = yaml.safe_load((DEFAULTS / name).read_text(encoding="utf-8"))["canned_answers"]
    return {one.pop("canned_answer_id"): one for one in given}
