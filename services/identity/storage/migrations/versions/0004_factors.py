"""Second factors, challenges of a log-in, browsers that were seen, proofs of who one is, other addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    op.create_table(
        "totp_factors",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_totp_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["totp_factors.owner_id"],
            name=op.f("fk_recovery_codes_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "challenges",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("realm", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('CODE', 'ENROL')", name=op.f("ck_challenges_kind")),
        sa.CheckConstraint("realm IN ('PORTAL', 'CONSOLE')", name=op.f("ck_challenges_realm")),
        sa.CheckConstraint(
            "(kind = 'ENROL') = (sealed_secret IS NOT NULL)", name=op.f("ck_challenges_enrol_has_secret")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_challenges")),
    )
    op.create_index("challenges_of_owner", "challenges", ["owner_id"], unique=False)
    op.create_index("challenges_by_end", "challenges", ["expires_at"], unique=False)
    op.create_table(
        "devices",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trusted_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", "token_hash", name=op.f("pk_devices")),
    )
    op.create_index("devices_by_age", "devices", ["last_seen_at"], unique=False)
    op.add_column("sessions", sa.Column("stepped_up_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("denial_hash", sa.LargeBinary(), nullable=True))
    op.create_index(
        "sessions_denial",
        "sessions",
        ["denial_hash"],
        unique=True,
        postgresql_where=sa.text("denial_hash IS NOT NULL"),
    )
    op.add_column("tokens", sa.Column("new_email", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_tokens_purpose"), "tokens", type_="check")
    op.create_check_constraint(
        op.f("ck_tokens_purpose"), "tokens", "purpose IN ('CONFIRM_EMAIL', 'RESET_PASSWORD', 'CHANGE_EMAIL')"
    )
