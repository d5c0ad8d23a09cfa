"""Apps with codes that staff took from users, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.create_table(
        "factor_resets",
        sa.Column("reset_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reset_id", name=op.f("pk_factor_resets")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_factor_resets_user_id_users")),
    )
    op.create_index("factor_resets_of_customer", "factor_resets", ["customer_id", "made_at"], unique=False)
