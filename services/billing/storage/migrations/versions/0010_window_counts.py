"""When the meters of a reading window were counted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.add_column("reading_windows", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
