"""Watched sources, and what became of refused rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Rows refused before this waited for nobody; now they wait until somebody mends them or sets them aside.
COUNT_OPEN = "UPDATE imports SET open_reject_count = rejected_count WHERE NOT dry_run AND rejected_count > 0"


def upgrade() -> None:
    """The table of feeds; imports know theirs and since when; refused rows know what became of them."""
    op.create_table(
        "feeds",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("every_s > 0", name=op.f("ck_feeds_every")),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_feeds")),
    )
    op.add_column("imports", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("imports", sa.Column("feed", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "imports",
        sa.Column("open_reject_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.execute(COUNT_OPEN)
    op.create_index(
        "imports_of_feed",
        "imports",
        ["feed", "started_at"],
        unique=False,
        postgresql_where=sa.text("feed <> '' AND NOT dry_run"),
    )
    op.add_column(
        "import_rejects",
        sa.Column("status", sa.Text(), server_default=sa.text("'OPEN'"), nullable=False),
    )
    op.add_column("import_rejects", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_rejects", sa.Column("settled_by", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "import_rejects",
        sa.Column(
            "mended_row",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.create_check_constraint(
        op.f("ck_import_rejects_status"), "import_rejects", "status IN ('OPEN', 'MENDED', 'DISMISSED')"
    )
    op.create_check_constraint(
        op.f("ck_import_rejects_settled"), "import_rejects", "(settled_at IS NULL) = (status = 'OPEN')"
    )
    op.create_index(
        "import_rejects_open",
        "import_rejects",
        ["import_id", "row_number", "reject_id"],
        unique=False,
        postgresql_where=sa.text("status = 'OPEN'"),
    )
