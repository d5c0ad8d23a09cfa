"""Front door for rules of reminders: unpack, change, pack."""

from collections.abc import Mapping
from datetime import date

from ebok.notify.v1 import reminders_pb2 as pb
from ebok.notify.v1 import reminders_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.errors import FailedPrecondition, Violation, refuse_if
from chassis.rpc.server import Context
from services.notify.api.lengths import pack_length
from services.notify.api.texts import check_subjects, pack_texts, unpack_texts
from services.notify.clients.billing import Dues
from services.notify.config import NotifyConfig
from services.notify.documents import reminders as written
from services.notify.documents.messages import choose_language, render_letter, render_sms
from services.notify.documents.sandbox import OF_REMINDER
from services.notify.domain import reminders
from services.notify.domain.campaigns import SettingsMissing
from services.notify.domain.reminders import DueInvoice, ReminderNotFound, Wish
from services.notify.storage.contacts import Contact, find_contacts
from services.notify.storage.messages import Channel, Message
from services.notify.storage.reminders import Reminder
from services.notify.storage.settings import ProviderSettings, get_settings

SHOWN_MAX = 5
TEXTS = "reminder.texts"


class NothingDue(FailedPrecondition):
    """No invoice is open that the rule could speak of."""

    reason = "NOTHING_DUE"


class ReminderService(rpc.ReminderServiceServicer):
    """Which customers are reminded when, and in which words."""

    def __init__(self, database: Database, clock: Clock, config: NotifyConfig, dues: Dues) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._dues = dues

    def ListReminders(self, request: pb.ListRemindersRequest, context: Context) -> pb.ListRemindersResponse:
        """All rules."""
        with self._database.reading() as session:
            rules = reminders.rules_of(session)
        return pb.ListRemindersResponse(
            reminders=[_pack(rule) for rule in rules], has_sms=self._config.has_sms
        )

    def SaveReminder(self, request: pb.SaveReminderRequest, context: Context) -> pb.SaveReminderResponse:
        """Keep one."""
        wanted = request.reminder
        texts = unpack_texts(wanted.texts, field=TEXTS, names=OF_REMINDER)
        refuse_if([*check_subjects(texts, field=TEXTS), *_check_parts(texts)])
        wish = Wish(
            rule=wanted.rule,
            is_on=wanted.is_on,
            days=wanted.days,
            channels=list(wanted.channels),
            least=wire.unpack_money(wanted.least_amount, field="reminder.least_amount"),
            notes=dict(wanted.notes),
            version=wanted.version,
            texts=texts,
        )
        with self._database.transaction() as session:
            rule = reminders.change(session, wish, by=context.actor, now=self._clock.now())
            return pb.SaveReminderResponse(reminder=_pack(rule))

    def PreviewReminder(
        self, request: pb.PreviewReminderRequest, context: Context
    ) -> pb.PreviewReminderResponse:
        """What the customer of an invoice that is open now would read."""
        today = warsaw_date(self._clock.now())
        with self._database.reading() as session:
            rule = next((one for one in reminders.rules_of(session) if one.rule == request.rule), None)
            settings = get_settings(session)
        if rule is None:
            raise ReminderNotFound(rule=request.rule)
        if settings is None:
            raise SettingsMissing
        found = self._due(rule, today=today)
        if not found:
            raise NothingDue
        invoice = found[min(request.position, len(found) - 1)]
        acts.name_subject(wire.pack_id(invoice.invoice_id), customer_id=wire.pack_id(invoice.customer_id))
        with self._database.reading() as session:
            contact = find_contacts(session, [invoice.customer_id]).get(invoice.customer_id)
        message = _message(rule, invoice, contact, language=request.language, today=today)
        message.expires_at = self._clock.now()
        answer = pb.PreviewReminderResponse(
            customer_name=message.name, invoice_number=invoice.number, count=len(found)
        )
        self._write(answer, message, rule, settings, is_sms=request.channel == Channel.SMS.value)
        return answer

    def _due(self, rule: Reminder, *, today: date) -> list[DueInvoice]:
        """The first open invoices that a rule can speak of."""
        found: list[DueInvoice] = []
        for piece in self._dues.stream(*reminders.days_to_look_at(rule.rule, today=today)):
            found += piece
            if len(found) >= SHOWN_MAX:
                break
        return found[:SHOWN_MAX]

    def _write(
        self,
        answer: pb.PreviewReminderResponse,
        message: Message,
        rule: Reminder,
        settings: ProviderSettings,
        *,
        is_sms: bool,
    ) -> None:
        answer.language = choose_language(message.language, settings.languages)
        if is_sms:
            own = written.write_sms(message, rule.texts, settings, answer.language)
            answer.text = own or render_sms(message, settings)
            answer.sms.CopyFrom(pack_length(answer.text, normalize=self._config.smsapi_normalize))
        else:
            mail = written.write_mail(message, rule.texts, settings, answer.language)
            letter = render_letter(message, settings, written=mail)
            answer.subject, answer.text = letter.subject, letter.text


def _message(
    rule: Reminder, invoice: DueInvoice, contact: Contact | None, *, language: str, today: date
) -> Message:
    """A reminder as it would be sent today; it is kept nowhere."""
    facts = reminders.facts_of(invoice, rule)
    known = {
        "customer_number": contact.number if contact is not None else "",
        "premises_label": contact.premises_label if contact is not None else "",
        "as_of": today.isoformat(),
    }
    return Message(
        message_id=invoice.invoice_id,  # Any will do, the same at each look.
        rule=rule.rule,
        language=language or (contact.language if contact is not None else ""),
        name=contact.name if contact is not None else "",
        facts={**facts, **known},
    )


def _check_parts(texts: Mapping[str, Mapping[str, str]]) -> list[Violation]:
    """NOT_A_CHOICE for the portal, which says nothing of reminders; REQUIRED for a subject that nothing follows."""
    faults = [
        Violation(f"{TEXTS}[{language}].{part}", "NOT_A_CHOICE")
        for language, parts in texts.items()
        for part in parts
        if part not in written.PARTS
    ]
    return faults + [
        Violation(f"{TEXTS}[{language}].email", "REQUIRED")
        for language, parts in texts.items()
        if parts.get("subject") and not parts.get("email")
    ]


def _pack(rule: Reminder) -> pb.Reminder:
    return pb.Reminder(
        rule=rule.rule.value,
        is_on=rule.is_on,
        days=rule.days,
        channels=rule.channels,
        least_amount=wire.pack_money(rule.least),
        notes=rule.notes,
        version=rule.version,
        planned_through=wire.pack_optional_date(rule.planned_through),
        changed_by=rule.changed_by,
        changed_at=wire.pack_optional_instant(rule.changed_at),
        texts=pack_texts(rule.texts),
    )
