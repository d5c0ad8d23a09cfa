"""Why each allocation was made, and allocations that a refund takes back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REASONS = "reason IN ('CHOICE', 'NAMED', 'OLDEST_DUE', 'CREDIT_USED', 'REFUND')"
# Until now money came to a charge in three ways, and the entries tell them apart.
SAY_WHY = """
UPDATE ledger_allocations a
   SET reason = CASE WHEN c.invoice_id = d.invoice_id THEN 'NAMED' ELSE 'CREDIT_USED' END
  FROM ledger_entries c, ledger_entries d
 WHERE c.entry_id = a.credit_entry_id AND d.entry_id = a.debit_entry_id
   AND (c.invoice_id = d.invoice_id OR c.seq < d.seq)
"""
# As before; and what one credit pays of one charge never falls below nothing.
REFUSE_BEYOND = """
CREATE OR REPLACE FUNCTION refuse_allocation_beyond() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1
      FROM added a
      JOIN ledger_entries d ON d.entry_id = a.debit_entry_id
      JOIN ledger_entries c ON c.entry_id = a.credit_entry_id
     WHERE d.customer_id <> a.customer_id
        OR c.customer_id <> a.customer_id
        OR d.amount < (SELECT sum(x.amount) FROM ledger_allocations x WHERE x.debit_entry_id = d.entry_id)
        OR -c.amount < (SELECT sum(x.amount) FROM ledger_allocations x WHERE x.credit_entry_id = c.entry_id)
        OR a.amount < 0 AND 0 > (
           SELECT sum(x.amount) FROM ledger_allocations x
            WHERE x.debit_entry_id = d.entry_id AND x.credit_entry_id = c.entry_id)
  ) THEN
    RAISE EXCEPTION 'an allocation exceeds one of its sides' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """The column with what is known of the rows there are; the append-only guard stands aside for that alone."""
    # The default lets code of the release before go on writing.
    op.add_column(
        "ledger_allocations",
        sa.Column("reason", sa.Text(), server_default=sa.text("'OLDEST_DUE'"), nullable=False),
    )
    op.execute("ALTER TABLE ledger_allocations DISABLE TRIGGER ledger_allocations_append_only")
    op.execute(SAY_WHY)
    op.execute("ALTER TABLE ledger_allocations ENABLE TRIGGER ledger_allocations_append_only")
    op.create_check_constraint(op.f("ck_ledger_allocations_reason"), "ledger_allocations", REASONS)
    op.drop_constraint(op.f("ck_ledger_allocations_positive"), "ledger_allocations", type_="check")
    op.create_check_constraint(
        op.f("ck_ledger_allocations_sign"),
        "ledger_allocations",
        "amount > 0 OR amount < 0 AND reason = 'REFUND'",
    )
    op.execute(REFUSE_BEYOND)
