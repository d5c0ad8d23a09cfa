"""Owners as logging in asks for them: users at one door, staff at the other, in the same words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction, asking_in
from services.identity.storage import attempts
from services.identity.storage.sessions import Realm

_FIND = {
    Realm.PORTAL: """
        SELECT user_id AS owner_id, password_hash, email, name, language, xmin::text AS version FROM users
         WHERE lower(email) = %(email)s AND confirmed_at IS NOT NULL
    """,
    Realm.CONSOLE: """
        SELECT staff_id AS owner_id, password_hash, email, name, language, xmin::text AS version FROM staff
         WHERE lower(email) = %(email)s AND roles <> '{}'
    """,
}
_COUNT_AND_FIND = {
    realm: f"{attempts.COUNTING} SELECT * FROM outcome LEFT JOIN ({find}) owner ON true"  # noqa: S608 - constants
    for realm, find in _FIND.items()
}


def count_attempt(transaction: Transaction, realm: Realm, email: str, counting: Mapping[str, object]) -> Any:
    """As `attempts.count_attempt`, with whoever may log in with an address in lower case: id, password's hash, address,
    name, language, and the version of the row, another one after each change. None for nobody.
    """
    return asking_in(transaction).rows(_COUNT_AND_FIND[realm], {"email": email, **counting})[0]


def _lock(owners: str, key: str) -> str:
    given_back = attempts.GIVE_BACK.format(condition="EXISTS (SELECT FROM owner)")
    return f"""
        WITH owner AS (
            SELECT {key} AS owner_id, email, name, language FROM {owners}
             WHERE {key} = %(owner_id)s AND password_hash = %(password_hash)s FOR UPDATE),
        given_back AS ({given_back})
        SELECT * FROM owner
    """  # noqa: S608 - constants


_LOCK = {Realm.PORTAL: _lock("users", "user_id"), Realm.CONSOLE: _lock("staff", "staff_id")}


def lock_proven(
    transaction: Transaction,
    realm: Realm,
    owner_id: UUID,
    password_hash: str,
    giving_back: Mapping[str, object],
) -> Any:
    """Whom mails and acts call by name, kept from others until the transaction ends, and the attempt given back. None,
    and nothing given back, when the password is another one meanwhile.
    """
    values = {"owner_id": owner_id, "password_hash": password_hash, **giving_back}
    return next(iter(asking_in(transaction).rows(_LOCK[realm], values)), None)


_KEEP = {
    Realm.PORTAL: "UPDATE users SET password_hash = %(password_hash)s WHERE user_id = %(owner_id)s",
    Realm.CONSOLE: "UPDATE staff SET password_hash = %(password_hash)s WHERE staff_id = %(owner_id)s",
}


def keep_password(transaction: Transaction, realm: Realm, owner_id: UUID, password_hash: str) -> None:
    """The same password, hashed anew with today's parameters. The owner is locked."""
    asking_in(transaction).run(_KEEP[realm], {"owner_id": owner_id, "password_hash": password_hash})


_PROOFS = """
    SELECT EXISTS (SELECT FROM totp_factors WHERE owner_id = %(owner_id)s) AS has_factor,
           EXISTS (SELECT FROM devices WHERE owner_id = %(owner_id)s) AS has_browsers,
           EXISTS (SELECT FROM devices WHERE owner_id = %(owner_id)s AND token_hash = %(token_hash)s) AS is_known,
           EXISTS (SELECT FROM devices WHERE owner_id = %(owner_id)s AND token_hash = %(token_hash)s
                                             AND trusted_until > %(now)s) AS is_trusted
"""


def find_proofs(transaction: Transaction, owner_id: UUID, *, device_hash: bytes, now: datetime) -> Any:
    """Whether the owner has an app, has logged in with any browser and with this one, and is spared codes in it."""
    values = {"owner_id": owner_id, "token_hash": device_hash, "now": now}
    return asking_in(transaction).rows(_PROOFS, values)[0]
