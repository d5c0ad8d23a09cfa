"""Cases, their threads and their files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    _copies()
    _tickets()
    _orders()
    _threads()
    _files()


def _copies() -> None:
    """Customers, staff and the series of numbers."""
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("towns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("commodities", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers")),
    )
    op.create_table(
        "number_series",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "staff_members",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_members")),
    )


def _tickets() -> None:
    """Cases."""
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("category_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("commodity", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("follows_ticket_id", sa.Uuid(), nullable=True),
        sa.Column("follows_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("advance_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopen_days", sa.Integer(), nullable=False),
        sa.Column("reopen_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("rating_comment", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("working_days", sa.Boolean(), nullable=False),
        sa.Column("sentences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waited_days", sa.Integer(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned", sa.SmallInteger(), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgency", sa.BigInteger(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_name", sa.Text(), nullable=False),
        sa.Column("last_position", sa.Integer(), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("customer_seen", sa.Integer(), nullable=False),
        sa.Column("customer_unread", sa.Integer(), nullable=False),
        sa.Column("staff_seen", sa.Integer(), nullable=False),
        sa.Column("staff_unread", sa.Integer(), nullable=False),
        sa.Column("customer_wrote_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state_version", sa.BigInteger(), nullable=False),
        sa.Column("assignee_version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(status = 'CLOSED') = (closed_at IS NOT NULL)", name=op.f("ck_tickets_closed_at")
        ),
        sa.CheckConstraint(
            "channel IN ('PORTAL', 'PHONE', 'DESK', 'EMAIL', 'LETTER')", name=op.f("ck_tickets_channel")
        ),
        sa.CheckConstraint(
            "kind IN ('QUESTION', 'COMPLAINT', 'APPLICATION', 'FAULT')", name=op.f("ck_tickets_kind")
        ),
        sa.CheckConstraint(
            "status IN ('NEW', 'IN_PROGRESS', 'WAITING', 'ANSWERED', 'CLOSED')",
            name=op.f("ck_tickets_status"),
        ),
        sa.CheckConstraint("(days > 0) = (due_at IS NOT NULL)", name=op.f("ck_tickets_due_at")),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("ck_tickets_rating")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.category_id"], name=op.f("fk_tickets_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id", "workflow_version"],
            ["workflow_versions.workflow_id", "workflow_versions.version"],
            name=op.f("fk_tickets_workflow_id_workflow_version"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_tickets")),
    )


def _orders() -> None:
    """In which order cases are looked for."""
    op.create_index("tickets_by_number", "tickets", ["number"], unique=True)
    op.create_index("tickets_by_request", "tickets", ["customer_id", "request_id"], unique=True)
    op.create_index("tickets_of_customer", "tickets", ["customer_id", "opened_at", "ticket_id"], unique=False)
    op.create_index("tickets_queue", "tickets", ["urgency", "ticket_id"], unique=False)
    op.create_index(
        "tickets_queue_by_category", "tickets", ["category_id", "urgency", "ticket_id"], unique=False
    )
    op.create_index("tickets_queue_of", "tickets", ["assignee_id", "urgency", "ticket_id"], unique=False)
    op.create_index(
        "tickets_to_advance",
        "tickets",
        ["advance_at"],
        unique=False,
        postgresql_where=sa.text("advance_at IS NOT NULL"),
    )
    op.create_index(
        "tickets_to_warn",
        "tickets",
        ["warn_at"],
        unique=False,
        postgresql_where=sa.text("warn_at IS NOT NULL"),
    )


def _threads() -> None:
    """What was written."""
    op.create_table(
        "ticket_messages",
        sa.Column("ticket_message_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("tells_customer", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("transition", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("from_version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(state_names IS NULL) = (transition = '')", name=op.f("ck_ticket_messages_step")),
        sa.CheckConstraint(
            "author IN ('CUSTOMER', 'STAFF', 'SYSTEM')", name=op.f("ck_ticket_messages_author")
        ),
        sa.CheckConstraint(
            "channel IN ('PORTAL', 'PHONE', 'DESK', 'EMAIL', 'LETTER')",
            name=op.f("ck_ticket_messages_channel"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_ticket_messages_ticket_id")
        ),
        sa.PrimaryKeyConstraint("ticket_message_id", name=op.f("pk_ticket_messages")),
    )
    op.create_index(
        "ticket_messages_by_request",
        "ticket_messages",
        ["ticket_id", "request_id"],
        unique=True,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index("ticket_messages_in_order", "ticket_messages", ["ticket_id", "position"], unique=True)


def _files() -> None:
    """What cases are found by, and what came with messages."""
    op.create_table(
        "ticket_words",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_ticket_words_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_words")),
    )
    op.create_index("ticket_words_found", "ticket_words", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("by_staff", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("ticket_message_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_attachments_size_bytes")),
        sa.ForeignKeyConstraint(
            ["ticket_message_id"],
            ["ticket_messages.ticket_message_id"],
            name=op.f("fk_attachments_ticket_message_id"),
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachments")),
    )
    op.create_index("attachments_of_message", "attachments", ["ticket_message_id", "position"], unique=False)
    op.create_index(
        "attachments_waiting",
        "attachments",
        ["added_at"],
        unique=False,
        postgresql_where=sa.text("ticket_message_id IS NULL"),
    )
    op.create_index(
        "attachments_waiting_for",
        "attachments",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("ticket_message_id IS NULL"),
    )
