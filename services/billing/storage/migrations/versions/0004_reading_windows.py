"""Reading windows, who was told of them, and photos of readings."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Reading windows, who was told of them, and photos of readings."""
