"""What clerks decide about readings, meters that succeed others, and garden sub-meters."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What clerks decide about readings, meters that succeed others, and garden sub-meters."""
