"""What a provider tells of a text message after it took it: in whatever order, as often as it likes, perhaps never."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from chassis.errors import Unavailable
from services.notify.domain.messages import NEVER_REACHED, NOT_DELIVERED
from services.notify.outbox import messages as announce
from services.notify.storage.messages import Message, MessageStatus

ASKED_FOR = timedelta(hours=72)  # Operators give up a message after two days or so.
ASK_LONGEST = timedelta(hours=6)


class Fate(StrEnum):
    """Where a message is, in the provider's eyes."""

    UNDERWAY = "UNDERWAY"
    DELIVERED = "DELIVERED"
    NOT_DELIVERED = "NOT_DELIVERED"
    NEVER_REACHED = "NEVER_REACHED"
    UNKNOWN = "UNKNOWN"


REASONS = {Fate.NOT_DELIVERED: NOT_DELIVERED, Fate.NEVER_REACHED: NEVER_REACHED}


class ReportEarly(Unavailable):
    """We have not written down ourselves that the message left; the provider is to come again."""

    reason = "REPORT_EARLY"


def note(session: Session, message: Message, fate: Fate, *, now: datetime, ask_after: timedelta) -> None:
    """Write down what became of a message; `message` is locked.

    The first end stays, but that it arrived is believed at any time: operators correct themselves. As long as there is
    no end, the provider is asked again, more and more rarely.
    """
    if message.status in (MessageStatus.PLANNED, MessageStatus.SENDING):
        raise ReportEarly
    if message.sent_at is None or message.status is MessageStatus.DELIVERED:
        return
    if fate is Fate.DELIVERED:
        message.status, message.reason, message.ask_at = MessageStatus.DELIVERED, "", None
    elif message.status is MessageStatus.FAILED:
        return
    elif fate in REASONS:
        message.status, message.reason, message.ask_at = MessageStatus.FAILED, REASONS[fate], None
        announce.message_failed(session, message, reason=message.reason)
    elif message.ask_at is not None and message.ask_at <= now:
        message.ask_at = _ask_at(message.sent_at, now=now, ask_after=ask_after)


def _ask_at(sent_at: datetime, *, now: datetime, ask_after: timedelta) -> datetime | None:
    """As long after now as it has been under way, within bounds; nobody asks for ever."""
    passed = now - sent_at
    return None if passed >= ASKED_FOR else now + min(max(passed, ask_after), ASK_LONGEST)
