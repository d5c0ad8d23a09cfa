"""Canned answers, those that a new provider begins with, and the contact log."""

from pathlib import Path

import sqlalchemy as sa
import yaml
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DEFAULTS = Path(__file__).parents[1] / "defaults" / "0004_desk.yaml"


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    canned_answers = op.create_table(
        "canned_answers",
        sa.Column("canned_answer_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("category_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("used_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("canned_answer_id", name=op.f("pk_canned_answers")),
    )
    op.bulk_insert(canned_answers, yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["canned_answers"])
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("staff_name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('PORTAL', 'PHONE', 'DESK', 'EMAIL', 'LETTER')", name=op.f("ck_contacts_channel")
        ),
        sa.CheckConstraint(
            "topic IN ('INVOICE', 'PAYMENT', 'READING', 'CONTRACT', 'FAULT', 'PORTAL', 'OTHER')",
            name=op.f("ck_contacts_topic"),
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_contacts_ticket_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
    )
    op.create_index("contacts_of_customer", "contacts", ["customer_id", "happened_at", "contact_id"])
    op.create_index("contacts_of_ticket", "contacts", ["ticket_id"])
