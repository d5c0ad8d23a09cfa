"""What customers choose to be told, what cannot be switched, and that marketing needs a yes."""

import email
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.identity.v1 import consents_pb2
from ebok.identity.v1 import events_pb2 as identity_events
from ebok.notify.v1 import preferences_pb2 as pb
from ebok.notify.v1.events_pb2 import OffersRefused
from ebok.notify.v1.preferences_pb2_grpc import PreferenceServiceStub

from chassis import wire
from chassis.errors import Invalid, PermissionDenied
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.notify.documents.mails import encode_letter, render_mail, sender_of
from services.notify.documents.messages import render_letter
from services.notify.domain.preferences import MANNERS, MARKETING_FACT, Topic, may_send, topic_of
from services.notify.domain.references import key_of, short_token_of, token_of
from services.notify.storage.messages import Channel, Message, MessageStatus, Rule
from services.notify.storage.settings import get_settings

FREE, ALWAYS, BY_E_INVOICE, BY_CONSENT = (
    pb.PREFERENCE_KIND_FREE,
    pb.PREFERENCE_KIND_ALWAYS,
    pb.PREFERENCE_KIND_BY_E_INVOICE,
    pb.PREFERENCE_KIND_BY_CONSENT,
)
CONSENTS = {
    "email": consents_pb2.CONSENT_KIND_MARKETING_EMAIL,
    "sms": consents_pb2.CONSENT_KIND_MARKETING_SMS,
    "phone": consents_pb2.CONSENT_KIND_MARKETING_PHONE,
}


@pytest.fixture
def anna(served, as_anna) -> Any:
    return served.stub(PreferenceServiceStub, as_anna)


def agree(served, channel, is_given, version=1):
    """What identity says of Anna's consent to offers."""
    event = identity_events.ConsentChanged(
        customer_id=str(ANNA_CUSTOMER),
        kind=CONSENTS[channel],
        is_given=is_given,
        version=version,
        said_at=wire.pack_instant(served.clock.now()),
    )
    return served.deliver(event)


def table(answer) -> dict[tuple[str, str], tuple[bool, int]]:
    return {(one.topic, one.channel): (one.is_on, one.kind) for one in answer.preferences}


def asked(stub, customer_id=ANNA_CUSTOMER):
    return stub.GetPreferences(pb.GetPreferencesRequest(customer_id=str(customer_id)))


def choose(stub, *choices, customer_id=ANNA_CUSTOMER):
    wanted = [pb.Preference(topic=topic, channel=channel, is_on=is_on) for topic, channel, is_on in choices]
    return stub.SavePreferences(pb.SavePreferencesRequest(customer_id=str(customer_id), choices=wanted))


def test_before_a_choice_the_defaults_hold_and_what_is_fixed_says_so(anna, given):
    given.customer(phone="+48600100200")
    answer = asked(anna)
    rows = table(answer)
    assert len(rows) == len(MANNERS) * 2
    assert rows["invoices", "email"] == (True, BY_E_INVOICE)
    assert rows["overdue", "email"] == (True, ALWAYS)
    assert rows["readings", "email"] == (True, FREE)
    assert rows["readings", "sms"] == (False, FREE)
    assert rows["marketing", "email"] == rows["marketing", "sms"] == (False, BY_CONSENT)
    assert (answer.email_hint, answer.phone_hint, answer.has_sms) == ("a…@poczta.example", "… 200", False)
    given.customer(e_invoice=False, version=2)
    assert table(asked(anna))["invoices", "email"] == (False, BY_E_INVOICE)


@pytest.mark.repeats("PreferenceService/SavePreferences")
def test_a_choice_is_kept_and_the_same_again_changes_nothing(anna, given, clock):
    given.customer()
    first = choose(anna, ("readings", "email", False), ("readings", "sms", True))
    clock.advance(timedelta(days=1))
    again = choose(anna, ("readings", "email", False), ("readings", "sms", True))
    assert list(again.preferences) == list(first.preferences), "not even the moment"
    rows = table(again)
    assert rows["readings", "email"] == (False, FREE)
    assert rows["readings", "sms"] == (True, FREE)
    assert rows["payments", "email"] == (True, FREE)


def test_what_has_to_be_said_cannot_be_switched_and_what_is_not_there_not_either(anna, given):
    given.customer()
    for choice, reason in (
        (("overdue", "email", False), "FIXED"),
        (("invoices", "email", False), "FIXED"),
        (("marketing", "email", True), "FIXED"),
        (("weather", "email", True), "NOT_A_CHOICE"),
        (("news", "pigeon", True), "NOT_A_CHOICE"),
    ):
        with pytest.raises(Invalid) as refusal:
            choose(anna, choice, ("news", "email", False))
        assert [one.reason for one in refusal.value.violations] == [reason]
    assert table(asked(anna))["news", "email"] == (True, FREE), "nothing of a refused form was kept"


def test_who_switched_readings_off_gets_no_mail_about_them(served, anna, given, send, mails, rows):
    given.customer()
    choose(anna, ("readings", "email", False))
    given.missing()
    given.invoice()
    send()
    assert [mail.subject.split(":")[0] for mail in mails()] == ["Nowa faktura"]
    assert [row.reason for row in rows()] == ["NOT_WANTED", ""]


def test_who_paid_for_somebody_hears_of_it_whatever_the_customer_wants(anna, given, send, mails):
    given.customer()
    choose(anna, ("payments", "email", False))
    given.payment()
    send()
    assert [mail.recipients for mail in mails()] == [("bartek@poczta.example",)]


def test_offers_follow_identitys_newest_word_in_whatever_order_they_come(served, anna, given):
    given.customer()
    for channel, is_given, version in (
        ("email", True, 3),
        ("email", False, 2),
        ("sms", True, 1),
        ("phone", True, 1),
    ):
        agree(served, channel, is_given, version)
    rows = table(asked(anna))
    assert rows["marketing", "email"] == rows["marketing", "sms"] == (True, BY_CONSENT)
    agree(served, "email", False, 4)
    assert table(asked(anna))["marketing", "email"] == (False, BY_CONSENT)


def test_no_marketing_goes_out_without_a_yes():
    assert topic_of(Rule.INVOICE_ISSUED, marketing=True) is Topic.MARKETING
    for channel in Channel:
        assert not may_send(Rule.CAMPAIGN, channel, {}, marketing=True)
        assert may_send(Rule.CAMPAIGN, channel, {})


def test_every_rule_is_of_a_topic_or_about_the_account():
    of_the_account = {rule.value for rule in Rule if topic_of(rule) is None}
    assert of_the_account == {
        "email_confirmation",
        "registration_repeated",
        "delegate_invited",
        "grant_given",
        "grant_revoked",
        "customer_claimed",
        "contact_changed",
        "password_reset",
        "password_changed",
        "new_device",
        "factor_changed",
        "email_change_link",
        "email_change_notice",
        "email_changed",
        "email_set_back",
    }


def test_a_stranger_neither_sees_nor_changes_it(served, given, as_celina, as_anna):
    given.customer()
    celina = served.stub(PreferenceServiceStub, as_celina)
    with pytest.raises(PermissionDenied):
        asked(celina)
    with pytest.raises(PermissionDenied):
        choose(celina, ("news", "email", False))
    assert asked(celina, CELINA_CUSTOMER).email_hint == ""


# the link of a marketing message


@pytest.fixture
def offer(served, given, database) -> Message:
    """A marketing message to Anna, by e-mail, and the token it carries."""
    given.customer()
    given.invoice()
    with database.transaction() as session:
        session.execute(sa.update(Message).values(facts=Message.facts.op("||")({MARKETING_FACT: True})))
    with database.reading() as session:
        found = session.scalars(sa.select(Message)).one()
    return found


def token(served, message) -> str:
    key = key_of(served.runtime.resources["room"].seal_key.private_bytes_raw())
    return token_of(message.message_id, key)


@pytest.mark.repeats("PreferenceService/Unsubscribe")
def test_the_link_of_an_offer_ends_offers_once_however_often_it_is_clicked(served, anna, offer, as_system):
    agree(served, "email", True)
    agree(served, "sms", True)
    gateway = served.stub(PreferenceServiceStub, as_system("gateway"))
    for _ in range(2):
        answer = gateway.Unsubscribe(pb.UnsubscribeRequest(token=token(served, offer)))
        assert answer.channel == "email"
    rows = table(asked(anna))
    assert rows["marketing", "email"] == (False, BY_CONSENT)
    assert rows["marketing", "sms"] == (True, BY_CONSENT), "the other channel was not meant"
    [told] = served.announced(OffersRefused)
    assert (told.customer_id, told.channel, told.message_id) == (
        str(ANNA_CUSTOMER),
        "email",
        str(offer.message_id),
    )
    agree(served, "email", True)
    assert table(asked(anna))["marketing", "email"] == (False, BY_CONSENT), "an old word comes late"


def test_a_forged_link_and_one_of_another_message_do_nothing(served, anna, offer, as_system, database):
    agree(served, "email", True)
    gateway = served.stub(PreferenceServiceStub, as_system("gateway"))
    good = token(served, offer)
    for bad in ("x", good[:-2] + "AA", "ą", good + good):
        with pytest.raises(Invalid) as refusal:
            gateway.Unsubscribe(pb.UnsubscribeRequest(token=bad))
        assert refusal.value.reason == "TOKEN_INVALID"
    with database.transaction() as session:
        session.execute(sa.update(Message).values(facts=Message.facts.op("-")(MARKETING_FACT)))
    with pytest.raises(Invalid):
        gateway.Unsubscribe(pb.UnsubscribeRequest(token=good))
    assert table(asked(anna))["marketing", "email"] == (True, BY_CONSENT)


def short_token(served, message) -> str:
    key = key_of(served.runtime.resources["room"].seal_key.private_bytes_raw())
    return short_token_of(message.message_id, key)


def test_the_short_link_of_a_text_message_ends_offers_by_text_message(
    served, anna, offer, as_system, database
):
    with database.transaction() as session:
        left = {"status": MessageStatus.SENT, "sent_at": served.clock.now()}
        session.execute(sa.update(Message).values(channel=Channel.SMS, **left))
    agree(served, "email", True)
    agree(served, "sms", True)
    gateway = served.stub(PreferenceServiceStub, as_system("gateway"))
    good = short_token(served, offer)
    assert len(good) == 16
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    for bad in (forged, "0" * 16, good[8:] + good[:8], "ą" * 16):
        with pytest.raises(Invalid) as refusal:
            gateway.Unsubscribe(pb.UnsubscribeRequest(token=bad))
        assert refusal.value.reason == "TOKEN_INVALID"
    assert table(asked(anna))["marketing", "sms"] == (True, BY_CONSENT)
    for _ in range(2):
        assert gateway.Unsubscribe(pb.UnsubscribeRequest(token=good.lower())).channel == "sms"
    rows = table(asked(anna))
    assert rows["marketing", "sms"] == (False, BY_CONSENT)
    assert rows["marketing", "email"] == (True, BY_CONSENT), "the other channel was not meant"


def test_a_marketing_mail_carries_the_link_and_others_do_not(served, offer, database):
    with database.reading() as session:
        settings = get_settings(session)
    assert settings is not None
    offer.address, offer.language = "anna@poczta.example", "pl"

    def written():
        letter = render_letter(offer, settings, unsubscribe="ABC")
        content = render_mail(encode_letter(letter), offer, sender_of(settings), now=served.clock.now())
        return email.message_from_bytes(content), letter

    mail, letter = written()
    portal = settings.portal_url
    assert mail["List-Unsubscribe"].strip() == f"<{portal}/webhooks/bez-ofert?t=ABC>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"{portal}/bez-ofert?t=ABC" in letter.text
    assert f"{portal}/bez-ofert?t=ABC" in letter.html
    offer.facts = {name: value for name, value in offer.facts.items() if name != MARKETING_FACT}
    mail, letter = written()
    assert mail["List-Unsubscribe"] is None
    assert "bez-ofert" not in letter.text + letter.html
