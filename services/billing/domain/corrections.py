"""Corrections of the ledger: entries of either sign that say why, for what no invoice and no payment explains."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.errors import Conflict, Invalid, Violation
from chassis.money import Money
from services.billing.domain.postings import add_entry, allocate, open_batch, violations_of, write
from services.billing.domain.settlement import NOTHING, take_charge, take_payment
from services.billing.storage import ledger as stored
from services.billing.storage.ledger import EntryKind

CORRECTION_ID = "correction:{}"
REASON_LENGTH_MAX = 140


class CorrectionDiffers(Conflict):
    """The ledger holds another correction under this id: of another customer or amount."""

    reason = "CORRECTION_DIFFERS"


@dataclass(frozen=True, slots=True)
class Correction:
    """What the balance is corrected by: owed more when positive, less when negative. `reason` is for people, at most
    140 characters; `correction_id` makes it safe to repeat.
    """

    customer_id: UUID
    correction_id: UUID
    amount: Money
    booked_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class PostedCorrection:
    """A correction in the ledger; `created` is false when it was there before."""

    entry_id: UUID
    created: bool


def post_correction(session: Session, correction: Correction, *, now: datetime) -> PostedCorrection:
    """Post one correction. One downwards is credit: it pays the oldest due first. One upwards is to be paid on the
    day it is booked, and takes credit first. The same again is answered as known and changes nothing.

    Refuses: `Invalid` (amount of nothing, day in the future, no id, no reason), `CorrectionDiffers`.
    """
    refusal = _refusal(correction, today=warsaw_date(now))
    if refusal is not None:
        raise refusal
    external_id = CORRECTION_ID.format(correction.correction_id)
    batch = open_batch(session, [correction.customer_id], now=now)
    before = stored.find_known(session, [external_id]).get(external_id)
    if before is not None:
        if (before.customer_id, before.amount) != (correction.customer_id, correction.amount):
            raise CorrectionDiffers(correction_id=str(correction.correction_id))
        return PostedCorrection(before.entry_id, created=False)
    account = batch.accounts[correction.customer_id]
    upwards = correction.amount > NOTHING
    entry = add_entry(
        batch,
        account,
        kind=EntryKind.CORRECTION,
        amount=correction.amount,
        booked_on=correction.booked_on,
        due_on=correction.booked_on if upwards else None,
        external_id=external_id,
        title=correction.reason,
    )
    allocate(batch, account, take_charge(account, entry) if upwards else take_payment(account, entry))
    write(session, batch)
    return PostedCorrection(entry.entry_id, created=True)


def _refusal(correction: Correction, *, today: date) -> Invalid | None:
    faulty = violations_of(
        external_id=str(correction.correction_id),
        amount_allowed=bool(correction.amount),
        booked_on=correction.booked_on,
        today=today,
        what="a correction",
    )
    violations = list(faulty.violations) if faulty else []
    if not correction.reason.strip():
        violations.append(Violation("reason", "REQUIRED", "say why, for the customer to read"))
    elif len(correction.reason) > REASON_LENGTH_MAX:
        violations.append(Violation("reason", "TOO_LONG", f"at most {REASON_LENGTH_MAX} characters"))
    return Invalid(violations=violations) if violations else None
