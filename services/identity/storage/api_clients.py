"""API clients and their secrets. Of a secret only the SHA-256 is here, and how it begins."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base

CLIENTS_LOCK = 0x617069  # "api": the advisory lock under which they are counted and named.


class ApiClient(Base):
    """Another system that the provider lets in. Revoked for good when `revoked_at` is set."""

    __tablename__ = "api_clients"
    __table_args__ = (
        # The audit log has names: no two in force have the same.
        Index(
            "api_clients_in_force",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_on: Mapped[date | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(BigInteger)


class ClientSecret(Base):
    """One secret of a client; two live while the other system changes over."""

    __tablename__ = "client_secrets"
    __table_args__ = (
        Index("client_secrets_live", "client_id", "made_at", postgresql_where=text("revoked_at IS NULL")),
    )

    secret_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_clients.client_id"))
    secret_hash: Mapped[bytes]
    prefix: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


def lock_clients(session: Session) -> None:
    """Others make and rename none until this transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(CLIENTS_LOCK)))


def list_clients(session: Session, *, limit: int) -> Sequence[ApiClient]:
    """Those in force by name, then the revoked ones, the last first."""
    order = (ApiClient.revoked_at.desc().nulls_first(), func.lower(ApiClient.name), ApiClient.client_id)
    return session.scalars(select(ApiClient).order_by(*order).limit(limit)).all()


def count_in_force(session: Session) -> int:
    """How many have not been revoked."""
    return session.scalars(select(func.count()).where(ApiClient.revoked_at.is_(None))).one()


def lock_client(session: Session, client_id: UUID) -> ApiClient | None:
    """A client that nobody else changes until the transaction ends."""
    return session.get(ApiClient, client_id, with_for_update=True, populate_existing=True)


def is_taken(session: Session, name: str, *, but: UUID) -> bool:
    """Whether another client in force has the name."""
    found = select(ApiClient.client_id).where(
        func.lower(ApiClient.name) == func.lower(name),
        ApiClient.revoked_at.is_(None),
        ApiClient.client_id != but,
    )
    return session.scalar(found) is not None


def list_live_secrets(session: Session, client_ids: Collection[UUID]) -> dict[UUID, list[ClientSecret]]:
    """Secrets that have not been revoked, by client, the oldest first."""
    wanted = (
        select(ClientSecret)
        .where(ClientSecret.client_id.in_(client_ids), ClientSecret.revoked_at.is_(None))
        .order_by(ClientSecret.made_at, ClientSecret.secret_id)
        .execution_options(populate_existing=True)
    )
    found = defaultdict(list)
    for secret in session.scalars(wanted):
        found[secret.client_id].append(secret)
    return found


def find_secret(session: Session, secret_id: UUID) -> ClientSecret | None:
    """A secret of whichever client, live or not."""
    return session.get(ClientSecret, secret_id, populate_existing=True)


def get_secret(session: Session, client_id: UUID, secret_id: UUID) -> ClientSecret | None:
    """A client's secret, live or not."""
    found = find_secret(session, secret_id)
    return found if found is not None and found.client_id == client_id else None
