"""Whose act it is, where the gateway asks on behalf of somebody who is only now becoming known."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from chassis import acts
from chassis.actors import Actor


@contextmanager
def unrecorded() -> Iterator[None]:
    """Counting an attempt is not the act: the transaction inside leaves it for the one that does the work."""
    act = acts.pending()
    acts.pend(None)
    try:
        yield
    finally:
        acts.pend(act)


def by(actor: Actor) -> None:
    """The act is this person's, not the gateway's."""
    act = acts.pending()
    if act is not None:
        act.actor = actor


def values_by(actor: Actor) -> Mapping[str, object]:
    """The act as this person's about themselves, for a statement that writes it itself: `was_written` when it did."""
    by(actor)
    acts.name_subject(actor.actor_id)
    act = acts.pending()
    if act is None:
        raise ValueError("no act is pending")
    return acts.values(act)


def was_written() -> None:
    """A statement wrote the act itself."""
    act = acts.pending()
    if act is not None:
        act.recorded = True


def came_from(address: str) -> None:
    """The act is nobody's yet; from where it came is known."""
    act = acts.pending()
    if act is not None:
        act.actor = replace(act.actor, address=address)


def nothing_happened() -> None:
    """The call found nothing to do and leaves no act."""
    act = acts.pending()
    if act is not None:
        act.recorded = True
