"""Front door for rules of reminders: unpack, change, pack."""

from ebok.notify.v1 import reminders_pb2 as pb
from ebok.notify.v1 import reminders_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.notify.domain import reminders
from services.notify.domain.reminders import Wish
from services.notify.storage.reminders import Reminder


class ReminderService(rpc.ReminderServiceServicer):
    """Which customers are reminded when. `has_sms`: text messages are sent here."""

    def __init__(self, database: Database, clock: Clock, *, has_sms: bool) -> None:
        self._database = database
        self._clock = clock
        self._has_sms = has_sms

    def ListReminders(self, request: pb.ListRemindersRequest, context: Context) -> pb.ListRemindersResponse:
        """All rules."""
        with self._database.reading() as session:
            rules = reminders.rules_of(session)
        return pb.ListRemindersResponse(reminders=[_pack(rule) for rule in rules], has_sms=self._has_sms)

    def SaveReminder(self, request: pb.SaveReminderRequest, context: Context) -> pb.SaveReminderResponse:
        """Keep one."""
        wanted = request.reminder
        wish = Wish(
            rule=wanted.rule,
            is_on=wanted.is_on,
            days=wanted.days,
            channels=list(wanted.channels),
            least=wire.unpack_money(wanted.least_amount, field="reminder.least_amount"),
            notes=dict(wanted.notes),
            version=wanted.version,
        )
        with self._database.transaction() as session:
            rule = reminders.change(session, wish, by=context.actor, now=self._clock.now())
            return pb.SaveReminderResponse(reminder=_pack(rule))


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
    )
