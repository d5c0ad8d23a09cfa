"""Text messages, preferences and reminders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = "status IN ('PLANNED', 'SENDING')"


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.drop_constraint(op.f("ck_messages_channel"), "messages", type_="check")
    op.create_check_constraint(op.f("ck_messages_channel"), "messages", "channel IN ('email', 'sms')")
    # Rules come with every release: their names are looked after by the code.
    op.drop_constraint(op.f("ck_messages_rule"), "messages", type_="check")
    op.create_check_constraint(op.f("ck_messages_rule"), "messages", "rule ~ '^[a-z0-9_]{1,40}$'")
    op.drop_constraint(op.f("ck_messages_sent_at"), "messages", type_="check")
    op.create_check_constraint(
        op.f("ck_messages_sent_at"),
        "messages",
        "status = 'FAILED' OR (status IN ('SENT', 'DELIVERED')) = (sent_at IS NOT NULL)",
    )
    op.add_column("messages", sa.Column("provider_id", sa.Text(), server_default="", nullable=False))
    op.add_column("messages", sa.Column("doubtful_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("messages", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "messages_due",
        "messages",
        ["channel", "next_attempt_at", "message_id"],
        unique=False,
        postgresql_where=sa.text(OPEN),
    )
    op.drop_index("messages_waiting", table_name="messages")
    op.create_index(
        "messages_to_ask",
        "messages",
        ["ask_at"],
        unique=False,
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
    op.create_index(
        "messages_by_provider_id",
        "messages",
        ["provider_id"],
        unique=False,
        postgresql_where=sa.text("provider_id <> ''"),
    )
    op.create_index(
        "messages_by_reference", "messages", [sa.text("substr(message_id::text, 27)")], unique=False
    )
    op.add_column("contacts", sa.Column("phone", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "preferences",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_preferences_channel")),
        sa.PrimaryKeyConstraint("customer_id", "topic", "channel", name=op.f("pk_preferences")),
    )
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_consents_channel")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consents")),
    )
    op.create_index("consents_of_customer", "consents", ["customer_id", "consent_id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("channels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("planned_through", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("days BETWEEN 1 AND 90", name=op.f("ck_reminders_days")),
        sa.CheckConstraint("least >= 0", name=op.f("ck_reminders_least")),
        sa.CheckConstraint(
            "NOT is_on OR planned_through IS NOT NULL", name=op.f("ck_reminders_on_since_a_day")
        ),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_reminders")),
    )
    op.create_table(
        "reference_checks",
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_reference_checks")),
    )
