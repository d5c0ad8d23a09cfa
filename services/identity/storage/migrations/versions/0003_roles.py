"""Roles as sets of permissions, and areas of staff."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.create_table(
        "customer_areas",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("towns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("commodities", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_areas")),
    )
    op.create_table(
        "roles",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_roles")),
    )
    # Roles are made in the console now: a constraint that names them would keep those out.
    op.drop_constraint(op.f("ck_staff_roles"), "staff", type_="check")
    empty = sa.text("'{}'")
    for name in ("towns", "commodities"):
        op.add_column(
            "staff", sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=empty, nullable=False)
        )
    op.add_column("staff", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
