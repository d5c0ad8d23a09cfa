"""Grants: between a user and a customer. A user proves to be the customer by what stands on the last invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition, Invalid
from chassis.ids import new_id
from chassis.money import Money
from services.identity.domain import attempts
from services.identity.outbox import grants as announce
from services.identity.storage import customers
from services.identity.storage import grants as stored
from services.identity.storage.customers import Customer
from services.identity.storage.grants import GivenBy, Grant, Scope

GRANTS_PER_USER_MAX = 100  # The switcher shows them all.


class ProofNotAccepted(Invalid):
    """The three parts do not belong together; which is wrong, or whether there is such a customer, is not told."""

    reason = "PROOF_NOT_ACCEPTED"


class TooManyCustomers(FailedPrecondition):
    """The user holds as many customers as one account can."""

    reason = "TOO_MANY_CUSTOMERS"


@dataclass(frozen=True)
class Claim:
    """What somebody knows of the customer they say they are."""

    customer_number: str
    invoice_number: str
    invoice_total: Money


@dataclass(frozen=True)
class ProvenCustomer:
    """What billing says of the customer whose proof was right."""

    customer_id: UUID
    number: str
    name: str
    premises_label: str


def count_guess(
    session: Session, *, user_id: UUID, customer_number: str, now: datetime
) -> Sequence[attempts.Counter]:
    """Count the guess before billing is asked, for the user and for the number. Refuses TOO_MANY_ATTEMPTS."""
    counters = [
        attempts.counter(attempts.CLAIM_USER, str(user_id)),
        attempts.counter(attempts.CLAIM_CUSTOMER, "".join(customer_number.split()).upper()),
    ]
    return attempts.count(session, counters, now=now)


def not_asked(session: Session, counters: Sequence[attempts.Counter], *, counted_at: datetime) -> None:
    """Billing could not be asked, so nothing was guessed."""
    attempts.take_back(session, counters, counted_at=counted_at, right=False)


def give_by_proof(
    session: Session,
    proven: ProvenCustomer | None,
    *,
    user_id: UUID,
    counters: Sequence[attempts.Counter],
    now: datetime,
) -> Grant:
    """The grant the proof gives, or the one that is in force already; a right guess is not counted.

    Refuses PROOF_NOT_ACCEPTED, TOO_MANY_CUSTOMERS.
    """
    if proven is None:
        raise ProofNotAccepted
    attempts.take_back(session, counters, counted_at=now, right=True)
    customers.keep_newest_labels(
        session,
        proven.customer_id,
        version=0,
        number=proven.number,
        name=proven.name,
        premises_label=proven.premises_label,
    )
    standing = stored.lock_open_grant(session, user_id=user_id, customer_id=proven.customer_id)
    if standing is not None:
        if standing.valid_until is None or standing.valid_until > now:
            return standing
        standing.ended_at = now  # Its time had passed; the proof gives a new one.
        session.flush()
    if stored.count_open_grants(session, user_id) >= GRANTS_PER_USER_MAX:
        raise TooManyCustomers
    grant = Grant(
        grant_id=new_id(),
        user_id=user_id,
        customer_id=proven.customer_id,
        scope=Scope.MANAGE,
        given_by=GivenBy.PROOF,
        valid_from=now,
    )
    if not stored.add_grant(session, grant):
        winner = stored.lock_open_grant(session, user_id=user_id, customer_id=proven.customer_id)
        if winner is None:
            raise LookupError("a grant was there and is not")
        return winner
    announce.grant_given(session, grant)
    return grant


def find_labels(session: Session, customer_id: UUID) -> Customer | None:
    """What the switcher prints of a customer."""
    return customers.find_customer(session, customer_id)


def keep_labels(
    session: Session, customer_id: UUID, *, version: int, number: str, name: str, premises_label: str
) -> None:
    """Keep the newest labels of a customer, in whatever order they arrive."""
    customers.keep_newest_labels(
        session, customer_id, version=version, number=number, name=name, premises_label=premises_label
    )
