"""What identity says about users becomes a mail, once."""

from datetime import timedelta

import pytest

from chassis.ids import new_id
from services.notify.storage.messages import MessageStatus, Rule
from tests.notify.conftest import ANNA, PORTAL, TOKEN


@pytest.mark.parametrize(
    ("tell", "rule", "link"),
    [
        ("confirmation", Rule.EMAIL_CONFIRMATION, f"{PORTAL}/potwierdzenie?token={TOKEN}"),
        ("reset", Rule.PASSWORD_RESET, f"{PORTAL}/nowe-haslo?token={TOKEN}"),
        ("repeated", Rule.REGISTRATION_REPEATED, f"{PORTAL}/"),
        ("changed", Rule.PASSWORD_CHANGED, f"{PORTAL}/"),
        ("new_device", Rule.NEW_DEVICE, f"{PORTAL}/to-nie-ja?token={TOKEN}"),
        ("factor_changed", Rule.FACTOR_CHANGED, f"{PORTAL}/bezpieczenstwo"),
        ("email_changed", Rule.EMAIL_CHANGED, f"{PORTAL}/poprzedni-adres?token={TOKEN}"),
        ("email_set_back", Rule.EMAIL_SET_BACK, f"{PORTAL}/"),
    ],
)
def test_each_event_is_one_mail_with_its_link(given, send, mails, rows, tell, rule, link):
    getattr(given, tell)()

    send()

    [mail] = mails(to=ANNA)
    assert f"\n{link}\n" in mail.text()
    assert f'href="{link}"' in mail.html()
    [row] = rows()
    assert (row.rule, row.status) == (rule, MessageStatus.SENT)


def test_the_same_event_twice_is_one_mail(served, given, send, mails):
    event = given.reset()
    event_id = new_id()

    assert served.deliver(event, event_id=event_id), "another delivery of the same request is handled"
    assert not served.deliver(event, event_id=event_id), "a repeat of the delivery is not"
    send()

    assert len(mails()) == 1


def test_two_requests_of_one_person_are_two_mails(given, send, mails):
    given.reset()
    given.reset()

    send()

    assert len(mails()) == 2


def test_a_link_that_has_died_is_not_sent_and_its_token_is_erased(given, send, mails, rows, clock):
    given.reset()
    clock.advance(timedelta(minutes=30))

    send()

    assert mails() == []
    [row] = rows()
    assert (row.status, row.reason, row.sealed_token) == (MessageStatus.SUPPRESSED, "EXPIRED", None)


def test_a_link_whose_end_is_not_told_lives_as_long_as_identity_s_do(given, send, mails, clock):
    given.reset(expires_at=None)
    given.confirmation(expires_at=None)
    clock.advance(timedelta(hours=23))

    send()

    assert [mail.subject for mail in mails()] == ["Potwierdź adres e-mail – Wodociągi Zdrój"]


def test_what_cannot_be_unsealed_is_given_up(given, send, mails, rows):
    given.reset(sealed_token=b"not sealed for us")

    send()

    assert mails() == []
    assert (rows()[0].status, rows()[0].reason) == (MessageStatus.FAILED, "SEAL_BROKEN")


def test_no_table_keeps_the_token_after_it_was_sent(given, send, database):
    event = given.confirmation()

    send()

    with database.engine.connect() as connection:
        for table in ("messages", "inbox", "outbox"):
            dump = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608
            assert TOKEN not in dump
            assert repr(event.sealed_token)[2:40] not in dump


def test_who_logged_in_from_where_is_told(given, send, mails):
    given.new_device()

    send()

    [mail] = mails(to=ANNA)
    assert "Firefox" in mail.text()
    assert "192.0.2.7" in mail.text()


def test_the_former_address_is_told_of_another_one_and_not_which_in_full(given, send, mails, rows):
    given.email_changed()

    send()

    [mail] = mails(to=ANNA)
    assert "n…@poczta.example" in mail.text()
    assert mails(to="nowa@poczta.example") == []
    assert "nowa@poczta.example" not in f"{mail.text()} {mail.html()} {rows()[0].facts}"


def test_another_address_of_an_earlier_release_is_told_to_nobody(given, send, mails):
    given.email_changed(old_email="", sealed_token=b"", change_id="", expires_at=None)

    send()

    assert mails() == []


@pytest.mark.parametrize("tell", ["new_device", "factor_changed", "changed"])
def test_staff_are_led_to_the_console(given, send, mails, tell):
    getattr(given, tell)(is_staff=True)

    send()

    [mail] = mails(to=ANNA)
    assert f"{PORTAL}/konsola/" in mail.text()
    assert "administratorowi" in mail.text()
