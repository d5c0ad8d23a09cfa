"""What identity says of delegates becomes mails: to the invited, to who invited, to who was sent away."""

from datetime import date, timedelta
from typing import Any

import pytest
from ebok.identity.v1 import events_pb2, grants_pb2

from chassis import wire
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, BARTEK_USER, CELINA_CUSTOMER
from tests.notify.conftest import ANNA, OF_ANNA, PORTAL, TOKEN

BARTEK = "bartek@poczta.example"


@pytest.fixture
def told(served, given):
    """Events as identity announces them."""
    customer: dict[str, Any] = {"customer_id": str(ANNA_CUSTOMER), "customer_name": "Anna Nowak"}
    day = wire.pack_date(date(2026, 12, 31))

    class Told:
        def invited(self, **values):
            event = events_pb2.DelegateInvited(
                **{
                    "invitation_id": str(new_id()),
                    "email": BARTEK,
                    "language": "pl",
                    "inviter_name": "Anna",
                    "scope": grants_pb2.SCOPE_PAY,
                    "ends_on": day,
                    "sealed_token": given.sealed(TOKEN),
                    "expires_at": wire.pack_instant(served.clock.now() + timedelta(days=14)),
                    **customer,
                    **values,
                }
            )
            served.deliver(event)
            return event

        def given(self):
            served.deliver(
                events_pb2.GrantGiven(
                    grant_id=str(new_id()),
                    user_id=str(BARTEK_USER),
                    scope=grants_pb2.SCOPE_VIEW,
                    user_name="Bartek",
                    user_email=BARTEK,
                    ends_on=day,
                    inviter=grants_pb2.Addressee(**OF_ANNA),
                    **customer,
                )
            )

        def proven(self, *others, **values):
            event = events_pb2.GrantGiven(
                **{
                    "grant_id": str(new_id()),
                    "user_id": str(BARTEK_USER),
                    "scope": grants_pb2.SCOPE_MANAGE,
                    "user_name": "Bartek http://zlo.example/x",
                    "user_email": BARTEK,
                    "other_holders": others,
                    "given_at": wire.pack_instant(served.clock.now()),
                    **customer,
                    **values,
                }
            )
            served.deliver(event)
            return event

        def contact(self, *holders, **values):
            event = events_pb2.ContactChangePassedOn(
                **{
                    "change_id": str(new_id()),
                    "old_email": "dom@poczta.example",
                    "new_email": BARTEK,
                    "changed_at": wire.pack_instant(served.clock.now()),
                    "holders": holders,
                    **customer,
                    **values,
                }
            )
            served.deliver(event)
            return event

        def revoked(self, ended_by):
            bartek = grants_pb2.Addressee(
                user_id=str(BARTEK_USER), email=BARTEK, name="Bartek", language="pl"
            )
            served.deliver(
                events_pb2.GrantRevoked(grant_id=str(new_id()), holder=bartek, ended_by=ended_by, **customer)
            )

    return Told()


def test_the_invited_get_the_link_with_scope_and_day(told, send, mails):
    told.invited()
    send()
    [mail] = mails(to=BARTEK)
    assert f"{PORTAL}/zaproszenie?token={TOKEN}" in mail.text()
    text = " ".join(mail.text().replace("\u00a0", " ").split())
    for words in ("Anna", "Anna Nowak", "31 grudnia 2026", "zapłacisz"):
        assert words in text, words


def test_no_address_of_a_page_hides_in_the_name_of_who_invites(told, send, mails):
    told.invited(inviter_name="Wygrałeś! http://zlo.example/x")
    send()
    [mail] = mails(to=BARTEK)
    for hidden in ("http://zlo", "zlo.example"):
        assert hidden not in mail.text() + mail.html() + mail.subject


def test_a_link_that_has_died_is_not_mailed(told, send, mails, clock):
    told.invited()
    clock.advance(timedelta(days=14))
    send()
    assert mails() == []


def test_who_invited_hears_that_it_was_accepted(told, given, send, mails):
    given.customer(email="dom@poczta.example")
    told.given()
    send()
    [mail] = mails()
    assert mail.recipients == (ANNA,)
    assert f"{PORTAL}/profil/pelnomocnicy" in mail.text()
    assert BARTEK in mail.text()


def test_of_a_proof_the_customer_hears_and_who_may_act_already_each_once(told, given, send, mails):
    given.customer(email="dom@poczta.example")
    given.customer(customer_id=str(CELINA_CUSTOMER), email="celina@poczta.example", name="Celina Lis")
    event = told.proven(grants_pb2.Addressee(**OF_ANNA))
    told.proven(grants_pb2.Addressee(**OF_ANNA), grant_id=event.grant_id)
    send()
    assert sorted(mail.recipients for mail in mails()) == [(ANNA,), ("dom@poczta.example",)]
    for mail in mails():
        text = " ".join(mail.text().replace("\u00a0", " ").split())
        for words in ("Bartek", "(b…@poczta.example)", "Anna Nowak", "16 marca 2026, 10:00", "75 000 00 00"):
            assert words in text, words
        for hidden in (BARTEK, "zlo.example"):
            assert hidden not in mail.text() + mail.html() + mail.subject


@pytest.mark.parametrize("known", [BARTEK, "Bartek@Poczta.example", "", None])
def test_of_the_first_proof_nobody_hears_where_the_address_is_the_claimers_or_unknown(
    told, given, send, mails, known
):
    if known is not None:
        given.customer(email=known)
    told.proven()
    send()
    assert mails() == []


def test_a_holder_at_the_customers_address_gets_one_mail(told, given, send, mails):
    given.customer(email=ANNA.upper())
    told.proven(grants_pb2.Addressee(**{**OF_ANNA, "language": "uk"}))
    send()
    [mail] = mails()
    assert (mail.recipients, "Новий доступ" in mail.subject) == ((ANNA,), True)


def test_the_mail_of_a_proof_goes_where_the_customer_was_reached_before(told, given, send, mails):
    given.customer(email="dom@poczta.example")
    told.proven()
    given.customer(email=BARTEK, version=2)
    send()
    [mail] = mails()
    assert mail.recipients == ("dom@poczta.example",)


@pytest.mark.parametrize(
    ("ended_by", "words"), [("owner", "odebrano Ci"), ("staff", "odebraliśmy"), ("holder", "zgodnie z Twoim")]
)
def test_who_was_sent_away_hears_by_whom(told, send, mails, ended_by, words):
    told.revoked(ended_by)
    send()
    [mail] = mails(to=BARTEK)
    assert words in " ".join(mail.text().replace("\u00a0", " ").split())


def test_of_another_contact_address_the_one_until_now_hears_and_who_may_manage_each_once(
    told, given, send, mails
):
    given.customer(email=BARTEK)
    event = told.contact(grants_pb2.Addressee(**OF_ANNA))
    told.contact(grants_pb2.Addressee(**OF_ANNA), change_id=event.change_id)
    send()
    assert sorted(mail.recipients for mail in mails()) == [(ANNA,), ("dom@poczta.example",)]
    for mail in mails():
        text = " ".join(mail.text().replace("\u00a0", " ").split())
        for words in (
            "był d…@poczta.example",
            "teraz jest b…@poczta.example",
            "Anna Nowak",
            f"{PORTAL}/profil",
        ):
            assert words in text, words
        for hidden in (BARTEK, "dom@poczta.example"):
            assert hidden not in mail.text() + mail.html() + mail.subject


def test_a_contact_address_of_who_may_manage_gets_one_mail_and_one_taken_away_is_said(
    told, given, send, mails
):
    given.customer(email="")
    told.contact(grants_pb2.Addressee(**OF_ANNA), old_email=ANNA.title(), new_email="")
    send()
    [mail] = mails()
    assert "teraz nie ma żadnego" in " ".join(mail.text().replace("\u00a0", " ").split())


def test_where_there_was_no_contact_address_and_nobody_manages_nobody_hears(told, given, send, mails):
    given.customer(email=BARTEK)
    told.contact(old_email="")
    send()
    assert mails() == []
