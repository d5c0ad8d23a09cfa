"""What clerks decide about readings, meters that succeed others, and garden sub-meters."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What clerks decide about readings, meters that succeed others, and garden sub-meters."""
    op.add_column(
        "readings", sa.Column("made_here", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("readings", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("readings", sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False))
    # The queue: the oldest day first.
    op.create_index(
        "readings_queue",
        "readings",
        ["read_on", "reading_id"],
        postgresql_where=sa.text("status = 'SUBMITTED'"),
    )
    op.add_column("meters", sa.Column("purpose", sa.Text(), server_default=sa.text("'MAIN'"), nullable=False))
    op.create_check_constraint(op.f("ck_meters_purpose"), "meters", "purpose IN ('MAIN', 'GARDEN')")
    op.add_column("meters", sa.Column("succeeds_meter_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_meters_succeeds_meter_id"), "meters", "meters", ["succeeds_meter_id"], ["meter_id"]
    )
    op.create_index(
        "meters_one_successor",
        "meters",
        ["succeeds_meter_id"],
        unique=True,
        postgresql_where=sa.text("succeeds_meter_id IS NOT NULL"),
    )
