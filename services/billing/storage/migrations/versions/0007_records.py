"""Where records come from, what staff changed of the provider's, and whether they may."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RECORDS = ("customers", "premises", "service_points", "meters", "contracts")


def upgrade() -> None:
    """All there is came from the provider. The defaults let code of the release before go on writing."""
    for table in RECORDS:
        op.add_column(
            table, sa.Column("origin", sa.Text(), server_default=sa.text("'PROVIDER'"), nullable=False)
        )
        op.add_column(
            table,
            sa.Column(
                "office_fields",
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
            ),
        )
        op.create_check_constraint(
            op.f(f"ck_{table}_origin"), table, sa.text("origin IN ('PROVIDER', 'OFFICE')")
        )
    op.add_column(
        "provider_settings",
        sa.Column("provider_data_editable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
