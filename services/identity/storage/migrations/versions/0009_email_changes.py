"""Changes of the address to log in with that can be undone from the former mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.add_column("tokens", sa.Column("log_in_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "email_changes",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("denial_hash", sa.LargeBinary(), nullable=False),
        sa.Column("log_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_email_changes")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_email_changes_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("denial_hash", name=op.f("uq_email_changes_denial_hash")),
    )
    op.create_index("email_changes_of_user", "email_changes", ["user_id", "changed_at"], unique=False)
    op.create_index("email_changes_by_age", "email_changes", ["changed_at"], unique=False)
