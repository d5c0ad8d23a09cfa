"""Only messages that left are looked up by their reference: the others need no place in that index, at each step anew."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, then remove: the code before this revision finds by the new index what it found by the old one."""
    op.create_index(
        "messages_sent_by_reference",
        "messages",
        [sa.text("substr(message_id::text, 27)")],
        unique=False,
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
    op.drop_index("messages_by_reference", table_name="messages")
