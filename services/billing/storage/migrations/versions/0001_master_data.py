"""Master data, tariffs, readings, imports, the copy of the settings, outbox and inbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The first tables."""
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("nip", sa.Text(), server_default="", nullable=False),
        sa.Column("source_email", sa.Text(), server_default="", nullable=False),
        sa.Column("source_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("own_email", sa.Text(), server_default="", nullable=False),
        sa.Column("own_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("address_line", sa.Text(), server_default="", nullable=False),
        sa.Column("postcode", sa.Text(), server_default="", nullable=False),
        sa.Column("town", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="pl", nullable=False),
        sa.Column("e_invoice", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("account_number", sa.Text(), server_default="", nullable=False),
        sa.Column("premises_label", sa.Text(), server_default="", nullable=False),
        sa.Column("sort_name", sa.Text(collation="C"), nullable=False),
        sa.Column("search_own", sa.Text(), server_default="", nullable=False),
        sa.Column("search_places", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('PERSON', 'COMPANY')", name=op.f("ck_customers_kind")),
        sa.CheckConstraint("version > 0", name=op.f("ck_customers_version")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers")),
        sa.UniqueConstraint("external_id", name=op.f("uq_customers_external_id")),
        sa.UniqueConstraint("number", name=op.f("uq_customers_number")),
    )
    op.create_index("customers_by_name", "customers", ["sort_name", "customer_id"], unique=False)
    op.create_index(
        "customers_by_number",
        "customers",
        ["number", "customer_id"],
        unique=False,
    )
    op.create_table(
        "imports",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("done_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("batch_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "rows_by_kind",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('RUNNING', 'FINISHED', 'CANCELLED')", name=op.f("ck_imports_status")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
    )
    op.create_index("imports_newest", "imports", ["started_at", "import_id"], unique=False)
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
        "premises",
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), server_default="", nullable=False),
        sa.Column("building", sa.Text(), server_default="", nullable=False),
        sa.Column("flat", sa.Text(), server_default="", nullable=False),
        sa.Column("postcode", sa.Text(), server_default="", nullable=False),
        sa.Column("town", sa.Text(), server_default="", nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("premises_id", name=op.f("pk_premises")),
        sa.UniqueConstraint("external_id", name=op.f("uq_premises_external_id")),
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
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_hours", sa.Text(), nullable=False),
        sa.Column("emergency_phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("portal_url", sa.Text(), nullable=False),
        sa.CheckConstraint("provider = 1", name=op.f("ck_provider_settings_one_row")),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_settings")),
    )
    op.create_table(
        "tariffs",
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tariff_id", name=op.f("pk_tariffs")),
        sa.UniqueConstraint("code", name=op.f("uq_tariffs_code")),
    )
    op.create_table(
        "contracts",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_contracts_days")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_contracts_customer_id")
        ),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariffs.tariff_id"], name=op.f("fk_contracts_tariff_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("external_id", name=op.f("uq_contracts_external_id")),
        sa.UniqueConstraint("number", name=op.f("uq_contracts_number")),
    )
    op.create_index(op.f("ix_contracts_customer_id"), "contracts", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contracts_tariff_id"), "contracts", ["tariff_id"], unique=False)
    op.create_table(
        "import_rejects",
        sa.Column("reject_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("row", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.import_id"], name=op.f("fk_import_rejects_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reject_id", name=op.f("pk_import_rejects")),
    )
    op.create_index(
        "import_rejects_in_order", "import_rejects", ["import_id", "row_number", "reject_id"], unique=False
    )
    op.create_table(
        "import_trials",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.import_id"], name=op.f("fk_import_trials_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "kind", "external_id", name=op.f("pk_import_trials")),
    )
    op.create_index("import_trials_by_number", "import_trials", ["import_id", "kind", "number"], unique=False)
    op.create_table(
        "service_points",
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("commodity", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "commodity IN ('WATER', 'SEWAGE', 'HEAT', 'HOT_WATER', 'ELECTRICITY', 'GAS')",
            name=op.f("ck_service_points_commodity"),
        ),
        sa.ForeignKeyConstraint(
            ["premises_id"], ["premises.premises_id"], name=op.f("fk_service_points_premises_id")
        ),
        sa.PrimaryKeyConstraint("service_point_id", name=op.f("pk_service_points")),
        sa.UniqueConstraint("external_id", name=op.f("uq_service_points_external_id")),
    )
    op.create_index(op.f("ix_service_points_premises_id"), "service_points", ["premises_id"], unique=False)
    op.create_table(
        "tariff_versions",
        sa.Column("tariff_version_id", sa.Uuid(), nullable=False),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edition", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(status = 'PUBLISHED') = (published_at IS NOT NULL)", name=op.f("ck_tariff_versions_published")
        ),
        sa.CheckConstraint("status IN ('DRAFT', 'PUBLISHED')", name=op.f("ck_tariff_versions_status")),
        sa.ForeignKeyConstraint(
            ["tariff_id"], ["tariffs.tariff_id"], name=op.f("fk_tariff_versions_tariff_id")
        ),
        sa.PrimaryKeyConstraint("tariff_version_id", name=op.f("pk_tariff_versions")),
        sa.UniqueConstraint("tariff_id", "valid_from", name=op.f("uq_tariff_versions_tariff_id_valid_from")),
    )
    op.create_table(
        "contract_service_points",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.contract_id"], name=op.f("fk_contract_service_points_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_points.service_point_id"],
            name=op.f("fk_contract_service_points_service_point_id"),
        ),
        sa.PrimaryKeyConstraint("contract_id", "service_point_id", name=op.f("pk_contract_service_points")),
    )
    op.create_index(
        op.f("ix_contract_service_points_service_point_id"),
        "contract_service_points",
        ["service_point_id"],
        unique=False,
    )
    op.create_table(
        "meters",
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("digits", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("unit", sa.Text(), server_default="m3", nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digits BETWEEN 3 AND 9", name=op.f("ck_meters_digits")),
        sa.CheckConstraint("removed_on >= installed_on", name=op.f("ck_meters_life")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_points.service_point_id"], name=op.f("fk_meters_service_point_id")
        ),
        sa.PrimaryKeyConstraint("meter_id", name=op.f("pk_meters")),
        sa.UniqueConstraint("external_id", name=op.f("uq_meters_external_id")),
    )
    op.create_index(op.f("ix_meters_service_point_id"), "meters", ["service_point_id"], unique=False)
    op.create_table(
        "tariff_components",
        sa.Column("tariff_version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commodity", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("vat_rate", sa.Text(), nullable=False),
        sa.Column("ratio", sa.Numeric(precision=8, scale=6), nullable=True),
        sa.Column("ratio_of", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(basis = 'RATIO') = (ratio IS NOT NULL AND ratio_of IS NOT NULL)",
            name=op.f("ck_tariff_components_ratio"),
        ),
        sa.CheckConstraint(
            "basis IN ('PER_UNIT', 'FIXED', 'RATIO')", name=op.f("ck_tariff_components_basis")
        ),
        sa.CheckConstraint(
            "commodity IN ('WATER', 'SEWAGE', 'HEAT', 'HOT_WATER', 'ELECTRICITY', 'GAS')",
            name=op.f("ck_tariff_components_commodity"),
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_tariff_components_price")),
        sa.CheckConstraint("ratio > 0 AND ratio <= 1", name=op.f("ck_tariff_components_ratio_range")),
        sa.ForeignKeyConstraint(
            ["tariff_version_id"],
            ["tariff_versions.tariff_version_id"],
            name=op.f("fk_tariff_components_tariff_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tariff_version_id", "position", name=op.f("pk_tariff_components")),
    )
    op.create_table(
        "readings",
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("register", sa.Text(), server_default="main", nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(precision=14, scale=3), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("billed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('ACTUAL', 'CUSTOMER', 'REMOTE', 'ESTIMATED', 'FINAL')", name=op.f("ck_readings_kind")
        ),
        sa.CheckConstraint(
            "status IN ('SUBMITTED', 'ACCEPTED', 'REJECTED', 'SUPERSEDED')", name=op.f("ck_readings_status")
        ),
        sa.CheckConstraint("value >= 0", name=op.f("ck_readings_value")),
        sa.ForeignKeyConstraint(["meter_id"], ["meters.meter_id"], name=op.f("fk_readings_meter_id")),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_readings")),
    )
    op.create_index(
        "readings_by_external_id",
        "readings",
        ["external_id"],
        unique=False,
        postgresql_where=sa.text("external_id <> ''"),
    )
    op.create_index("readings_by_meter", "readings", ["meter_id", "read_on"], unique=False)
    op.create_index(
        "readings_one_accepted_per_day",
        "readings",
        ["meter_id", "register", "read_on"],
        unique=True,
        postgresql_where=sa.text("status = 'ACCEPTED'"),
    )
    op.create_index(
        "readings_waiting",
        "readings",
        ["meter_id"],
        unique=False,
        postgresql_where=sa.text("status = 'SUBMITTED'"),
    )
