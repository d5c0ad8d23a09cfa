"""Where customers are served, as others hear of it; open charges by due day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on. Imports, or `customers.announce`, fill in the places."""
    for name in ("towns", "commodities"):
        op.add_column(
            "customers",
            sa.Column(
                name,
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'[]'"),
                nullable=False,
            ),
        )
    op.create_index(
        "ledger_entries_by_due_day",
        "ledger_entries",
        ["due_on", "invoice_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'CHARGE'"),
    )
