"""Consents: every yes and every no is kept, with its text, its way and its person; through the doors."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.identity.v1 import consents_pb2 as pb
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1.consents_pb2_grpc import ConsentServiceStub
from ebok.notify.v1.events_pb2 import OffersRefused

from chassis import wire
from chassis.errors import Conflict, Invalid, PermissionDenied
from chassis.ids import new_id
from chassis.testing import cast

ANNAS = str(cast.ANNA_CUSTOMER)
E_INVOICE, BY_EMAIL = pb.CONSENT_KIND_E_INVOICE, pb.CONSENT_KIND_MARKETING_EMAIL
BY_SMS, BY_PHONE = pb.CONSENT_KIND_MARKETING_SMS, pb.CONSENT_KIND_MARKETING_PHONE


@pytest.fixture
def anna(served, as_anna) -> Any:
    return served.stub(ConsentServiceStub, as_anna)


@pytest.fixture
def daria(served, as_daria) -> Any:
    return served.stub(ConsentServiceStub, as_daria)


def say(stub, *words, customer_id=ANNAS):
    choices = [
        pb.ConsentChoice(kind=kind, is_given=yes, text_version=version) for kind, yes, version in words
    ]
    return stub.SaveConsents(pb.SaveConsentsRequest(customer_id=customer_id, choices=choices))


def states(answer) -> dict[int, bool]:
    return {one.kind: one.is_given for one in answer.consents}


def asked(stub, customer_id=ANNAS):
    return stub.GetConsents(pb.GetConsentsRequest(customer_id=customer_id))


def history(stub, customer_id=ANNAS):
    request = pb.ListConsentChangesRequest(customer_id=customer_id)
    return [(one.kind, one.is_given, one.channel) for one in stub.ListConsentChanges(request).changes]


def record(stub, kind, yes, *, said_on=date(2026, 3, 16), channel=pb.CONSENT_CHANNEL_PAPER, **values):
    request = {
        "change_id": str(new_id()),
        "customer_id": ANNAS,
        "kind": kind,
        "is_given": yes,
        "channel": channel,
        "said_on": wire.pack_date(said_on),
    }
    return stub.RecordConsent(pb.RecordConsentRequest(**(request | values)))


def test_before_the_first_word_nothing_is_agreed_to_and_each_text_names_the_provider(anna, load_settings):
    load_settings()
    answer = asked(anna)
    assert states(answer) == dict.fromkeys((E_INVOICE, BY_EMAIL, BY_SMS, BY_PHONE), False)
    for one in answer.consents:
        assert not one.HasField("said_at")
        assert one.text_version == 1
        assert all("Wodociągi Zdrój" in one.texts[language] for language in ("pl", "en", "uk"))


@pytest.mark.repeats("ConsentService/SaveConsents")
def test_a_yes_is_kept_once_with_its_text_and_told_to_the_others(anna, served):
    for _ in range(2):
        answer = say(anna, (BY_EMAIL, True, 1), (BY_SMS, False, 1), (E_INVOICE, True, 1))
    assert states(answer) == {E_INVOICE: True, BY_EMAIL: True, BY_SMS: False, BY_PHONE: False}
    told = [(one.kind, one.is_given, one.version) for one in served.announced(events.ConsentChanged)]
    assert told == [(BY_EMAIL, True, 1), (E_INVOICE, True, 1)]
    say(anna, (BY_EMAIL, False, 1))
    assert history(anna) == [
        (BY_EMAIL, False, pb.CONSENT_CHANNEL_PORTAL),
        (E_INVOICE, True, pb.CONSENT_CHANNEL_PORTAL),
        (BY_EMAIL, True, pb.CONSENT_CHANNEL_PORTAL),
    ]
    assert served.announced(events.ConsentChanged)[-1].version == 2


def test_refusing_e_invoices_is_a_word_even_when_it_is_the_first(anna, served):
    say(anna, (E_INVOICE, False, 1))
    [told] = served.announced(events.ConsentChanged)
    assert (told.kind, told.is_given) == (E_INVOICE, False)


def test_a_yes_to_a_text_that_is_not_in_force_is_refused_and_a_no_is_not(anna, served, tmp_path):
    say(anna, (BY_EMAIL, True, 1))
    file = tmp_path / "texts.yaml"
    file.write_text("marketing_email: {pl: Inaczej, en: Otherwise, uk: Інакше}\n", encoding="utf-8")
    for _ in range(2):
        served.run_job("consents.publish", file=str(file))
    [now] = [one for one in asked(anna).consents if one.kind == BY_EMAIL]
    assert (now.text_version, now.texts["pl"], now.given_text_version, now.is_given) == (
        2,
        "Inaczej",
        1,
        True,
    )
    say(anna, (BY_EMAIL, False, 1))
    with pytest.raises(Invalid) as caught:
        say(anna, (BY_SMS, True, 1), (BY_EMAIL, True, 1))
    assert [(one.field, one.reason) for one in caught.value.violations] == [("choices[1]", "TEXT_CHANGED")]
    with pytest.raises(Invalid) as caught:
        say(anna, (BY_SMS, True, 1), (BY_SMS, False, 1))
    assert [(one.field, one.reason) for one in caught.value.violations] == [("choices[1]", "TWICE")]
    assert not states(asked(anna))[BY_SMS]


@pytest.mark.parametrize(
    "text",
    ["weather: {pl: a, en: b, uk: c}", "e_invoice: {pl: a}", "e_invoice: {pl: '', en: b, uk: c}", "[]"],
)
def test_a_file_of_texts_that_is_not_sound_changes_nothing(served, anna, tmp_path, text):
    file = tmp_path / "texts.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid):
        served.run_job("consents.publish", file=str(file))
    assert {one.text_version for one in asked(anna).consents} == {1}


@pytest.mark.repeats("ConsentService/RecordConsent")
def test_a_clerk_writes_down_what_was_said_on_paper(daria, anna, served):
    change_id = str(new_id())
    for _ in range(2):
        record(daria, BY_PHONE, True, said_on=date(2026, 3, 12), change_id=change_id, note="segregator 7")
    request = pb.ListConsentChangesRequest(customer_id=ANNAS)
    [staffs] = daria.ListConsentChanges(request).changes
    assert (staffs.actor_name, staffs.note, staffs.address) == ("Daria", "segregator 7", cast.ADDRESS)
    [annas] = anna.ListConsentChanges(request).changes
    assert (annas.actor_kind, annas.actor_name, annas.note, annas.address) == ("staff", "", "", "")
    assert wire.unpack_instant(annas.said_at) == datetime(2026, 3, 11, 23, 0, tzinfo=UTC)
    assert len(served.announced(events.ConsentChanged)) == 1


def test_what_a_clerk_cannot_have_heard_is_refused(daria, anna, clock):
    say(anna, (BY_EMAIL, True, 1))
    clock.advance(timedelta(days=2))
    for values, fault in (
        ({"said_on": date(2026, 3, 19)}, ("said_on", "OUT_OF_RANGE")),
        ({"said_on": date(2026, 3, 15)}, ("said_on", "OUT_OF_RANGE")),
        ({"channel": pb.CONSENT_CHANNEL_PORTAL}, ("channel", "NOT_A_CHOICE")),
    ):
        with pytest.raises(Invalid) as caught:
            record(daria, BY_EMAIL, False, **values)
        assert [(one.field, one.reason) for one in caught.value.violations] == [fault]
    record(daria, BY_EMAIL, False, said_on=date(2026, 3, 16))
    assert states(asked(anna))[BY_EMAIL] is False


def test_a_refusal_by_the_link_of_a_message_ends_the_consent_unless_it_was_given_later(anna, served, clock):
    say(anna, (BY_EMAIL, True, 1), (BY_SMS, True, 1))
    refused_at = clock.now() + timedelta(minutes=1)
    event = OffersRefused(
        message_id=str(new_id()),
        customer_id=ANNAS,
        channel="email",
        refused_at=wire.pack_instant(refused_at),
    )
    for _ in range(2):
        served.deliver(event)
    assert states(asked(anna))[BY_EMAIL] is False
    assert states(asked(anna))[BY_SMS] is True
    assert history(anna)[0] == (BY_EMAIL, False, pb.CONSENT_CHANNEL_LINK)
    clock.advance(timedelta(hours=1))
    say(anna, (BY_EMAIL, True, 1))
    served.deliver(
        OffersRefused(message_id="m", customer_id=ANNAS, channel="email", refused_at=event.refused_at)
    )
    assert states(asked(anna))[BY_EMAIL] is True


def test_of_two_words_at_once_the_history_keeps_one_after_the_other(anna, at_once, count):
    outcomes = at_once(*[lambda: say(anna, (BY_EMAIL, True, 1))] * 4)
    assert any(not isinstance(one, Exception) for one in outcomes)
    assert count("consents") == 1


def test_a_stranger_neither_sees_nor_says_anything(served, as_celina, as_anna):
    celina = served.stub(ConsentServiceStub, as_celina)
    for call in (
        lambda: asked(celina),
        lambda: history(celina),
        lambda: say(celina, (BY_EMAIL, True, 1)),
        lambda: record(celina, BY_EMAIL, True),
    ):
        with pytest.raises(PermissionDenied):
            call()
    viewer = served.stub(ConsentServiceStub, as_anna.allowed("identity.consents.read"))
    assert asked(viewer)
    with pytest.raises(PermissionDenied):
        say(viewer, (BY_EMAIL, True, 1))


@pytest.mark.parametrize(
    "change", ["UPDATE consents SET is_given = false", "DELETE FROM consents", "TRUNCATE consents"]
)
def test_nobody_changes_the_history(anna, database, change):
    say(anna, (BY_EMAIL, True, 1))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(sa.text(change))
    assert states(asked(anna))[BY_EMAIL] is True


def test_the_id_of_another_word_is_refused(daria, anna):
    change_id = str(new_id())
    record(daria, BY_PHONE, True, change_id=change_id)
    celinas = str(cast.CELINA_CUSTOMER)
    for other in ({"customer_id": celinas}, {"kind": BY_SMS}, {"yes": False}):
        values = {"kind": BY_PHONE, "yes": True, "change_id": change_id, **other}
        with pytest.raises(Conflict, match="CONSENT_EXISTS"):
            record(daria, **values)
    assert states(asked(anna))[BY_PHONE]
    assert history(daria, celinas) == []
    assert len(history(daria)) == 1
