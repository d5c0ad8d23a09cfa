"""Workflows and categories, and those that a new provider begins with."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DEFAULTS = Path(__file__).parents[1] / "defaults" / "0002_workflows.yaml"
JSONB = postgresql.JSONB(astext_type=sa.Text())
REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    workflows, versions, categories = _tables()
    op.execute(REFUSE_CHANGE)
    op.execute(
        "CREATE TRIGGER workflow_versions_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON workflow_versions"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    defaults = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    now = op.get_bind().scalar(sa.text("SELECT now()"))
    op.bulk_insert(
        workflows,
        [
            {"workflow_id": one["workflow_id"], "current_version": 1, "saved_at": now}
            for one in defaults["workflows"]
        ],
    )
    op.bulk_insert(
        versions,
        [
            {
                "workflow_id": one["workflow_id"],
                "version": 1,
                "document": _document(one),
                "published_at": now,
            }
            for one in defaults["workflows"]
        ],
    )
    op.bulk_insert(
        categories,
        [
            {**one, "position": 10 * place, "version": 1}
            for place, one in enumerate(defaults["categories"], start=1)
        ],
    )


def _document(workflow: dict[str, Any]) -> dict[str, Any]:
    """A version as it is kept, with all that the file leaves out where it is nothing."""
    nothing = {"permission": "", "tells_customer": False, "after_days": 0}
    return {
        "names": workflow["names"],
        "states": workflow["states"],
        "transitions": [{**nothing, **one} for one in workflow["transitions"]],
    }


def _tables() -> tuple[sa.Table, sa.Table, sa.Table]:
    workflows = op.create_table(
        "workflows",
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("current_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("draft", JSONB, nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("current_version >= 0", name=op.f("ck_workflows_current_version")),
        sa.PrimaryKeyConstraint("workflow_id", name=op.f("pk_workflows")),
    )
    versions = op.create_table(
        "workflow_versions",
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_workflow_versions_version")),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflows.workflow_id"], name=op.f("fk_workflow_versions_workflow_id")
        ),
        sa.PrimaryKeyConstraint("workflow_id", "version", name=op.f("pk_workflow_versions")),
    )
    return workflows, versions, _categories()


def _categories() -> sa.Table:
    return op.create_table(
        "categories",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("names", JSONB, nullable=False),
        sa.Column("hints", JSONB, nullable=False),
        sa.Column("commodities", JSONB, nullable=False),
        sa.Column("fields", JSONB, nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("working_days", sa.Boolean(), nullable=False),
        sa.Column("sentences", JSONB, nullable=False),
        sa.Column("reopen_days", sa.Integer(), nullable=False),
        sa.Column("for_customers", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("days BETWEEN 0 AND 365", name=op.f("ck_categories_days")),
        sa.CheckConstraint(
            "kind IN ('QUESTION', 'COMPLAINT', 'APPLICATION', 'FAULT')", name=op.f("ck_categories_kind")
        ),
        sa.CheckConstraint("reopen_days BETWEEN 0 AND 365", name=op.f("ck_categories_reopen_days")),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflows.workflow_id"], name=op.f("fk_categories_workflow_id")
        ),
        sa.PrimaryKeyConstraint("category_id", name=op.f("pk_categories")),
        sa.UniqueConstraint("key", name=op.f("uq_categories_key")),
    )
