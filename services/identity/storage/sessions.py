"""Sessions: log-ins. Of the cookie's secret only the SHA-256 is here; the hot path is one indexed query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    delete,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.database import Reader, Transaction, asking_in
from chassis.messaging import outbox
from services.identity.storage import attempts
from services.identity.storage.base import Base


class Realm(StrEnum):
    """Which door: customers' pages, or the provider's people."""

    PORTAL = "PORTAL"
    CONSOLE = "CONSOLE"


class LoginSession(Base):
    """One log-in, of a user in the portal or of a staff member in the console.

    `stepped_up_at` is when the person last proved who they are; `denial_hash` is of the mailed link "it was not me".
    """

    __tablename__ = "sessions"
    __table_args__ = (
        one_of("realm", Realm),
        CheckConstraint(
            "(realm = 'PORTAL') = (user_id IS NOT NULL) AND (realm = 'CONSOLE') = (staff_id IS NOT NULL)",
            name="owner",
        ),
        Index("sessions_of_user", "user_id", "opened_at", postgresql_where=text("ended_at IS NULL")),
        Index("sessions_of_staff", "staff_id", "opened_at", postgresql_where=text("ended_at IS NULL")),
        Index("sessions_by_end", "expires_at"),
        Index(
            "sessions_denial", "denial_hash", unique=True, postgresql_where=text("denial_hash IS NOT NULL")
        ),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    realm: Mapped[Realm] = word(Realm)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.staff_id"))
    customer_id: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    user_agent: Mapped[str]
    stepped_up_at: Mapped[datetime | None]
    denial_hash: Mapped[bytes | None]

    @property
    def owner_id(self) -> UUID:
        """The user or the staff member."""
        owner_id = self.user_id or self.staff_id
        assert owner_id is not None  # noqa: S101 - the constraint `owner`
        return owner_id


@dataclass(frozen=True)
class NewSession:
    """A log-in that begins."""

    session_id: UUID
    token_hash: bytes
    realm: Realm
    owner_id: UUID
    opened_at: datetime
    expires_at: datetime
    stepped_up_at: datetime | None
    address: str
    user_agent: str
    denial_hash: bytes | None
    device_hash: bytes | None
    device_trusted_until: datetime | None


def _opening(owners: str, key: str) -> str:
    return f"""
        opened AS (
            INSERT INTO sessions (session_id, token_hash, realm, {key}, opened_at, expires_at, last_seen_at,
                                  stepped_up_at, address, user_agent, denial_hash)
            SELECT %(session_id)s, %(token_hash)s, %(realm)s, %(owner_id)s, %(opened_at)s, %(expires_at)s,
                   %(opened_at)s, %(stepped_up_at)s::timestamptz, %(address)s, %(user_agent)s, %(denial_hash)s::bytea
              FROM fit),
        noted AS (
            UPDATE {owners} SET last_login_at = %(opened_at)s FROM fit WHERE {key} = %(owner_id)s),
        seen AS (
            INSERT INTO devices AS d (owner_id, token_hash, first_seen_at, last_seen_at, trusted_until)
            SELECT %(owner_id)s, %(device_hash)s, %(opened_at)s, %(opened_at)s, %(device_trusted_until)s::timestamptz
              FROM fit WHERE %(device_hash)s::bytea IS NOT NULL
            ON CONFLICT (owner_id, token_hash) DO UPDATE
               SET last_seen_at = excluded.last_seen_at,
                   trusted_until = coalesce(excluded.trusted_until, d.trusted_until))
    """  # noqa: S608 - constants


def _open(owners: str, key: str) -> str:
    return f"""
        WITH fit AS (
            SELECT),
        {_opening(owners, key)},
        ended AS (
            UPDATE sessions SET ended_at = %(opened_at)s
             WHERE session_id IN (SELECT session_id FROM sessions
                                   WHERE {key} = %(owner_id)s AND ended_at IS NULL AND expires_at > %(opened_at)s
                                   ORDER BY opened_at DESC, session_id DESC OFFSET %(others)s)
            RETURNING session_id)
        SELECT session_id FROM ended
    """  # noqa: S608 - constants


_OPEN = {Realm.PORTAL: _open("users", "user_id"), Realm.CONSOLE: _open("staff", "staff_id")}


def open_session(transaction: Transaction, new: NewSession, *, keep: int) -> Sequence[UUID]:
    """Keep it, note with its owner that they logged in and with which browser, and end the oldest of the owner's above
    `keep`; answers which. Trust that the browser had stays unless there is new one.

    The owner is locked: of two log-ins at once one would not see the other's session.
    """
    ended = asking_in(transaction).rows(_OPEN[new.realm], _values(new, keep))
    return [one.session_id for one in ended]


# Nothing has to be asked or told: there is no app, and the browser is known or the very first; nothing has to give way.
# A statement sees what was there when it began: so nobody may have touched the user since.
_OPEN_PLAINLY = f"""
    WITH owner AS (
        SELECT FROM users WHERE user_id = %(owner_id)s AND xmin::text = %(version)s FOR UPDATE SKIP LOCKED),
    fit AS (
        SELECT FROM owner
         WHERE NOT EXISTS (SELECT FROM totp_factors WHERE owner_id = %(owner_id)s)
           AND (EXISTS (SELECT FROM devices WHERE owner_id = %(owner_id)s AND token_hash = %(device_hash)s)
                OR NOT EXISTS (SELECT FROM devices WHERE owner_id = %(owner_id)s))
           AND (SELECT count(*) FROM sessions
                 WHERE user_id = %(owner_id)s AND ended_at IS NULL AND expires_at > %(opened_at)s) <= %(others)s),
    {_opening("users", "user_id")},
    given_back AS ({attempts.GIVE_BACK.format(condition="EXISTS (SELECT FROM fit)")}),
    announced AS ({outbox.ANNOUNCING} FROM fit)
    SELECT {outbox.WAKING} FROM fit
"""  # noqa: S608 - constants


def open_plainly(
    reader: Reader,
    new: NewSession,
    *,
    version: str,
    giving_back: Mapping[str, object],
    announcing: Mapping[str, object],
    keep: int,
) -> bool:
    """All of a log-in of a user without an app, in a browser they have logged in with before or in the very first, who
    has fewer than `keep` sessions: `open_session`, the attempt given back, the act announced; one statement, and its
    own transaction. False, and nothing kept, of anybody else, and when the user is another version or being changed.
    """
    values = {**_values(new, keep), **giving_back, **announcing, "version": version}
    return bool(reader.rows(_OPEN_PLAINLY, values))


def _values(new: NewSession, keep: int) -> dict[str, object]:
    return {**vars(new), "realm": new.realm.value, "others": keep - 1}


_LIVE = """
    s.token_hash = %(token_hash)s AND s.ended_at IS NULL AND s.expires_at > %(now)s AND s.last_seen_at > %(seen_after)s
"""
_CHECK = {
    Realm.PORTAL: f"""
        SELECT s.session_id::text, s.customer_id::text AS selected_id, s.last_seen_at, s.stepped_up_at,
               u.user_id::text, u.email, u.name AS user_name, u.language, u.look, u.registered_at,
               g.grant_id::text, g.customer_id::text, g.scope, g.given_by, g.valid_from, g.valid_until,
               c.number, c.name AS customer_name, c.premises_label
          FROM sessions s
          JOIN users u ON u.user_id = s.user_id
          LEFT JOIN grants g ON g.user_id = s.user_id AND g.ended_at IS NULL AND g.valid_from <= %(now)s
                                AND (g.valid_until IS NULL OR g.valid_until > %(now)s)
          LEFT JOIN customers c ON c.customer_id = g.customer_id
         WHERE {_LIVE}
         ORDER BY g.valid_from, g.grant_id
    """,  # noqa: S608 - constants
    Realm.CONSOLE: f"""
        SELECT s.session_id::text, s.last_seen_at, s.stepped_up_at,
               m.staff_id::text, m.email, m.name, m.language, m.look, m.roles, m.towns, m.commodities,
               (SELECT json_object_agg(r.key, r.permissions) FROM roles r WHERE r.key = ANY (m.roles)) AS role_sets,
               (SELECT json_object_agg(r.key, r.name) FROM roles r
                 WHERE r.key = ANY (m.roles) AND r.name <> '') AS role_names
          FROM sessions s JOIN staff m ON m.staff_id = s.staff_id
         WHERE {_LIVE}
    """,  # noqa: S608 - constants
}


def find_live_session(
    reader: Reader, token_hash: bytes, *, realm: Realm, now: datetime, idle: timedelta
) -> Sequence[Any]:
    """The session with its owner: of staff one row, of a user one for each grant in force, the oldest first, or one
    with none. One statement, as every page asks it; ids are texts, which are compared and sent as they are.
    """
    return reader.rows(_CHECK[realm], {"token_hash": token_hash, "now": now, "seen_after": now - idle})


def find_session(session: Session, token_hash: bytes) -> LoginSession | None:
    """The session of a token, ended or not."""
    return session.scalar(select(LoginSession).where(LoginSession.token_hash == token_hash))


def lock_session(session: Session, token_hash: bytes) -> LoginSession | None:
    """The session of a token, ended or not."""
    return session.scalar(select(LoginSession).where(LoginSession.token_hash == token_hash).with_for_update())


def find_denied_session(
    session: Session, denial_hash: bytes, *, opened_after: datetime
) -> LoginSession | None:
    """The session that a link "it was not me" is about, ended or not."""
    return session.scalar(
        select(LoginSession).where(
            LoginSession.denial_hash == denial_hash, LoginSession.opened_at > opened_after
        )
    )


def take_denial(session: Session, denial_hash: bytes) -> bool:
    """Use the link up; false when somebody else did."""
    used = update(LoginSession).where(LoginSession.denial_hash == denial_hash).values(denial_hash=None)
    return session.scalar(used.returning(LoginSession.session_id)) is not None


def list_live_sessions(
    session: Session, *, realm: Realm, owner_id: UUID, now: datetime, idle: timedelta, limit: int
) -> Sequence[LoginSession]:
    """Where somebody is logged in, the newest first."""
    return session.scalars(
        select(LoginSession)
        .where(
            _is_owned_by(realm, owner_id),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - idle,
        )
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.session_id.desc())
        .limit(limit)
    ).all()


def end_sessions_of(
    session: Session,
    *,
    realm: Realm,
    owner_id: UUID,
    now: datetime,
    but: UUID | None = None,
    only: UUID | None = None,
) -> Sequence[UUID]:
    """End somebody's sessions: all, all but one, or one. Answers which ended."""
    statement = update(LoginSession).where(_is_owned_by(realm, owner_id), LoginSession.ended_at.is_(None))
    if but is not None:
        statement = statement.where(LoginSession.session_id != but)
    if only is not None:
        statement = statement.where(LoginSession.session_id == only)
    ended = statement.values(ended_at=now).returning(LoginSession.session_id)
    return session.scalars(ended).all()


def _is_owned_by(realm: Realm, owner_id: UUID) -> ColumnElement[bool]:
    return (LoginSession.user_id if realm is Realm.PORTAL else LoginSession.staff_id) == owner_id


def note_seen(session: Session, session_id: UUID, *, now: datetime, unless_after: datetime) -> None:
    """Move the last seen instant on; of two requests at once one writes."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.session_id == session_id, LoginSession.last_seen_at < unless_after)
        .values(last_seen_at=now)
    )


def delete_ended_sessions(session: Session, *, before: datetime, limit: int) -> int:
    """Sessions that ended, by themselves or not, before an instant; answers how many went."""
    old = (
        select(LoginSession.session_id)
        .where(or_(LoginSession.expires_at < before, LoginSession.ended_at < before))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    gone = delete(LoginSession).where(LoginSession.session_id.in_(old))
    return len(session.scalars(gone.returning(LoginSession.session_id)).all())
