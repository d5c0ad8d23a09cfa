"""Acts for the audit log: who did or saw what, when, from where, for whom.

The door sets the pending act; `Database.transaction()` writes it as `ebok.common.v1.ActRecorded` into the
outbox in the very transaction of the change, so there is no change without its record and no record without
its change. A read is written by the door itself, before the answer leaves. Refused calls change nothing and
leave no act.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from ebok.common.v1 import acts_pb2

from chassis import tracing, wire
from chassis.actors import Actor
from chassis.ids import new_id
from chassis.messaging import outbox


@dataclass
class Act:
    """One act on its way; `recorded` turns true with the first transaction that takes it.

    `only_if_written` is for jobs: they look far more often than they change.
    """

    actor: Actor
    name: str
    happened_at: datetime
    changed: bool
    customer_id: str = ""
    subject_id: str = ""
    recorded: bool = False
    only_if_written: bool = False


_pending: ContextVar[Act | None] = ContextVar("pending_act", default=None)


def pend(act: Act | None) -> None:
    """Set, or with None take away, the act of what this thread is doing."""
    _pending.set(act)


def pending() -> Act | None:
    """The act of what this thread is doing, unless it has been recorded."""
    act = _pending.get()
    return None if act is None or act.recorded else act


def name_subject(subject_id: str, *, customer_id: str = "") -> None:
    """For a servicer whose request does not name what it touches: the id of what it made."""
    act = _pending.get()
    if act is not None and not act.recorded:
        act.subject_id = subject_id
        act.customer_id = customer_id or act.customer_id


def record(run: outbox.Run, act: Act) -> None:
    """Write the act into the outbox of the database at hand, in one statement: within the transaction of what it
    changed; an act that changed nothing is a transaction of its own.
    """
    outbox.announce_plainly(run, _event_of(act), key=_key_of(act))


def values(act: Act) -> dict[str, object]:
    """For a statement that changes and records at once: the values of `outbox.ANNOUNCING`."""
    return outbox.values(_event_of(act), key=_key_of(act))


def _key_of(act: Act) -> str:
    return act.customer_id or act.actor.actor_id


def _event_of(act: Act) -> acts_pb2.ActRecorded:
    return acts_pb2.ActRecorded(
        act_id=str(new_id()),
        happened_at=wire.pack_instant(act.happened_at),
        actor_kind=act.actor.kind.value.lower(),
        actor_id=act.actor.actor_id,
        actor_name=act.actor.name,
        address=act.actor.address,
        act=act.name,
        customer_id=act.customer_id,
        subject_id=act.subject_id,
        changed=act.changed,
        trace_id=tracing.current_trace_id(),
    )
