"""Billing runs, invoices, the ledger and what keeps both append-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
# Both sides of an allocation belong to one customer and are never exceeded. Entries are added under the lock of the
# customer's account, so that the sums seen here are the last word.
REFUSE_BEYOND = """
CREATE FUNCTION refuse_allocation_beyond() RETURNS trigger LANGUAGE plpgsql AS $$
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
  ) THEN
    RAISE EXCEPTION 'an allocation exceeds one of its sides' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""
APPEND_ONLY = ("ledger_entries", "ledger_allocations", "invoice_spans")


def _keep_append_only() -> None:
    op.execute(REFUSE_CHANGE)
    op.execute(REFUSE_BEYOND)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER invoices_issued_for_good BEFORE UPDATE OR DELETE ON invoices"
        " FOR EACH ROW WHEN (OLD.status = 'ISSUED') EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER ledger_allocations_bounds AFTER INSERT ON ledger_allocations"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_allocation_beyond()"
    )


def upgrade() -> None:
    """The tables, then their guards."""
    op.create_table(
        "billing_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("customer_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("done_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.Text(), server_default="", nullable=False),
        sa.Column("first_number", sa.Text(), server_default="", nullable=False),
        sa.Column("last_number", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('CALCULATING', 'READY', 'ISSUING', 'ISSUED', 'DISCARDED', 'FAILED')",
            name=op.f("ck_billing_runs_status"),
        ),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_billing_runs_period")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_billing_runs")),
    )
    op.create_index(
        "billing_runs_at_work",
        "billing_runs",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('CALCULATING', 'ISSUING')"),
    )
    op.create_index("billing_runs_newest", "billing_runs", ["created_at", "run_id"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_ledger_accounts_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_ledger_accounts")),
    )
    op.create_table(
        "parked_customers",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("customer_number", sa.Text(collation="C"), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('NO_READING', 'READING_WAITS', 'NO_TARIFF', 'NO_PRICE', 'NO_METER', 'ALREADY_BILLED', 'USE_UNUSUAL', 'TOTALS_DIFFER', 'NO_ADDRESS', 'CONTRACT_BROKEN')",
            name=op.f("ck_parked_customers_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_parked_customers_customer_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["billing_runs.run_id"], name=op.f("fk_parked_customers_run_id")),
        sa.PrimaryKeyConstraint("run_id", "customer_id", name=op.f("pk_parked_customers")),
    )
    op.create_index(
        "parked_customers_by_number",
        "parked_customers",
        ["run_id", "customer_number", "customer_id"],
        unique=False,
    )
    op.create_index("parked_customers_of_customer", "parked_customers", ["customer_id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=True),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("total_net", sa.BigInteger(), nullable=False),
        sa.Column("total_vat", sa.BigInteger(), nullable=False),
        sa.Column("total_gross", sa.BigInteger(), nullable=False),
        sa.Column("change_gross", sa.BigInteger(), nullable=True),
        sa.Column("e_invoice", sa.Boolean(), nullable=False),
        sa.Column("customer_number", sa.Text(collation="C"), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("frozen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(status = 'ISSUED') = (number IS NOT NULL AND issued_at IS NOT NULL AND issued_on IS NOT NULL AND due_on IS NOT NULL)",
            name=op.f("ck_invoices_issued"),
        ),
        sa.CheckConstraint("status IN ('DRAFT', 'ISSUED', 'DISCARDED')", name=op.f("ck_invoices_status")),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_invoices_period")),
        sa.CheckConstraint(
            "total_gross = total_net + total_vat AND total_net >= 0 AND total_vat >= 0",
            name=op.f("ck_invoices_totals"),
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.contract_id"], name=op.f("fk_invoices_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_invoices_customer_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["billing_runs.run_id"], name=op.f("fk_invoices_run_id")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariffs.tariff_id"], name=op.f("fk_invoices_tariff_id")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    op.create_index(
        "invoices_by_day", "invoices", ["issued_on"], unique=False, postgresql_include=["total_gross"]
    )
    op.create_index(
        "invoices_of_contract",
        "invoices",
        ["contract_id", "period_to"],
        unique=False,
        postgresql_where=sa.text("status = 'ISSUED'"),
    )
    op.create_index(
        "invoices_of_customer",
        "invoices",
        ["customer_id", "issued_at", "invoice_id"],
        unique=False,
        postgresql_where=sa.text("status = 'ISSUED'"),
    )
    op.create_index("invoices_of_run", "invoices", ["run_id", "customer_number", "invoice_id"], unique=False)
    op.create_index("invoices_one_per_contract_and_run", "invoices", ["run_id", "contract_id"], unique=True)
    op.create_index(
        "invoices_to_issue",
        "invoices",
        ["run_id", "customer_number", "invoice_id"],
        unique=False,
        postgresql_where=sa.text("status = 'DRAFT'"),
    )
    op.create_table(
        "invoice_spans",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("until_value", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.CheckConstraint(
            "(basis = 'USE') = (meter_id IS NOT NULL AND until_value IS NOT NULL)",
            name=op.f("ck_invoice_spans_use"),
        ),
        sa.CheckConstraint("basis IN ('PERIOD', 'USE')", name=op.f("ck_invoice_spans_basis")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_invoice_spans_days")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.contract_id"], name=op.f("fk_invoice_spans_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.invoice_id"], name=op.f("fk_invoice_spans_invoice_id")
        ),
        sa.ForeignKeyConstraint(["meter_id"], ["meters.meter_id"], name=op.f("fk_invoice_spans_meter_id")),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_points.service_point_id"],
            name=op.f("fk_invoice_spans_service_point_id"),
        ),
        sa.PrimaryKeyConstraint("invoice_id", "position", name=op.f("pk_invoice_spans")),
    )
    op.create_index(
        "invoice_spans_of_meter", "invoice_spans", ["meter_id", "contract_id", "until_day"], unique=False
    )
    op.create_index(
        "invoice_spans_of_point", "invoice_spans", ["service_point_id", "basis", "until_day"], unique=False
    )
    op.create_table(
        "ledger_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind = 'CHARGE' AND amount >= 0 AND due_on IS NOT NULL AND invoice_id IS NOT NULL OR kind = 'PAYMENT' AND amount < 0 AND external_id IS NOT NULL OR kind = 'REFUND' AND amount > 0 OR kind = 'CORRECTION' AND amount <> 0",
            name=op.f("ck_ledger_entries_sign"),
        ),
        sa.CheckConstraint(
            "kind IN ('CHARGE', 'PAYMENT', 'REFUND', 'CORRECTION')", name=op.f("ck_ledger_entries_kind")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["ledger_accounts.customer_id"], name=op.f("fk_ledger_entries_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.invoice_id"], name=op.f("fk_ledger_entries_invoice_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("customer_id", "seq", name=op.f("uq_ledger_entries_customer_id_seq")),
        sa.UniqueConstraint("external_id", name=op.f("uq_ledger_entries_external_id")),
    )
    op.create_index(
        "ledger_entries_by_day", "ledger_entries", ["customer_id", "booked_on", "seq"], unique=False
    )
    op.create_index(
        "ledger_entries_one_charge_per_invoice",
        "ledger_entries",
        ["invoice_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'CHARGE'"),
    )
    op.create_table(
        "ledger_allocations",
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("credit_entry_id", sa.Uuid(), nullable=False),
        sa.Column("debit_entry_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_allocations_positive")),
        sa.ForeignKeyConstraint(
            ["credit_entry_id"],
            ["ledger_entries.entry_id"],
            name=op.f("fk_ledger_allocations_credit_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["ledger_accounts.customer_id"], name=op.f("fk_ledger_allocations_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["debit_entry_id"], ["ledger_entries.entry_id"], name=op.f("fk_ledger_allocations_debit_entry_id")
        ),
        sa.PrimaryKeyConstraint("allocation_id", name=op.f("pk_ledger_allocations")),
    )
    op.create_index(
        "ledger_allocations_of_credit",
        "ledger_allocations",
        ["credit_entry_id"],
        unique=False,
        postgresql_include=["amount"],
    )
    op.create_index("ledger_allocations_of_customer", "ledger_allocations", ["customer_id"], unique=False)
    op.create_index(
        "ledger_allocations_of_debit",
        "ledger_allocations",
        ["debit_entry_id"],
        unique=False,
        postgresql_include=["amount", "counts_from"],
    )
    _keep_append_only()
