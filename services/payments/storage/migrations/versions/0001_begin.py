"""The tables payments begins with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.create_table(
        "exchanges",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("judge_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_exchanges_direction")),
        sa.CheckConstraint(
            "verdict IN ('ACCEPTED', 'REPEATED', 'SIGN_WRONG', 'AMOUNT_WRONG', 'CURRENCY_WRONG', 'MERCHANT_WRONG', 'NOT_OURS', 'MALFORMED', 'NO_ANSWER', 'PROVIDER_FAULT', 'REFUSED')",
            name=op.f("ck_exchanges_verdict"),
        ),
        sa.CheckConstraint("octet_length(asked) <= 65536", name=op.f("ck_exchanges_asked")),
        sa.CheckConstraint("octet_length(body) <= 65536", name=op.f("ck_exchanges_body")),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_exchanges")),
    )
    op.create_index("exchanges_by_age", "exchanges", ["happened_at"], unique=False)
    op.create_index("exchanges_by_payment", "exchanges", ["payment_id", "exchange_id"], unique=False)
    op.create_index(
        "exchanges_waiting",
        "exchanges",
        ["judge_after", "exchange_id"],
        unique=False,
        postgresql_where=sa.text("direction = 'in' AND verdict IS NULL"),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index("inbox_received", "inbox", ["received_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("traceparent", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "deliveries",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "outbox_waiting",
        "outbox",
        ["next_attempt_at", "event_id"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL AND parked_at IS NULL"),
    )
    op.create_table(
        "payments",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("customer_number", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("method_id", sa.Text(), nullable=False),
        sa.Column("method_name", sa.Text(), nullable=False),
        sa.Column("provider_order_id", sa.Text(), nullable=False),
        sa.Column("redirect_url", sa.Text(), nullable=False),
        sa.Column("payer_email", sa.Text(), nullable=False),
        sa.Column("payer_address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calling_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'SETTLED') = (settled_at IS NOT NULL)", name=op.f("ck_payments_settled_at")
        ),
        sa.CheckConstraint(
            "status IN ('SETTLED', 'FAILED') OR next_check_at IS NOT NULL",
            name=op.f("ck_payments_unfinished_is_checked"),
        ),
        sa.CheckConstraint(
            "status IN ('STARTED', 'PENDING', 'UNKNOWN', 'RECEIVED', 'SETTLED', 'FAILED')",
            name=op.f("ck_payments_status"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("booked_at IS NULL OR settled_at IS NOT NULL", name=op.f("ck_payments_booked_at")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payments")),
        sa.UniqueConstraint("customer_id", "request_id", name=op.f("uq_payments_customer_id_request_id")),
        sa.UniqueConstraint("number", name=op.f("uq_payments_number")),
    )
    op.create_index(
        "payments_by_customer", "payments", ["customer_id", "started_at", "payment_id"], unique=False
    )
    op.create_index(
        "payments_by_customer_number", "payments", ["customer_number", "started_at"], unique=False
    )
    op.create_index(
        "payments_by_order",
        "payments",
        ["provider_order_id"],
        unique=False,
        postgresql_where=sa.text("provider_order_id <> ''"),
    )
    op.create_index("payments_by_start", "payments", ["started_at", "payment_id"], unique=False)
    op.create_index(
        "payments_not_booked",
        "payments",
        ["settled_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NOT NULL AND booked_at IS NULL"),
    )
    op.create_index(
        "payments_to_check",
        "payments",
        ["next_check_at"],
        unique=False,
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_index(
        "payments_unfinished",
        "payments",
        ["moved_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('STARTED', 'PENDING', 'UNKNOWN', 'RECEIVED')"),
    )
    op.create_table(
        "provider_settings",
        sa.Column("provider", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("nip", sa.Text(), nullable=False),
        sa.Column("address_line", sa.Text(), nullable=False),
        sa.Column("town_line", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.CheckConstraint("provider = 1", name=op.f("ck_provider_settings_one_row")),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_settings")),
    )
    op.create_table(
        "payment_shares",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_shares_amount")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.payment_id"], name=op.f("fk_payment_shares_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", "position", name=op.f("pk_payment_shares")),
    )
    op.create_index("payment_shares_by_invoice", "payment_shares", ["invoice_id", "payment_id"], unique=False)
    op.create_table(
        "payment_steps",
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "step IN ('STARTED', 'AT_PROVIDER', 'NO_ANSWER', 'RECEIVED', 'SETTLED', 'BOOKED', 'FAILED', 'REFUND_STARTED', 'REFUNDED', 'REFUND_FAILED')",
            name=op.f("ck_payment_steps_step"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.payment_id"], name=op.f("fk_payment_steps_payment_id")
        ),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_payment_steps")),
    )
    op.create_index(
        "payment_steps_by_payment", "payment_steps", ["payment_id", "happened_at", "step_id"], unique=False
    )
    op.create_table(
        "refunds",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("asked_amount", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calling_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('REFUNDED', 'FAILED')) = (ended_at IS NOT NULL)", name=op.f("ck_refunds_ended_at")
        ),
        sa.CheckConstraint(
            "status IN ('STARTED', 'PENDING', 'UNKNOWN', 'REFUNDED', 'FAILED')",
            name=op.f("ck_refunds_status"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "ended_at IS NOT NULL OR next_check_at IS NOT NULL", name=op.f("ck_refunds_unfinished_is_checked")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.payment_id"], name=op.f("fk_refunds_payment_id")),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("request_id", name=op.f("uq_refunds_request_id")),
    )
    op.create_index("refunds_by_payment", "refunds", ["payment_id", "started_at", "refund_id"], unique=False)
    op.create_index(
        "refunds_to_check",
        "refunds",
        ["next_check_at"],
        unique=False,
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_index(
        "refunds_unfinished",
        "refunds",
        ["payment_id", "moved_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('STARTED', 'PENDING', 'UNKNOWN')"),
    )
