"""Reminders: planned from what billing says is due, once each, and not sent to who has paid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ebok.billing.v1 import events_pb2 as billing_events
from ebok.common.v1 import money_pb2
from ebok.notify.v1 import reminders_pb2 as pb
from ebok.notify.v1 import templates_pb2
from ebok.notify.v1.reminders_pb2_grpc import ReminderServiceStub
from sqlalchemy import select

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.money import Money
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.__main__ import part as billing
from services.billing.domain import ledger
from services.notify.__main__ import part
from services.notify.storage.contacts import find_contacts
from services.notify.storage.messages import Channel, Message, MessageStatus
from services.notify.storage.preferences import keep_choices
from tests.billing.bills import Runs, house, prices
from tests.billing.given import Given as GivenBilling
from tests.notify.conftest import Given

READINGS = {"2025-10-31": "806", "2025-12-31": "818"}
ISSUED = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)  # The invoices are due on 30 March.


class Town:
    """Anna and Celina with an invoice each, due on 30 March; notify knows both; Edward sets rules."""

    def __init__(self, serving: Any, edward: Any, clock: Any, mailbox: Any, keys_dir: Any) -> None:
        clock.set(ISSUED)
        self.clock = clock
        self.billing = serving(billing)
        self.notify = serving(
            part, peers={"billing": self.billing.address}, smtp_url=mailbox.smtp_url, quiet_hours=""
        )
        self.rules = self.notify.stub(ReminderServiceStub, edward)
        self.mailbox = mailbox
        given = GivenBilling(self.billing.database, clock)
        given.settings()
        prices(given)
        for name, customer_id in (("Anna Żółć", ANNA_CUSTOMER), ("Celina Lipowska", CELINA_CUSTOMER)):
            house(given, READINGS, name=name, customer_id=customer_id)
        runs = Runs(self.billing, edward)
        runs.bill("2025-11-01", "2025-12-31")
        told = Given(self.notify, keys_dir)
        told.settings()
        told.customer(phone="+48600100200")
        told.customer(customer_id=str(CELINA_CUSTOMER), email="celina@poczta.example", name="Celina")

    def set(self, rule: str, **changes: Any) -> pb.Reminder:
        [found] = [
            one for one in self.rules.ListReminders(pb.ListRemindersRequest()).reminders if one.rule == rule
        ]
        wanted = pb.Reminder()
        wanted.CopyFrom(found)
        wanted.is_on = True
        if "channels" in changes:
            del wanted.channels[:]
        wanted.MergeFrom(pb.Reminder(**changes))
        return self.rules.SaveReminder(pb.SaveReminderRequest(reminder=wanted)).reminder

    def day(self, month: int, day: int) -> None:
        """It is noon of this day, and the jobs have run, twice."""
        self.clock.set(datetime(2026, month, day, 10, 0, tzinfo=UTC))
        for _ in range(2):
            assert self.notify.run_job("reminders.plan")
            assert self.notify.run_job("messages.send")
            assert self.notify.run_job("sms.send")

    def pay(self, customer_id: Any, grosze: int) -> None:
        payment = ledger.Payment(customer_id, f"w-{grosze}", Money(grosze), booked_on=self.clock.now().date())
        with self.billing.database.transaction() as session:
            ledger.post_payments(session, [payment], now=self.clock.now())

    def mails(self, to: str = "") -> list[str]:
        return [mail.subject for mail in self.mailbox.mails.find(to=to, limit=100)[::-1]]


@pytest.fixture
def town(serving, as_edward, clock, mailbox, keys_dir) -> Town:
    return Town(serving, as_edward, clock, mailbox, keys_dir)


@pytest.fixture
def rows(town):
    def read():
        with town.notify.database.reading() as session:
            return list(session.scalars(select(Message).order_by(Message.message_id)))

    return read


def test_rules_are_off_until_somebody_switches_them_on(town, rows):
    for month, day in ((3, 27), (3, 30), (4, 6), (4, 13)):
        town.day(month, day)
    assert rows() == []


def test_forty_days_go_by_and_each_reminder_goes_once_and_not_to_who_paid(town, rows):
    for rule in ("payment_due", "payment_overdue_1", "payment_overdue_2", "payment_overdue_3"):
        town.set(rule, notes={"pl": "Zadzwoń w sprawie rat."})
    day = town.clock.now()
    for _ in range(50):
        day += timedelta(days=1)
        if (day.month, day.day) == (4, 1):
            town.pay(CELINA_CUSTOMER, 243_78)
        if (day.month, day.day) == (4, 10):
            town.pay(ANNA_CUSTOMER, 43_78)
        town.day(day.month, day.day)

    assert town.mails("celina@poczta.example") == ["Przypominamy: 243,78 zł do 30 marca"]
    assert [subject.split(",")[0] for subject in town.mails("anna@poczta.example")] == [
        "Przypominamy: 243",
        "Minął termin płatności: 243",
        "Drugie przypomnienie: 200",
        "Ostatnie przypomnienie: 200",
    ]
    assert {row.status for row in rows()} == {MessageStatus.SENT}
    [last] = town.mailbox.mails.find(to="anna@poczta.example", limit=1)
    text = " ".join(last.text().replace("\u00a0", " ").split())
    for words in ("200,00 zł", "Zadzwoń w sprawie rat.", "30 dni"):
        assert words in text


def test_who_pays_between_planning_and_sending_gets_nothing_and_it_says_why(town, rows):
    town.set("payment_overdue_1")
    town.clock.set(datetime(2026, 4, 6, 10, 0, tzinfo=UTC))
    assert town.notify.run_job("reminders.plan")
    town.pay(ANNA_CUSTOMER, 243_78)
    assert town.notify.run_job("messages.send")

    by_customer = {row.customer_id: row for row in rows()}
    anna = by_customer[ANNA_CUSTOMER]
    assert (anna.status, anna.reason) == (MessageStatus.SUPPRESSED, "PAID_MEANWHILE")
    assert by_customer[CELINA_CUSTOMER].status is MessageStatus.SENT
    assert town.mails("anna@poczta.example") == []


def test_while_billing_is_away_reminders_wait(town, rows):
    town.set("payment_overdue_1")
    town.clock.set(datetime(2026, 4, 6, 10, 0, tzinfo=UTC))
    assert town.notify.run_job("reminders.plan")
    town.billing.server.drain(0)
    assert town.notify.run_job("messages.send")
    assert {(row.status, row.attempts) for row in rows()} == {(MessageStatus.PLANNED, 0)}
    assert town.mails() == []


def test_many_days_at_once_bring_only_the_last_of_the_reminders(town, rows):
    for rule in ("payment_due", "payment_overdue_1", "payment_overdue_2", "payment_overdue_3"):
        town.set(rule)
    town.day(4, 25)
    assert {row.rule.value for row in rows()} == {"payment_overdue_2"}
    town.day(4, 29)
    assert sorted({row.rule.value for row in rows()}) == ["payment_overdue_2", "payment_overdue_3"]


def test_what_was_long_past_when_the_rule_was_switched_on_is_left_alone(town, rows):
    town.day(4, 20)
    town.set("payment_overdue_1")
    town.day(4, 21)
    assert rows() == []


def test_small_rests_are_not_worth_a_reminder(town, rows):
    town.set("payment_overdue_1", least_amount=money_pb2.Money(grosze=10_00))
    town.pay(ANNA_CUSTOMER, 240_00)
    town.day(4, 6)
    assert [row.customer_id for row in rows()] == [CELINA_CUSTOMER]


def test_customers_get_of_both_channels_what_they_want(town, rows):
    with town.notify.database.transaction() as session:
        keep_choices(session, CELINA_CUSTOMER, {("before_due", Channel.EMAIL): False}, now=town.clock.now())
    town.set("payment_due", channels=["email", "sms"])
    town.day(3, 27)
    found = {(row.customer_id, row.channel.value): (row.status.value, row.reason) for row in rows()}
    assert found == {
        (ANNA_CUSTOMER, "email"): ("SENT", ""),
        (ANNA_CUSTOMER, "sms"): ("SUPPRESSED", "CHANNEL_OFF"),
        (CELINA_CUSTOMER, "email"): ("SUPPRESSED", "NOT_WANTED"),
        (CELINA_CUSTOMER, "sms"): ("SUPPRESSED", "NO_PHONE"),
    }


def test_before_the_office_opens_nothing_is_planned(town, rows):
    town.set("payment_due")
    town.clock.set(datetime(2026, 3, 27, 5, 0, tzinfo=UTC))
    assert town.notify.run_job("reminders.plan")
    assert rows() == []


# the rules


@pytest.mark.repeats("ReminderService/SaveReminder")
def test_saving_the_same_twice_changes_nothing(town):
    first = town.set("payment_due", days=2)
    again = town.rules.SaveReminder(pb.SaveReminderRequest(reminder=first)).reminder
    assert again == first
    assert (first.version, first.changed_by, first.is_on) == (1, "Edward", True)


def test_who_was_slower_is_told(town):
    first = town.set("payment_due", days=5)
    first.version = 0
    first.days = 6
    with pytest.raises(Conflict) as refusal:
        town.rules.SaveReminder(pb.SaveReminderRequest(reminder=first))
    assert refusal.value.reason == "REMINDER_CHANGED"


@pytest.mark.parametrize(
    ("rule", "changes", "field", "reason"),
    [
        ("payment_due", {"days": 91}, "days", "OUT_OF_RANGE"),
        ("payment_due", {"channels": []}, "channels", "REQUIRED"),
        ("payment_due", {"channels": ["pigeon"]}, "channels", "NOT_A_CHOICE"),
        ("payment_due", {"notes": {"de": "Hallo"}}, "notes[de]", "NOT_A_CHOICE"),
        ("payment_due", {"notes": {"pl": "x" * 301}}, "notes[pl]", "TOO_LONG"),
        ("payment_overdue_2", {"days": 7}, "days", "OUT_OF_ORDER"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_at_its_field(town, rule, changes, field, reason):
    town.set("payment_overdue_1")
    with pytest.raises(Invalid) as refusal:
        town.set(rule, **changes)
    assert [(one.field, one.reason) for one in refusal.value.violations] == [(field, reason)]


# the provider's own words

OWN = templates_pb2.Text(
    language="pl",
    subject="Faktura {{ invoice.number }} czeka",
    email="Dzień dobry {{ customer.name }},\n\nczekamy na {{ invoice.amount }}.{% if invoice.days_late %} Minęło dni: "
    "{{ invoice.days_late }}.{% endif %}",
    sms="{{ provider.name }}: {{ invoice.amount }} do {{ invoice.due_on }}",
)


def test_a_reminder_speaks_in_own_words_and_ours_stand_in_for_a_language_without(town, keys_dir):
    told = Given(town.notify, keys_dir)
    told.customer(customer_id=str(CELINA_CUSTOMER), email="celina@poczta.example", version=2, language="en")
    town.set("payment_overdue_1", texts=[OWN])
    town.day(4, 6)
    [annas] = town.mailbox.mails.find(to="anna@poczta.example", limit=5)
    assert annas.subject.startswith("Faktura ")
    text = " ".join(annas.text().replace("\u00a0", " ").split())
    for words in (
        "Dzień dobry Anna",
        "czekamy na 243,78 zł. Minęło dni: 7.",
        "Do zapłaty: 243,78 zł",
        "Klient",
    ):
        assert words in text, words
    assert "<p" in annas.html()
    assert "czekamy na" in annas.html()
    [celinas] = town.mailbox.mails.find(to="celina@poczta.example", limit=5)
    assert "czekamy" not in celinas.text()
    assert celinas.subject.startswith("Payment overdue") or "243" in celinas.subject


@pytest.mark.repeats("ReminderService/SaveReminder")
def test_a_change_of_words_holds_for_what_has_not_left(town):
    town.set("payment_overdue_1", texts=[OWN])
    town.clock.set(datetime(2026, 4, 6, 10, 0, tzinfo=UTC))
    assert town.notify.run_job("reminders.plan")
    later = templates_pb2.Text()
    later.CopyFrom(OWN)
    later.subject = "Inaczej: {{ invoice.number }}"
    [found] = [
        one
        for one in town.rules.ListReminders(pb.ListRemindersRequest()).reminders
        if one.rule == "payment_overdue_1"
    ]
    del found.texts[:]
    found.texts.append(later)
    for _ in range(2):
        saved = town.rules.SaveReminder(pb.SaveReminderRequest(reminder=found)).reminder
    assert saved.version == 2
    assert town.notify.run_job("messages.send")
    assert all(subject.startswith("Inaczej: ") for subject in town.mails())


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ({"subject": "s", "email": "{% for x in y %}{% endfor %}"}, "email", "TEMPLATE_LOOP"),
        ({"subject": "{{ invoice.__class__ }}", "email": "e"}, "subject", "TEMPLATE_ATTRIBUTE"),
        ({"subject": "{{ customer.name.__class__ }}", "email": "e"}, "subject", "TEMPLATE_ATTRIBUTE"),
        ({"subject": "s", "email": "{{ customer.overdue }}"}, "email", "TEMPLATE_UNKNOWN_NAME"),
        ({"sms": "{{ invoice.number() }}"}, "sms", "TEMPLATE_CALL"),
        ({"email": "e"}, "subject", "REQUIRED"),
        ({"subject": "s"}, "email", "REQUIRED"),
        ({"portal_title": "t", "portal": "p"}, "portal_title", "NOT_A_CHOICE"),
    ],
)
def test_words_that_cannot_be_are_refused_where_they_stand(town, text, field, reason):
    with pytest.raises(Invalid) as refusal:
        town.set("payment_due", texts=[templates_pb2.Text(language="pl", **text)])
    found = refusal.value.violations[0]
    assert (found.field, found.reason) == (f"reminder.texts[pl].{field}", reason)


def look(town, **asked):
    return town.rules.PreviewReminder(pb.PreviewReminderRequest(rule="payment_overdue_1", **asked))


def test_a_preview_is_made_of_an_invoice_that_is_open_now(town):
    town.set("payment_overdue_1", texts=[OWN])
    with pytest.raises(FailedPrecondition) as refusal:
        look(town)
    assert refusal.value.reason == "NOTHING_DUE", "nothing is past its day yet"
    town.clock.set(datetime(2026, 4, 6, 10, 0, tzinfo=UTC))
    shown = [look(town, position=position) for position in range(2)]
    assert {one.count for one in shown} == {2}
    assert {one.customer_name for one in shown} == {"Anna Żółć", "Celina"} or len(
        {one.customer_name for one in shown}
    ) == 2
    assert shown[0].subject == f"Faktura {shown[0].invoice_number} czeka"
    assert "czekamy na" in shown[0].text
    sms = look(town, channel="sms", language="pl")
    assert "243,78" in sms.text
    assert "Numer wiadomości" in sms.text
    assert sms.sms.parts >= 1
    english = look(town, language="en")
    assert "czekamy" not in english.text
    with pytest.raises(NotFound):
        town.rules.PreviewReminder(pb.PreviewReminderRequest(rule="invoice_issued"))


def test_there_is_no_fifth_rule(town):
    wanted = pb.Reminder(rule="invoice_issued", days=3, least_amount=money_pb2.Money(grosze=1))
    with pytest.raises(NotFound):
        town.rules.SaveReminder(pb.SaveReminderRequest(reminder=wanted))


def test_only_who_may_changes_rules(town, as_daria, as_anna, as_system):
    for who in (as_daria.allowed("notify.campaigns.read"), as_anna, as_system("gateway")):
        with pytest.raises(PermissionDenied):
            town.notify.stub(ReminderServiceStub, who).ListReminders(pb.ListRemindersRequest())


def test_the_event_of_a_customer_brings_the_telephone(town):
    town.notify.deliver(
        billing_events.CustomerChanged(customer_id=str(ANNA_CUSTOMER), version=5, phone="+48600100999")
    )
    with town.notify.database.reading() as session:
        assert find_contacts(session, [ANNA_CUSTOMER])[ANNA_CUSTOMER].phone == "+48600100999"
