"""Delegates and consents, and the audit log sealed day by day."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "kind IN ('E_INVOICE', 'MARKETING_EMAIL', 'MARKETING_SMS', 'MARKETING_PHONE')"
# What a new provider begins with; another wording is another version (`job consents.publish`).
TEXTS = {
    "E_INVOICE": (
        "Zgadzam się, żeby {provider} wystawiał i przysyłał mi faktury elektronicznie, zamiast na papierze.",
        "I agree that {provider} issues and sends my invoices electronically instead of on paper.",
        "Я погоджуюся, щоб {provider} виставляв і надсилав мені рахунки в електронній формі замість паперової.",
    ),
    "MARKETING_EMAIL": (
        "Zgadzam się, żeby {provider} przysyłał mi oferty e-mailem. Zgodę mogę wycofać w każdej chwili.",
        "I agree that {provider} sends me offers by e-mail. I can take this back at any time.",
        "Я погоджуюся, щоб {provider} надсилав мені пропозиції електронною поштою. Згоду можу відкликати будь-коли.",
    ),
    "MARKETING_SMS": (
        "Zgadzam się, żeby {provider} przysyłał mi oferty SMS-em. Zgodę mogę wycofać w każdej chwili.",
        "I agree that {provider} sends me offers by SMS. I can take this back at any time.",
        "Я погоджуюся, щоб {provider} надсилав мені пропозиції через SMS. Згоду можу відкликати будь-коли.",
    ),
    "MARKETING_PHONE": (
        "Zgadzam się, żeby {provider} dzwonił do mnie z ofertami. Zgodę mogę wycofać w każdej chwili.",
        "I agree that {provider} rings me with offers. I can take this back at any time.",
        "Я погоджуюся, щоб {provider} телефонував мені з пропозиціями. Згоду можу відкликати будь-коли.",
    ),
}


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    _delegates()
    _consents()
    _chain()
    for table in ("consents", "consent_texts", "audit_days", "audit_checks"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _delegates() -> None:
    op.drop_constraint(op.f("ck_grants_given_by"), "grants", type_="check")
    op.create_check_constraint(op.f("ck_grants_given_by"), "grants", "given_by IN ('PROOF', 'INVITATION')")
    op.create_table(
        "invitations",
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("inviter_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("email = lower(email) AND email <> ''", name=op.f("ck_invitations_email")),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (grant_id IS NULL)", name=op.f("ck_invitations_accepted")
        ),
        sa.CheckConstraint("scope IN ('VIEW', 'PAY', 'MANAGE')", name=op.f("ck_invitations_scope")),
        sa.ForeignKeyConstraint(["inviter_id"], ["users.user_id"], name=op.f("fk_invitations_inviter_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.grant_id"], name=op.f("fk_invitations_grant_id")),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    waiting = sa.text("cancelled_at IS NULL AND accepted_at IS NULL")
    op.create_index(
        "invitations_waiting", "invitations", ["customer_id", "email"], unique=True, postgresql_where=waiting
    )
    op.create_index(
        "invitations_by_end",
        "invitations",
        ["expires_at"],
        postgresql_where=sa.text("accepted_at IS NULL"),
    )
    op.create_index("invitations_by_grant", "invitations", ["grant_id"])


def _consents() -> None:
    texts = op.create_table(
        "consent_texts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pl", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("uk", sa.Text(), nullable=False),
        sa.Column(
            "published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(KINDS, name=op.f("ck_consent_texts_kind")),
        sa.CheckConstraint("version > 0", name=op.f("ck_consent_texts_version")),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_consent_texts")),
    )
    rows = [
        {"kind": kind, "version": 1, "pl": pl, "en": en, "uk": uk} for kind, (pl, en, uk) in TEXTS.items()
    ]
    op.bulk_insert(texts, rows)
    op.create_table(
        "consents",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_consents_kind")),
        sa.CheckConstraint(
            "channel IN ('PORTAL', 'PAPER', 'DESK', 'PHONE', 'LINK')", name=op.f("ck_consents_channel")
        ),
        sa.ForeignKeyConstraint(
            ["kind", "text_version"],
            ["consent_texts.kind", "consent_texts.version"],
            name=op.f("fk_consents_kind_text_version"),
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_consents")),
        sa.UniqueConstraint(
            "customer_id", "kind", "version", name=op.f("uq_consents_customer_id_kind_version")
        ),
    )
    op.create_index(
        "consents_of_customer",
        "consents",
        ["customer_id", sa.literal_column("kept_at DESC"), sa.literal_column("change_id DESC")],
    )


def _chain() -> None:
    # What is there already counts as having come today: it is sealed with today's acts.
    op.add_column(
        "audit_entries",
        sa.Column(
            "kept_on",
            sa.Date(),
            server_default=sa.text("((now() AT TIME ZONE 'Europe/Warsaw')::date)"),
            nullable=False,
        ),
    )
    op.create_index("audit_by_day", "audit_entries", ["kept_on", "act_id"])
    op.create_table(
        "audit_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit_days")),
    )
    op.create_table(
        "audit_checks",
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("broken_days", sa.ARRAY(sa.Date()), nullable=False),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_audit_checks")),
    )
