"""Grants: between a user and a customer. A user proves to be the customer by what stands on the last invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from chassis.clock import WARSAW, warsaw_date
from chassis.errors import FailedPrecondition, Invalid, NotFound, PermissionDenied, Violation
from chassis.ids import new_id
from chassis.money import Money
from services.identity.domain import access, attempts, step_up
from services.identity.outbox import grants as announce
from services.identity.storage import customers, invitations
from services.identity.storage import grants as stored
from services.identity.storage.customers import Customer
from services.identity.storage.grants import GivenBy, Grant, Scope
from services.identity.storage.users import User

GRANTS_PER_USER_MAX = 100  # The switcher shows them all.
HOLDERS_TOLD_MAX = 100  # One event names them all.
GIVEN_FOR_MAX = timedelta(days=5 * 366)


class ProofNotAccepted(Invalid):
    """The three parts do not belong together; which is wrong, or whether there is such a customer, is not told."""

    reason = "PROOF_NOT_ACCEPTED"


class TooManyCustomers(FailedPrecondition):
    """The user holds as many customers as one account can."""

    reason = "TOO_MANY_CUSTOMERS"


class NotTheOwner(PermissionDenied):
    """Only who holds the customer by proof gives and takes access of others."""

    reason = "NOT_THE_OWNER"


class GrantNotFound(NotFound):
    """No such grant of this customer can be changed or ended by the caller."""

    reason = "GRANT_NOT_FOUND"


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
    holders = stored.list_grants_of_customer(session, grant.customer_id, now=now, limit=HOLDERS_TOLD_MAX)
    announce.grant_given(
        session,
        grant,
        session.get_one(User, user_id),
        customers.find_customer(session, grant.customer_id),
        others=[user for held, user, _ in holders if held.user_id != user_id],
    )
    return grant


def lock_owner(session: Session, customer_id: UUID, *, by: Actor, now: datetime) -> Grant:
    """The caller's own grant by proof, in force at this moment: a token may be older. Every change of delegates by a
    customer comes through here. Refuses NOT_THE_OWNER, STEP_UP_REQUIRED.
    """
    own = stored.lock_open_grant(session, user_id=UUID(by.actor_id), customer_id=customer_id)
    if own is None or not _holds(own, now=now) or own.given_by is not GivenBy.PROOF:
        raise NotTheOwner
    step_up.require(by, now=now)
    return own


def read_end(ends_on: date, *, now: datetime) -> datetime:
    """The first instant after the last day. Refuses OUT_OF_RANGE at `ends_on`: before today, or after five years."""
    today = warsaw_date(now)
    if not today <= ends_on <= today + GIVEN_FOR_MAX:
        raise Invalid(violations=[Violation("ends_on", "OUT_OF_RANGE")])
    return datetime.combine(ends_on + timedelta(days=1), time(), tzinfo=WARSAW).astimezone(UTC)


def change_end(
    session: Session, grant_id: UUID, *, customer_id: UUID, ends_on: date, by: Actor, now: datetime
) -> Grant:
    """Another last day for a delegate. Refuses NOT_THE_OWNER, GRANT_NOT_FOUND, OUT_OF_RANGE at `ends_on`."""
    lock_owner(session, customer_id, by=by, now=now)
    valid_until = read_end(ends_on, now=now)
    grant = stored.lock_grant(session, grant_id, customer_id=customer_id)
    if grant is None or not _holds(grant, now=now) or grant.given_by is not GivenBy.INVITATION:
        raise GrantNotFound
    grant.valid_until = valid_until
    return grant


def revoke(session: Session, grant_id: UUID, *, customer_id: UUID, by: Actor, now: datetime) -> None:
    """End a grant: a delegate's by the owner, any by staff; an ended one stays so.

    Refuses NOT_THE_OWNER, STEP_UP_REQUIRED, GRANT_NOT_FOUND.
    """
    is_staff = by.kind is ActorKind.STAFF
    if not is_staff:
        lock_owner(session, customer_id, by=by, now=now)
    grant = stored.lock_grant(session, grant_id, customer_id=customer_id)
    if grant is None or not (is_staff or grant.given_by is GivenBy.INVITATION):
        raise GrantNotFound
    _end(session, grant, ended_by="staff" if is_staff else "owner", now=now)


def holder_of(session: Session, grant_id: UUID, *, customer_id: UUID, now: datetime) -> UUID:
    """The user who holds the customer by a grant in force. Refuses GRANT_NOT_FOUND."""
    grant = session.get(Grant, grant_id)
    if grant is None or grant.customer_id != customer_id or not _holds(grant, now=now):
        raise GrantNotFound
    return grant.user_id


def give_up(session: Session, customer_id: UUID, *, by: Actor, now: datetime) -> UUID | None:
    """End the caller's own grant; answers which. None is no fault."""
    grant = stored.lock_open_grant(session, user_id=UUID(by.actor_id), customer_id=customer_id)
    if grant is None:
        return None
    _end(session, grant, ended_by="holder", now=now)
    return grant.grant_id


def end_begun(session: Session, user_id: UUID, *, since: datetime, now: datetime) -> None:
    """Somebody else was at the account since then: whoever was invited from there has no access any more."""
    invitations.cancel_made_since(session, user_id, since=since, now=now)
    for given in invitations.lock_grants_made_since(session, user_id, since=since):
        _end(session, given, ended_by="owner", now=now)


def _holds(grant: Grant, *, now: datetime) -> bool:
    return grant.ended_at is None and (grant.valid_until is None or grant.valid_until > now)


def _end(session: Session, grant: Grant, *, ended_by: str, now: datetime) -> None:
    """Whom an owner let in goes with the owner, and so does whoever was invited and has not come yet."""
    if grant.ended_at is not None:
        return
    was_held = _holds(grant, now=now)
    grant.ended_at = now
    access.revoke(session, str(grant.user_id), now=now)
    if was_held:
        announce.grant_revoked(
            session,
            grant,
            session.get_one(User, grant.user_id),
            customers.find_customer(session, grant.customer_id),
            ended_by=ended_by,
        )
    if grant.given_by is GivenBy.PROOF:
        invitations.cancel_of_inviter(session, grant.customer_id, grant.user_id, now=now)
        for given in invitations.lock_grants_of_inviter(session, grant.customer_id, grant.user_id):
            _end(session, given, ended_by=ended_by, now=now)


def pass_contact_change_on(session: Session, change: announce.ContactChange, *, now: datetime) -> None:
    """Whoever may manage for the customer is to hear of another address for its mail."""
    holders = stored.list_grants_of_customer(session, change.customer_id, now=now, limit=HOLDERS_TOLD_MAX)
    managing = [user for held, user, _ in holders if held.scope is Scope.MANAGE]
    announce.contact_change_passed_on(session, change, holders=managing)


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
