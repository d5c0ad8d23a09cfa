"""Sends mails that are due: transaction (take) – mail server – transaction (say what became of it).

Workers of all replicas share what is due: each takes some messages under a lease and reports each as soon as the server
has answered; those of campaigns together, where a journal keeps them until then. A worker that dies between the
server's answer and its report or note leaves one message that is sent a second time, under the same Message-ID, when
the lease ends: better twice, and recognisable, than never.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from chassis import tracing
from chassis.database import Database
from chassis.jobs import Jobs
from chassis.sealing import SealBroken, unseal
from services.notify.clients.smtp import Courier, Mail, MailServerAway
from services.notify.config import NotifyConfig
from services.notify.documents.mails import (
    AddressMalformed,
    Encoded,
    Sender,
    encode_letter,
    render_mail,
    sender_of,
)
from services.notify.documents.messages import render_letter
from services.notify.domain import messages
from services.notify.domain.receipts import Outcome, Receipt
from services.notify.domain.references import CHECKS_WITHIN, token_of
from services.notify.jobs.campaign_mails import campaign_letter, report_left_behind, report_sent
from services.notify.jobs.journals import Journal, journal_in
from services.notify.jobs.rooms import (
    PostRoom,
    Run,
    note_not_written,
    put_back,
    report,
    take,
    written_mail,
)
from services.notify.storage import reference_checks
from services.notify.storage.in_hand import InHand, find_oldest_due
from services.notify.storage.messages import Channel, Rule, erase_done
from services.notify.storage.settings import get_settings

RUN_S_MAX = 10.0  # A run ends in time for a process that is told to stop.
ERASE_ROWS = 1_000

jobs = Jobs()


@jobs.job("messages.send", every_s=0.5, shared=True)
def send_messages(database: Database, *, now: datetime, room: PostRoom) -> None:
    """Send what is due, with several workers, in each replica: what one has taken, no other sees.

    Without settings there is no sender and no link, so all waits.
    """
    ends_at = time.monotonic() + RUN_S_MAX
    report_left_behind(database, room)
    with database.asking() as reader:
        oldest = find_oldest_due(reader, Channel.EMAIL, now=now)
    room.late.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))
    if oldest is None or room.mail_door.closed:
        return
    with database.reading() as session:
        settings = get_settings(session)
    if settings is None or not settings.portal_url:
        room.log.debug("messages wait for the provider's settings")
        return
    run = Run(database, room, settings, ends_at)
    # In threads of their own also when there is one: what is sent has its own record, and none in the audit log.
    with ThreadPoolExecutor(room.config.send_workers, thread_name_prefix="send") as workers:
        for worker in [workers.submit(_work, run) for _ in range(room.config.send_workers)]:
            worker.result()


@jobs.job("messages.forget", every_s=3600)
def forget_messages(database: Database, *, now: datetime, config: NotifyConfig) -> None:
    """Forget whom we wrote to long ago, a bounded number at a time, and who asked about numbers."""
    with database.transaction() as session:
        reference_checks.forget(session, before=now - CHECKS_WITHIN)
    while True:
        with database.transaction() as session:
            gone = erase_done(
                session,
                of_users_before=now - timedelta(days=config.account_mails_days),
                of_customers_before=now - timedelta(days=config.customer_mails_days),
                count_max=ERASE_ROWS,
            )
        if gone < ERASE_ROWS:
            return


def _work(run: Run) -> None:
    """Take and send until nothing is due, the server is away, or the run's time is over."""
    with run.room.couriers.one() as courier, journal_in(run.room.config.send_journal_dir) as journal:
        while time.monotonic() < run.ends_at and _send_batch(run, courier, journal):
            pass


def _send_batch(run: Run, courier: Courier, journal: Journal | None) -> bool:
    """Send some; false when there was nothing to take or no point in taking more."""
    config = run.room.config
    # What is not begun by then is put back, so that a mail is never in two workers' hands.
    begin_until = min(time.monotonic() + config.send_lease_s - config.mail_s_max, run.ends_at)
    taken, ready = take(run, Channel.EMAIL, count_max=config.send_batch)
    sender = sender_of(run.settings, config.sender)
    left = dict.fromkeys(ready)  # Of these nothing is known yet.
    sent: dict[InHand, str] = {}
    away: MailServerAway | None = None
    try:
        for mail, receipt in courier.hand_over(
            sender.address, _written(run, ready, sender, left), until=begin_until
        ):
            run.room.mail_door.note_reached()
            del left[mail.message]
            _note(run, mail, receipt, journal, sent)
    except MailServerAway as fault:
        away = fault
    report_sent(run, journal, sent)
    if left:
        put_back(run, [*left])
    if away is not None:
        run.room.mail_door.note_away(str(away))
    return taken > 0 and not left


def _written(run: Run, ready: Sequence[InHand], sender: Sender, left: dict[InHand, None]) -> Iterator[Mail]:
    """Each of the messages as a mail, written when it is asked for; one that cannot be is reported, and not `left`."""
    for message in ready:
        mail = _write(run, message, sender)
        if isinstance(mail, Receipt):
            del left[message]
            with tracing.trace(message.traceparent):
                report(run, message, mail, "")
        else:
            yield mail


def _write(run: Run, message: InHand, sender: Sender) -> Mail | Receipt:
    """The mail; or what became of a message that none can be made of."""
    room = run.room
    try:
        letter = _letter_of(run, message)
        content = render_mail(letter, message, sender, now=room.clock.now())
    except AddressMalformed:
        return Receipt(Outcome.NEVER, messages.ADDRESS_MALFORMED)
    except (SealBroken, UnicodeDecodeError):
        return Receipt(Outcome.NEVER, messages.SEAL_BROKEN)
    except Exception as fault:  # noqa: BLE001 - a message that cannot be written must not stop the others
        with tracing.trace(message.traceparent):
            note_not_written(room, message, fault)
        return Receipt(Outcome.LATER, messages.NOT_WRITTEN)
    return Mail(message, letter.subject, content)


def _note(run: Run, mail: Mail, receipt: Receipt, journal: Journal | None, sent: dict[InHand, str]) -> None:
    """Report what became of a mail; one of a campaign is noted in the journal, and reported with others in `sent`."""
    message = mail.message
    if journal is not None and message.rule is Rule.CAMPAIGN and receipt.outcome is Outcome.TAKEN:
        journal.note(message.message_id)
        sent[message] = mail.subject
    else:
        with tracing.trace(message.traceparent):
            report(run, message, receipt, mail.subject)


def _letter_of(run: Run, message: InHand) -> Encoded:
    room = run.room
    if message.rule is Rule.CAMPAIGN:
        return campaign_letter(run, message)
    letter = render_letter(
        message,
        run.settings,
        token=unseal(room.seal_key, message.sealed_token).decode() if message.sealed_token else "",
        written=written_mail(run, message),
        unsubscribe=token_of(message.message_id, room.link_key),
    )
    return encode_letter(letter)
