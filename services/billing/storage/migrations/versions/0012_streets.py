"""Streets of towns, found and listed without reading every premises."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.create_index("premises_by_street", "premises", ["town", "street"], unique=False)
