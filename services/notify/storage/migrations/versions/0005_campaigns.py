"""Templates and campaigns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.create_table(
        "templates",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("template_id", name=op.f("pk_templates")),
        sa.UniqueConstraint("name", name=op.f("uq_templates_name")),
    )
    op.add_column(
        "announcements",
        sa.Column("of_campaign", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("segment", JSON, nullable=False),
        sa.Column("is_marketing", sa.Boolean(), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.Column("by_sms", sa.Boolean(), nullable=False),
        sa.Column("by_portal", sa.Boolean(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("rate_per_hour", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("counts", JSON, nullable=True),
        sa.Column("scheduled_by", sa.Text(), server_default="", nullable=False),
        sa.Column("scheduled_at", MOMENT, nullable=True),
        sa.Column("began_at", MOMENT, nullable=True),
        sa.Column("gathered_through", sa.Uuid(), nullable=True),
        sa.Column("gathered_at", MOMENT, nullable=True),
        sa.Column("credit", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("credited_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'DONE', 'CANCELLED')",
            name=op.f("ck_campaigns_status"),
        ),
        sa.CheckConstraint("rate_per_hour >= 0", name=op.f("ck_campaigns_rate_per_hour")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'SCHEDULED', 'CANCELLED') OR began_at IS NOT NULL",
            name=op.f("ck_campaigns_began_at"),
        ),
        sa.CheckConstraint(
            "(status IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL)", name=op.f("ck_campaigns_ended_at")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaigns")),
    )
    op.create_index(
        "campaigns_under_way",
        "campaigns",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status IN ('SCHEDULED', 'RUNNING', 'PAUSED')"),
    )
    op.create_table(
        "campaign_recipients",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "channel IN ('', 'email', 'sms', 'portal')", name=op.f("ck_campaign_recipients_channel")
        ),
        sa.CheckConstraint("(channel = '') = (reason <> '')", name=op.f("ck_campaign_recipients_reason")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_campaign_recipients_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "customer_id", name=op.f("pk_campaign_recipients")),
    )
    op.create_index(
        "campaign_recipients_to_release",
        "campaign_recipients",
        ["campaign_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("released_at IS NULL AND channel <> ''"),
    )
