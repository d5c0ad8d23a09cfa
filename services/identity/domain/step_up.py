"""Before something is changed that an account hangs on, its owner has proven within ten minutes who they are."""

from datetime import datetime, timedelta

from chassis.actors import Actor
from chassis.errors import FailedPrecondition

STEP_UP_LASTS = timedelta(minutes=10)


class StepUpRequired(FailedPrecondition):
    """The last proof of who one is, is too old for this."""

    reason = "STEP_UP_REQUIRED"


def require(by: Actor, *, now: datetime) -> None:
    """Refuses STEP_UP_REQUIRED. For what is asked with an actor's token."""
    require_since(by.stepped_up_at, now=now)


def require_since(stepped_up_at: datetime | None, *, now: datetime) -> None:
    """Refuses STEP_UP_REQUIRED. For what is asked with a session."""
    if until(stepped_up_at, now=now) is None:
        raise StepUpRequired


def until(stepped_up_at: datetime | None, *, now: datetime) -> datetime | None:
    """When the proof stops to count; None when it has."""
    if stepped_up_at is None or now - stepped_up_at >= STEP_UP_LASTS:
        return None
    return stepped_up_at + STEP_UP_LASTS
