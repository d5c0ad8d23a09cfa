"""Where customers are, for staff limited to an area."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
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
