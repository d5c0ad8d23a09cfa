"""Consents are identity's: marketing is a copy of its word."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on.

    What was agreed to here is unknown to identity and ends: nothing goes out on a word that its owner cannot see or
    take back. The proof of it stays in `consents`.
    """
    op.add_column(
        "preferences", sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.execute("DELETE FROM preferences WHERE topic = 'marketing'")
