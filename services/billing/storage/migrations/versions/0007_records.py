"""Where records come from, and what staff changed of the provider's."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Where records come from, and what staff changed of the provider's."""
