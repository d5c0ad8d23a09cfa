"""An issued invoice and its customer may be heard of in any order."""

import itertools
from datetime import timedelta

import pytest

from services.notify.storage.messages import MessageStatus
from tests.notify.conftest import ANNA


@pytest.mark.parametrize("order", list(itertools.permutations(("settings", "customer", "invoice"))))
def test_any_order_of_events_ends_in_one_mail(served, given_nothing, send, mails, order):
    for name in order:
        getattr(given_nothing, name)()
        send()

    send()

    assert [mail.recipients for mail in mails()] == [(ANNA,)]


def test_an_invoice_waits_for_its_customer_up_to_a_bound(given, send, mails, rows, clock):
    given.invoice()
    for _ in range(19):
        send()
        clock.advance(timedelta(seconds=30))
    assert rows()[0].status is MessageStatus.PLANNED

    clock.advance(timedelta(seconds=30))
    send()

    assert (rows()[0].status, rows()[0].reason) == (MessageStatus.SUPPRESSED, "NO_ADDRESS")
    given.customer()
    send()
    assert mails() == []


def test_the_customers_arrival_wakes_what_waits(given, send, mails):
    given.invoice()
    send()

    given.customer()
    send()

    assert len(mails()) == 1


def test_a_customer_without_an_address_gets_none(given, send, mails, rows):
    given.customer(email="")
    given.invoice()

    send()

    assert mails() == []
    assert (rows()[0].status, rows()[0].reason) == (MessageStatus.SUPPRESSED, "NO_ADDRESS")


def test_a_customer_who_wants_paper_gets_none(given, send, mails, rows):
    given.customer(e_invoice=False)
    given.invoice()

    send()

    assert mails() == []
    assert (rows()[0].status, rows()[0].reason) == (MessageStatus.SUPPRESSED, "NO_CONSENT")


def test_an_older_version_of_a_customer_changes_nothing(given, send, mails):
    given.customer(version=5, email="nowa@poczta.example")
    given.customer(version=4, email="stara@poczta.example", e_invoice=False)
    given.customer(version=5, email="inna@poczta.example")
    given.invoice()

    send()

    assert [mail.recipients for mail in mails()] == [("nowa@poczta.example",)]


def test_the_address_is_that_of_the_moment_of_sending(given, send, mails, faults, clock):
    given.customer()
    given.invoice()
    faults(temporary_for=1)
    send()

    given.customer(version=2, email="nowa@poczta.example", language="uk")
    clock.advance(timedelta(minutes=1))
    send()

    [mail] = mails()
    assert mail.recipients == ("nowa@poczta.example",)
    assert mail.headers()["Content-Language"] == "uk"


def test_the_same_invoice_announced_twice_is_one_mail(served, given, send, mails):
    given.customer()
    event = given.invoice()
    send()

    served.deliver(event)
    send()

    assert len(mails()) == 1


def test_a_mail_names_amount_day_account_number_period_use_and_link(given, send, mails):
    given.customer()
    event = given.invoice()

    send()

    [mail] = mails()
    for twin in (mail.text(), mail.html()):
        plain = twin.replace("\u00a0", " ")
        for fact in (
            "243,78 zł",
            "soboty, 4 kwietnia 2026",
            "58 1090 1014 0000 0003 1108 5261",
            "FV/2026/000123",
            "1 stycznia – 28 lutego 2026",
            "12 m³",
            "209,58 zł, teraz o 34,20 zł więcej",
            "ul. Lipowa 4/2, Zdrój",
            "kończy się na 085",
            f"/faktury/{event.invoice_id}",
        ):
            assert fact in plain, fact
    text = mail.text()
    assert text.index("243,78") < text.index("58 1090"), "the amount comes first"


def test_an_invoice_with_nothing_to_pay_asks_for_nothing(given, send, mails):
    given.customer()
    given.invoice(total_gross={"grosze": 0}, previous_total=None, used="", unit="")

    send()

    [mail] = mails()
    assert mail.subject == "Nowa faktura: nic do zapłaty"
    assert "Rachunek" not in mail.text()
    assert "Zużycie" not in mail.text()
    assert "Nie trzeba nic płacić." in mail.text()


def test_a_malformed_event_is_refused_and_leaves_nothing(served, given, rows):
    for changes in ({"customer_id": "anna"}, {"due_on": None}, {"used": "dwa"}):
        with pytest.raises(Exception, match="INVALID_INPUT"):
            served.deliver(given.invoice_event(**changes))

    assert rows() == []
