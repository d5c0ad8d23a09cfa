"""Watched sources, and what became of refused rows."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Watched sources, and what became of refused rows."""
