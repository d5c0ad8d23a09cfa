"""What sending needs and keeps between runs, and what mails and text messages have in common."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from prometheus_client import Gauge

from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.telemetry import Metrics, describe_fault, logger
from services.notify.clients.billing import Dues
from services.notify.clients.smsapi import Settings as SmsSettings
from services.notify.clients.smsapi import SmsApi
from services.notify.clients.smtp import Courier, Couriers
from services.notify.config import NotifyConfig
from services.notify.documents import campaigns as written_texts
from services.notify.documents import reminders as own_reminders
from services.notify.documents.campaigns import Texts, Written
from services.notify.documents.messages import choose_language, render_sms
from services.notify.documents.moulds import Mould
from services.notify.domain import messages, references, reminders
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.domain.receipts import Outcome, Receipt
from services.notify.storage.campaigns import find_written
from services.notify.storage.in_hand import InHand
from services.notify.storage.messages import Channel, Rule
from services.notify.storage.reminders import list_reminders
from services.notify.storage.settings import ProviderSettings

AWAY_S_MIN, AWAY_S_MAX = 1.0, 60.0


class Door:
    """The way out of one channel: left alone for a while when the other side is away, longer each time.

    A wrong password must not lock the account.
    """

    def __init__(self, name: str, gauge: Gauge) -> None:
        self._name = name
        self._gauge = gauge
        self._log = logger("messages")
        self._away_s = 0.0
        self._away_until = 0.0

    @property
    def closed(self) -> bool:
        """Whether the other side is left alone for the moment."""
        return time.monotonic() < self._away_until

    def note_away(self, fault: str) -> None:
        """Nobody answers, or nobody lets us in."""
        if self.closed:
            return  # Another worker has just said so.
        self._away_s = min(max(self._away_s * 2, AWAY_S_MIN), AWAY_S_MAX)
        self._away_until = time.monotonic() + self._away_s
        self._gauge.set(1)
        self._log.warning(f"{self._name} away", fault=fault, again_in_s=self._away_s)

    def note_reached(self) -> None:
        """It talks to us again."""
        if self._away_s:
            self._away_s = 0.0
            self._gauge.set(0)
            self._log.info(f"{self._name} reached")


class PostRoom:
    """What sending needs and keeps between runs. `texts` is None where no text messages are sent."""

    def __init__(
        self,
        config: NotifyConfig,
        clock: Clock,
        metrics: Metrics,
        seal_key: X25519PrivateKey,
        dues: Dues,
    ) -> None:
        self.config = config
        self.clock = clock
        self.seal_key = seal_key
        self.link_key = references.key_of(seal_key.private_bytes_raw())
        self.dues = dues
        self.log = logger("messages")
        self.handled = metrics.counter("messages_total", "What became of messages", "rule", "outcome")
        self.late = metrics.gauge("messages_late_seconds", "How long the oldest due mail has been due")
        self.texts_late = metrics.gauge(
            "texts_late_seconds", "How long the oldest due text message has been due"
        )
        self.mail_door = Door(
            "mail server", metrics.gauge("mail_server_away", "1 while the mail server cannot be reached")
        )
        self.text_door = Door(
            "smsapi", metrics.gauge("sms_provider_away", "1 while text messages cannot be handed over")
        )
        self.couriers = Couriers(
            lambda: Courier(
                config.smtp_url.get_secret_value(),
                timeout_s=config.smtp_timeout_s,
                mails_max=config.smtp_mails_max,
                ca_file=config.smtp_ca_file,
            )
        )
        token = config.smsapi_token.get_secret_value()
        self.texts = SmsApi(_sms_settings(config, token)) if token else None


def _sms_settings(config: NotifyConfig, token: str) -> SmsSettings:
    return SmsSettings(
        url=config.smsapi_url,
        token=token,
        sender=config.smsapi_sender,
        timeout_s=config.smsapi_timeout_s,
        parts_max=config.smsapi_parts_max,
        normalize=config.smsapi_normalize,
        report_url=config.report_url,
    )


@dataclass(frozen=True)
class Run:
    """One run of one worker."""

    database: Database
    room: PostRoom
    settings: ProviderSettings
    ends_at: float
    # Of campaigns, which do not change under way, by id; of reminders by rule, as they are when some are taken.
    texts: dict[str, Texts] = field(default_factory=dict)
    moulds: dict[tuple[str, bool], Mould] = field(default_factory=dict)  # Of their letters.


def take(run: Run, channel: Channel, *, count_max: int) -> tuple[int, list[InHand]]:
    """Take some in hand; answers how many, and those to be sent. Of reminders, only where something is open still."""
    room, config = run.room, run.room.config
    now = room.clock.now()
    with run.database.transaction() as session:
        taken, ready = messages.take_due(
            session,
            new_id(),
            channel,
            lease=timedelta(seconds=config.send_lease_s),
            count_max=count_max,
            patience=config.patience,
            quiet_until=config.quiet.until(now),
            now=now,
        )
        wanted = {one.subject_id for one in ready if one.rule is Rule.CAMPAIGN} - set(run.texts)
        for found in find_written(session, [UUID(one) for one in wanted]).values():
            run.texts[str(found.campaign_id)] = found.texts
        if any(one.rule in reminders.RULES for one in ready):
            for rule, own in list_reminders(session).items():
                run.texts[rule.value] = own.texts
    return taken, _still_due(run, ready, now=now)


def written_mail(run: Run, message: InHand) -> Written | None:
    """What staff wrote for this recipient; None of a rule whose text is ours."""
    if message.rule in reminders.RULES:
        language = choose_language(message.language, run.settings.languages)
        own = run.texts.get(message.rule.value, {})
        return own_reminders.write_mail(message, own, run.settings, language)
    if message.rule not in written_texts.RULES:
        return None
    texts = written_texts.texts_of(message, run.texts.get(message.subject_id))
    return written_texts.write_mail(message.facts["customer"], texts, run.settings, message.language)


def written_sms(run: Run, message: InHand) -> str:
    """The same for telephones."""
    if message.rule in reminders.RULES:
        language = choose_language(message.language, run.settings.languages)
        own = run.texts.get(message.rule.value, {})
        return own_reminders.write_sms(message, own, run.settings, language) or render_sms(
            message, run.settings
        )
    if message.rule not in written_texts.RULES:
        return render_sms(message, run.settings)
    texts = written_texts.texts_of(message, run.texts.get(message.subject_id))
    marketing = bool(message.facts.get(MARKETING_FACT))
    return written_texts.write_sms(
        message.facts["customer"],
        texts,
        run.settings,
        message.language,
        refusal=references.short_token_of(message.message_id, run.room.link_key) if marketing else "",
    )


def _still_due(run: Run, ready: list[InHand], *, now: datetime) -> list[InHand]:
    """Ask billing once more what is open of the invoices that reminders speak of; what was paid is not sent."""
    wanted = [message for message in ready if message.rule in reminders.RULES]
    if not wanted:
        return ready
    try:
        found = run.room.dues.find({reminders.invoice_of(message) for message in wanted})
    except Unavailable as away:
        run.room.log.warning("reminders wait for billing", fault=away.reason)
        with run.database.transaction() as session:
            for message in wanted:
                messages.wait(session, message, until=now + messages.LOOK_AGAIN)
        return [message for message in ready if message not in wanted]
    paid = [message for message in wanted if not reminders.renew(message, found, on=warsaw_date(now))]
    with run.database.transaction() as session:
        for message in paid:
            messages.hold_back(session, message, reason=messages.PAID_MEANWHILE)
    return [message for message in ready if message not in paid]


def report(
    run: Run, message: InHand, receipt: Receipt, subject: str, *, ask_after: timedelta | None = None
) -> None:
    """Write down what became of a message; `ask_after`: how long until its provider is asked where it is."""
    room = run.room
    now = room.clock.now()
    with run.database.transaction() as session:
        if receipt.outcome is Outcome.TAKEN:
            ask_at = now + ask_after if ask_after is not None and receipt.provider_id else None
            messages.mark_sent(
                session, message, subject=subject, now=now, provider_id=receipt.provider_id, ask_at=ask_at
            )
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
            channel=message.channel.value,
            outcome=receipt.outcome.value,
            reason=receipt.reason,
            code=receipt.code,
        )


def put_back(run: Run, rest: Sequence[InHand]) -> None:
    """Nothing was tried with these."""
    with run.database.transaction() as session:
        messages.put_back(session, rest)


def note_not_written(room: PostRoom, message: InHand, fault: Exception) -> None:
    """The fault's own words may quote what somebody typed: its class and place are enough."""
    room.log.error("message not written", message_id=str(message.message_id), **describe_fault(fault))
