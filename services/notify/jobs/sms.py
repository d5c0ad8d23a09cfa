"""Sends text messages that are due, and asks what became of those of which nothing was reported.

As with mails: transaction (take) – SMSAPI – transaction (say what became of it). One that dies in between is handed
over again under the same id, which SMSAPI refuses to take twice: nobody's telephone rings twice.
"""

import time
from datetime import datetime

from chassis import tracing
from chassis.database import Database
from chassis.jobs import Jobs
from services.notify.clients.smsapi import ProviderAway, SmsApi
from services.notify.domain import messages, reports
from services.notify.domain.receipts import Outcome, Receipt
from services.notify.jobs.rooms import (
    PostRoom,
    Run,
    note_not_written,
    put_back,
    report,
    take,
    written_sms,
)
from services.notify.storage.in_hand import InHand, find_oldest_due
from services.notify.storage.messages import Channel, list_to_ask, lock_reported
from services.notify.storage.settings import get_settings

RUN_S_MAX = 10.0
ASKED_AT_ONCE = 20
SUBJECT_LENGTH_MAX = 200  # What is kept of a text for lists.

jobs = Jobs()


@jobs.job("sms.send", every_s=1)
def send_texts(database: Database, *, now: datetime, room: PostRoom) -> None:
    """Send what is due; nothing in quiet hours. Where no text messages are sent, each is held back and says so."""
    ends_at = time.monotonic() + RUN_S_MAX
    with database.asking() as reader:
        oldest = find_oldest_due(reader, Channel.SMS, now=now)
    quiet = room.config.quiet.until(now) is not None
    room.texts_late.set(0 if oldest is None or quiet else max(0.0, (now - oldest).total_seconds()))
    if oldest is None or quiet or room.text_door.closed:
        return
    with database.reading() as session:
        settings = get_settings(session)
    if settings is None or not settings.portal_url:
        return
    run = Run(database, room, settings, ends_at)
    while time.monotonic() < run.ends_at and _send_batch(run):
        pass


@jobs.job("sms.ask", every_s=60)
def ask_texts(database: Database, *, now: datetime, room: PostRoom) -> None:
    """Ask where text messages are that left a while ago, a bounded number at a time."""
    if room.texts is None or room.text_door.closed:
        return
    with database.reading() as session:
        wanted = [
            (message.message_id, message.provider_id)
            for message in list_to_ask(session, now=now, count_max=ASKED_AT_ONCE)
        ]
    for message_id, provider_id in wanted:
        try:
            fate = room.texts.ask(provider_id)
        except ProviderAway as away:
            room.text_door.note_away(str(away))
            return
        with database.transaction() as session:
            message = lock_reported(session, message_id=message_id, provider_id=provider_id)
            if message is not None:
                reports.note(session, message, fate, now=now, ask_after=room.config.ask_after)


def _send_batch(run: Run) -> bool:
    """Send some; false when there was nothing to take or no point in taking more."""
    room = run.room
    begin_until = min(time.monotonic() + room.config.send_lease_s - room.config.smsapi_timeout_s, run.ends_at)
    taken, ready = take(run, Channel.SMS, count_max=room.config.send_batch)
    if room.texts is None:
        with run.database.transaction() as session:
            for message in ready:
                messages.hold_back(session, message, reason=messages.CHANNEL_OFF)
        return taken > 0
    for index, message in enumerate(ready):
        if time.monotonic() > begin_until:
            put_back(run, ready[index:])
            return False
        try:
            with tracing.trace(message.traceparent):
                _send(run, room.texts, message)
        except ProviderAway as away:
            put_back(run, ready[index:])
            room.text_door.note_away(str(away))
            return False
    return taken > 0


def _send(run: Run, texts: SmsApi, message: InHand) -> None:
    """One message: written, handed over, reported."""
    room = run.room
    text = ""
    try:
        text = written_sms(run, message)
    except Exception as fault:  # noqa: BLE001 - a message that cannot be written must not stop the others
        note_not_written(room, message, fault)
        receipt = Receipt(Outcome.LATER, messages.NOT_WRITTEN)
    else:
        receipt = texts.hand_over(message.message_id, message.address, text)
        room.text_door.note_reached()
    report(run, message, receipt, text[:SUBJECT_LENGTH_MAX], ask_after=room.config.ask_after)
