"""Daily use derived from readings, and interval readings."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Daily use derived from readings, and interval readings."""
