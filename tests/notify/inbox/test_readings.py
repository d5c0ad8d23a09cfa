"""Reading windows and refused readings: one mail each, and none that comes too late."""

from datetime import timedelta

import pytest

from chassis.ids import new_id
from services.notify.storage.messages import MessageStatus, Rule
from tests.notify.conftest import ANNA, PORTAL


def facts_are_in(mail, *facts):
    for twin in (mail.text(), mail.html()):
        for fact in facts:
            assert fact in twin.replace("\u00a0", " "), fact


def test_an_open_window_is_told_with_its_days_meters_and_link(given, send, mails):
    given.customer(e_invoice=False)
    given.window()

    send()

    [mail] = mails()
    assert mail.recipients == (ANNA,)
    assert mail.subject == "Czas na odczyt licznika, do 25 marca"
    facts_are_in(
        mail, "25 marca", "16 marca – 25 marca 2026", "woda", "ul. Lipowa 4/2, Zdrój", f"{PORTAL}/odczyt"
    )


def test_a_missing_reading_is_told_and_says_what_follows(given, send, mails):
    given.customer(language="en")
    given.missing()

    send()

    [mail] = mails()
    assert mail.subject == "A reading is missing, we wait until 25 March"
    facts_are_in(mail, "Without a reading we bill by an estimate.", "water")


def test_a_refused_reading_is_told_with_the_clerks_words(given, send, mails):
    given.customer()
    given.rejected()

    send()

    [mail] = mails()
    assert mail.subject == "Nie przyjęliśmy odczytu 450 m³"
    facts_are_in(mail, "450 m³", "15 marca 2026", "88 104 627", "Cyfra za dużo", f"{PORTAL}/odczyt")


def test_each_is_told_once_whatever_is_told_again(served, given, send, mails, rows):
    given.customer()
    for event in (given.window(), given.missing(), given.rejected()):
        served.deliver(event)
    send()
    given.window(meter_count=3)
    send()

    assert len(mails()) == 3
    assert {row.rule for row in rows()} == {
        Rule.READING_WINDOW_OPENED,
        Rule.READING_MISSING,
        Rule.READING_REJECTED,
    }
    given.window(window_id=str(new_id()))
    send()
    assert len(mails()) == 4


def test_what_comes_after_the_last_day_is_held_back(given, send, mails, rows, clock):
    given.customer()
    given.window()
    given.missing()
    clock.advance(timedelta(days=10))

    send()

    assert mails() == []
    assert {(row.status, row.reason) for row in rows()} == {(MessageStatus.SUPPRESSED, "EXPIRED")}


def test_a_commodity_that_is_not_known_yet_breaks_no_mail(given, send, mails):
    given.customer()
    given.window(commodity=99)

    send()

    [mail] = mails()
    assert "Medium" not in mail.text()


@pytest.mark.parametrize("changes", [{"customer_id": "anna"}, {"closes_on": None}, {"window_id": ""}])
def test_a_malformed_event_is_refused_and_leaves_nothing(given, rows, changes):
    with pytest.raises(Exception, match="INVALID_INPUT"):
        given.window(**changes)

    assert rows() == []
