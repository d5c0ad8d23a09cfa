"""Consents: what a customer agreed to, in a history that only grows.

The last word of a kind holds. A yes is given to the text in force; whatever was never said is a no. E-invoices are the
exception: before the customer's first word, what the provider's own books say holds, which billing knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from chassis.clock import WARSAW, warsaw_date
from chassis.errors import Conflict, Invalid, Violation, refuse_if
from chassis.ids import new_id
from services.identity.outbox import consents as announce
from services.identity.storage import consents as stored
from services.identity.storage.consents import Consent, ConsentChannel, ConsentKind, ConsentText

TEXT_LENGTH_MAX = 2000
LANGUAGES = ("pl", "en", "uk")
BY_STAFF = frozenset({ConsentChannel.PAPER, ConsentChannel.DESK, ConsentChannel.PHONE})


class ConsentOvertaken(Conflict):
    """Another word of the same kind was kept at this moment."""

    reason = "CONSENT_OVERTAKEN"


class ConsentExists(Conflict):
    """The id is of another word, perhaps of another customer."""

    reason = "CONSENT_EXISTS"


@dataclass(frozen=True)
class Word:
    """What a customer says of a kind; `text_version` is the one that was read."""

    kind: ConsentKind
    is_given: bool
    text_version: int


@dataclass(frozen=True)
class Told:
    """What staff write down: by which way it was said, on which day, and what they note."""

    change_id: UUID
    kind: ConsentKind
    is_given: bool
    channel: ConsentChannel
    said_on: date
    note: str


@dataclass(frozen=True)
class State:
    """What holds of a kind: the text in force, and the last word if there was one."""

    kind: ConsentKind
    text: ConsentText
    last: Consent | None


def states_of(session: Session, customer_id: UUID) -> list[State]:
    """What holds, kind by kind."""
    texts, last = stored.find_texts(session), stored.find_last(session, customer_id)
    return [State(kind, texts[kind], last.get(kind)) for kind in ConsentKind]


def save(session: Session, customer_id: UUID, words: Sequence[Word], *, by: Actor, now: datetime) -> None:
    """Keep what a customer says in the portal. Refuses at `choices[n]`: TEXT_CHANGED, TWICE."""
    texts, last = stored.find_texts(session), stored.find_last(session, customer_id)
    kinds = [word.kind for word in words]
    faults = [
        Violation(f"choices[{place}]", "TWICE" if word.kind in kinds[:place] else "TEXT_CHANGED")
        for place, word in enumerate(words)
        if word.kind in kinds[:place] or (word.is_given and word.text_version != texts[word.kind].version)
    ]
    refuse_if(faults)
    for word in words:
        if _says_something(last.get(word.kind), word.kind, word.is_given):
            _add(
                session,
                last.get(word.kind),
                {
                    "change_id": new_id(),
                    "customer_id": customer_id,
                    "kind": word.kind,
                    "is_given": word.is_given,
                    "text_version": texts[word.kind].version,
                    "channel": ConsentChannel.PORTAL,
                    "said_at": now,
                    "note": "",
                },
                by=by,
                now=now,
            )


def record(session: Session, customer_id: UUID, told: Told, *, by: Actor, now: datetime) -> None:
    """Write down what was said to staff; the same id again is the same word.

    Refuses CONSENT_EXISTS, NOT_A_CHOICE at `channel`, OUT_OF_RANGE at `said_on`: after today, or before the last word
    of the kind.
    """
    there = stored.find_change(session, told.change_id)
    if there is not None:
        if (there.customer_id, there.kind, there.is_given) != (customer_id, told.kind, told.is_given):
            raise ConsentExists
        return
    if told.channel not in BY_STAFF:
        raise Invalid(violations=[Violation("channel", "NOT_A_CHOICE")])
    last = stored.find_last(session, customer_id).get(told.kind)
    earliest = warsaw_date(last.said_at) if last is not None else date.min
    if not earliest <= told.said_on <= warsaw_date(now):
        raise Invalid(violations=[Violation("said_on", "OUT_OF_RANGE")])
    if not _says_something(last, told.kind, told.is_given):
        return
    said_at = datetime.combine(told.said_on, time(), tzinfo=WARSAW).astimezone(UTC)
    _add(
        session,
        last,
        {
            "change_id": told.change_id,
            "customer_id": customer_id,
            "kind": told.kind,
            "is_given": told.is_given,
            "text_version": stored.find_texts(session)[told.kind].version,
            "channel": told.channel,
            "said_at": now
            if told.said_on == warsaw_date(now)
            else max(said_at, last.said_at if last else said_at),
            "note": told.note,
        },
        by=by,
        now=now,
    )


def refuse_offers(
    session: Session,
    customer_id: UUID,
    kind: ConsentKind,
    *,
    message_id: str,
    refused_at: datetime,
    now: datetime,
) -> None:
    """Whoever holds a message ended offers by its link; a yes that was said later stands."""
    last = stored.find_last(session, customer_id).get(kind)
    if last is not None and (not last.is_given or last.said_at > refused_at):
        return
    _add(
        session,
        last,
        {
            "change_id": new_id(),
            "customer_id": customer_id,
            "kind": kind,
            "is_given": False,
            "text_version": stored.find_texts(session)[kind].version,
            "channel": ConsentChannel.LINK,
            "said_at": refused_at,
            "note": "",
        },
        by=Actor(ActorKind.NOBODY, actor_id=f"message:{message_id}"),
        now=now,
    )


def publish(
    session: Session, texts: Mapping[ConsentKind, Mapping[str, str]], *, now: datetime
) -> list[ConsentKind]:
    """Another version of each text that reads differently; answers which. What was agreed to before stays agreed to."""
    in_force = stored.find_texts(session)
    changed = [kind for kind, wanted in texts.items() if wanted != in_force[kind].by_language]
    for kind in changed:
        stored.add_text(session, kind, in_force[kind].version + 1, texts[kind], now=now)
    return changed


def read_texts(given: Mapping[str, object]) -> dict[ConsentKind, dict[str, str]]:
    """Texts out of a file by kind (`marketing_email`), each in every language. Refuses UNKNOWN, MALFORMED, TOO_LONG."""
    texts: dict[ConsentKind, dict[str, str]] = {}
    faults = []
    for name, wanted in given.items():
        if name.upper() not in ConsentKind.__members__:
            faults.append(Violation(name, "UNKNOWN"))
        elif not isinstance(wanted, dict) or set(wanted) != set(LANGUAGES):
            faults.append(Violation(name, "MALFORMED", "a text in pl, en and uk is expected"))
        elif any(len(str(text)) > TEXT_LENGTH_MAX or not str(text).strip() for text in wanted.values()):
            faults.append(Violation(name, "TOO_LONG", f"1 to {TEXT_LENGTH_MAX} characters"))
        else:
            kind = ConsentKind[name.upper()]
            texts[kind] = {language: " ".join(str(wanted[language]).split()) for language in LANGUAGES}
    refuse_if(faults)
    return texts


def _says_something(last: Consent | None, kind: ConsentKind, is_given: bool) -> bool:
    """Saying the same again is nothing new, and neither is refusing what was never agreed to."""
    if last is None:
        return is_given or kind is ConsentKind.E_INVOICE
    return last.is_given != is_given


def _add(
    session: Session, last: Consent | None, values: dict[str, object], *, by: Actor, now: datetime
) -> None:
    row = {
        **values,
        "version": last.version + 1 if last is not None else 1,
        "kept_at": now,
        "actor_kind": by.kind.value.lower(),
        "actor_id": by.actor_id,
        "actor_name": by.name,
        "address": by.address,
    }
    if not stored.add_consent(session, row):
        raise ConsentOvertaken
    announce.consent_changed(session, Consent(**row))
