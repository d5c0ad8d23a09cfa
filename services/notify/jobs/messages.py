"""Sends what is due: transaction (take) – mail server – transaction (say what became of it).

Each worker takes a few messages under a lease and reports each as soon as the server has answered. A worker that dies
between the server's answer and its report leaves one message that is sent a second time, under the same Message-ID,
when the lease ends: better twice, and recognisable, than never.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from chassis import tracing
from chassis.clock import Clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.jobs import Jobs
from chassis.sealing import SealBroken, unseal
from chassis.telemetry import Metrics, describe_fault, logger
from services.notify.clients.smtp import Courier, Couriers, MailServerAway, Outcome, Receipt
from services.notify.config import NotifyConfig
from services.notify.documents.mails import AddressMalformed, render_mail, sender_of
from services.notify.documents.messages import render_letter
from services.notify.domain import messages
from services.notify.storage.messages import Message, erase_done, find_oldest_due
from services.notify.storage.settings import ProviderSettings, get_settings

RUN_S_MAX = 10.0  # A run ends in time for a process that is told to stop.
AWAY_S_MIN, AWAY_S_MAX = 1.0, 60.0
ERASE_ROWS = 1_000

jobs = Jobs()


class PostRoom:
    """What sending needs and keeps between runs."""

    def __init__(
        self, config: NotifyConfig, clock: Clock, metrics: Metrics, seal_key: X25519PrivateKey
    ) -> None:
        self.config = config
        self.clock = clock
        self.seal_key = seal_key
        self.log = logger("messages")
        self.handled = metrics.counter("messages_total", "What became of messages", "rule", "outcome")
        self.server_away = metrics.gauge("mail_server_away", "1 while the mail server cannot be reached")
        self.late = metrics.gauge("messages_late_seconds", "How long the oldest due message has been due")
        self._away_s = 0.0
        self._away_until = 0.0
        self.couriers = Couriers(
            lambda: Courier(
                config.smtp_url.get_secret_value(),
                timeout_s=config.smtp_timeout_s,
                mails_max=config.smtp_mails_max,
                ca_file=config.smtp_ca_file,
            )
        )

    @property
    def closed(self) -> bool:
        """Whether the mail server is left alone for the moment."""
        return time.monotonic() < self._away_until

    def note_away(self, fault: str) -> None:
        """Leave the server alone for a while, longer each time: a wrong password must not lock the account."""
        if self.closed:
            return  # Another worker has just said so.
        self._away_s = min(max(self._away_s * 2, AWAY_S_MIN), AWAY_S_MAX)
        self._away_until = time.monotonic() + self._away_s
        self.server_away.set(1)
        self.log.warning("mail server away", fault=fault, again_in_s=self._away_s)

    def note_reached(self) -> None:
        """It talks to us again."""
        if self._away_s:
            self._away_s = 0.0
            self.server_away.set(0)
            self.log.info("mail server reached")


@dataclass(frozen=True)
class _Run:
    """One run of one worker."""

    database: Database
    room: PostRoom
    settings: ProviderSettings
    ends_at: float


@jobs.job("messages.send", every_s=0.5)
def send_messages(database: Database, *, now: datetime, room: PostRoom) -> None:
    """Send what is due, with several workers; without settings there is no sender and no link, so all waits."""
    ends_at = time.monotonic() + RUN_S_MAX
    with database.reading() as session:
        oldest = find_oldest_due(session, now=now)
        room.late.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))
        if oldest is None or room.closed:
            return
        settings = get_settings(session)
    if settings is None or not settings.portal_url:
        room.log.debug("messages wait for the provider's settings")
        return
    run = _Run(database, room, settings, ends_at)
    # In threads of their own also when there is one: what is sent has its own record, and none in the audit log.
    with ThreadPoolExecutor(room.config.send_workers, thread_name_prefix="send") as workers:
        for worker in [workers.submit(_work, run) for _ in range(room.config.send_workers)]:
            worker.result()


@jobs.job("messages.forget", every_s=3600)
def forget_messages(database: Database, *, now: datetime, config: NotifyConfig) -> None:
    """Forget whom we wrote to long ago, a bounded number at a time."""
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


def _work(run: _Run) -> None:
    """Take and send until nothing is due, the server is away, or the run's time is over."""
    with run.room.couriers.one() as courier:
        while time.monotonic() < run.ends_at and _send_batch(run, courier):
            pass


def _send_batch(run: _Run, courier: Courier) -> bool:
    """Send some; false when there was nothing to take or no point in taking more."""
    room, config = run.room, run.room.config
    lease_id = new_id()
    # What is not begun by then is put back, so that a mail is never in two workers' hands.
    begin_until = min(time.monotonic() + config.send_lease_s - config.mail_s_max, run.ends_at)
    with run.database.transaction() as session:
        taken, ready = messages.take_due(
            session,
            lease_id,
            lease=timedelta(seconds=config.send_lease_s),
            count_max=config.send_batch,
            patience=config.patience,
            now=room.clock.now(),
        )
    for index, message in enumerate(ready):
        if time.monotonic() > begin_until:
            _put_back(run, ready[index:])
            return False
        try:
            with tracing.trace(message.traceparent):
                _send(run, courier, message)
        except MailServerAway as away:
            _put_back(run, ready[index:])
            room.note_away(str(away))
            return False
    return taken > 0


def _send(run: _Run, courier: Courier, message: Message) -> None:
    """One message: written, handed over, reported."""
    room = run.room
    subject, receipt = "", Receipt(Outcome.NEVER, messages.ADDRESS_MALFORMED)
    try:
        sender = sender_of(run.settings, room.config.sender)
        token = unseal(room.seal_key, message.sealed_token).decode() if message.sealed_token else ""
        letter = render_letter(message, run.settings, token=token)
        subject = letter.subject
        content = render_mail(letter, message, sender, now=room.clock.now())
    except AddressMalformed:
        pass
    except (SealBroken, UnicodeDecodeError):
        receipt = Receipt(Outcome.NEVER, messages.SEAL_BROKEN)
    except Exception as fault:  # noqa: BLE001 - a message that cannot be written must not stop the others
        _note_not_written(room, message, fault)
        receipt = Receipt(Outcome.LATER, messages.NOT_WRITTEN)
    else:
        receipt = courier.hand_over(sender.address, message.address, content)
        room.note_reached()
    _report(run, message, receipt, subject)


def _report(run: _Run, message: Message, receipt: Receipt, subject: str) -> None:
    room = run.room
    now = room.clock.now()
    with run.database.transaction() as session:
        if receipt.outcome is Outcome.TAKEN:
            messages.mark_sent(session, message, subject=subject, now=now)
        elif receipt.outcome is Outcome.NEVER:
            messages.give_up(session, message, reason=receipt.reason)
        else:
            messages.try_later(
                session, message, reason=receipt.reason, patience=room.config.patience, now=now
            )
    room.handled.labels(message.rule.value, receipt.outcome.value).inc()
    if receipt.outcome is not Outcome.TAKEN:
        room.log.warning(
            "message not taken",
            message_id=str(message.message_id),
            rule=message.rule.value,
            outcome=receipt.outcome.value,
            reason=receipt.reason,
            code=receipt.code,
        )


def _note_not_written(room: PostRoom, message: Message, fault: Exception) -> None:
    """The fault's own words may quote what somebody typed: its class and place are enough."""
    room.log.error("message not written", message_id=str(message.message_id), **describe_fault(fault))


def _put_back(run: _Run, rest: list[Message]) -> None:
    with run.database.transaction() as session:
        messages.put_back(session, rest)
