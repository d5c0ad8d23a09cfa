"""Whether staff may change what the provider's own systems own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The default lets code of the release before go on writing, and changes nothing for anybody."""
    op.add_column(
        "settings",
        sa.Column("provider_data_editable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
