"""Reading windows, who was told of them, and photos of readings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COMMODITIES = "commodity IN ('WATER', 'SEWAGE', 'HEAT', 'HOT_WATER', 'ELECTRICITY', 'GAS')"


def upgrade() -> None:
    """Three tables of their own; nothing that is there changes."""
    op.create_table(
        "reading_windows",
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("commodity", sa.Text(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("repeat_months", sa.Integer(), nullable=False),
        sa.Column("next_window_id", sa.Uuid(), nullable=True),
        sa.Column("told_after", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("meter_count", sa.Integer(), nullable=True),
        sa.Column("read_count", sa.Integer(), nullable=True),
        sa.CheckConstraint(COMMODITIES, name=op.f("ck_reading_windows_commodity")),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_reading_windows_days")),
        sa.PrimaryKeyConstraint("window_id", name=op.f("pk_reading_windows")),
    )
    op.create_index("reading_windows_by_day", "reading_windows", ["commodity", "opens_on"], unique=True)
    op.create_index(
        "reading_windows_at_work",
        "reading_windows",
        ["opens_on"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "reading_window_notices",
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('OPENED', 'MISSING')", name=op.f("ck_reading_window_notices_kind")),
        sa.ForeignKeyConstraint(
            ["window_id"],
            ["reading_windows.window_id"],
            name=op.f("fk_reading_window_notices_window_id"),
        ),
        sa.PrimaryKeyConstraint("window_id", "kind", "customer_id", name=op.f("pk_reading_window_notices")),
    )
    op.create_table(
        "reading_photos",
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.reading_id"], name=op.f("fk_reading_photos_reading_id")
        ),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_reading_photos")),
    )
    op.create_index("reading_photos_by_age", "reading_photos", ["added_at"], unique=False)
    # A photo is a JPEG already: trying to compress it again costs time and wins nothing.
    op.execute("ALTER TABLE reading_photos ALTER COLUMN content SET STORAGE EXTERNAL")
