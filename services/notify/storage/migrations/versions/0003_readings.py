"""Messages about readings."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RULES = (
    "rule IN ('email_confirmation', 'registration_repeated', 'password_reset', 'password_changed', 'invoice_issued',"
    " 'payment_received', 'payment_failed', 'payment_refunded', 'reading_window_opened', 'reading_missing',"
    " 'reading_rejected')"
)


def upgrade() -> None:
    """Three more rules."""
    op.drop_constraint(op.f("ck_messages_rule"), "messages", type_="check")
    op.create_check_constraint(op.f("ck_messages_rule"), "messages", RULES)
