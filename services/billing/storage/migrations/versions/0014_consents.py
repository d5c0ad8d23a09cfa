"""The customer's own word about e-invoices, beside the provider's."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on. What holds now is the provider's word."""
    false, nought = sa.text("false"), sa.text("0")
    op.add_column(
        "customers", sa.Column("source_e_invoice", sa.Boolean(), server_default=false, nullable=False)
    )
    op.add_column("customers", sa.Column("own_e_invoice", sa.Boolean(), nullable=True))
    op.add_column(
        "customers", sa.Column("consent_version", sa.BigInteger(), server_default=nought, nullable=False)
    )
    op.execute("UPDATE customers SET source_e_invoice = true WHERE e_invoice")
