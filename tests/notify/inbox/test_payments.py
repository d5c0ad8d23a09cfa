"""Who paid hears that the money came, did not come, or goes back; once each, in whatever order it is told."""

from datetime import timedelta

import pytest

from chassis.ids import new_id
from services.notify.storage.messages import MessageStatus, Rule
from tests.notify.conftest import ANNA, PAYER, PORTAL


def plain(text):
    return text.replace("\u00a0", " ")


def facts_are_in(mail, *facts):
    for twin in (mail.text(), mail.html()):
        for fact in facts:
            assert fact in plain(twin), fact


def test_a_payment_that_came_names_amount_number_invoices_way_and_link(given, send, mails):
    given.customer()
    event = given.payment()

    send()

    [mail] = mails()
    assert mail.recipients == (PAYER,)
    assert plain(mail.subject) == "Otrzymaliśmy wpłatę 300,00 zł, numer P-7K3M-Q2XR"
    facts_are_in(
        mail,
        "300,00 zł",
        "P-7K3M-Q2XR",
        "FV/2026/000123, 200,00 zł",
        "Na najdawniejsze należności",
        "100,00 zł",
        "Przelewy24, BLIK",
        "16 marca 2026, 10:00",
        f"{PORTAL}/platnosci/{event.payment_id}",
    )


def test_a_payment_without_a_choice_is_for_the_oldest(given, send, mails):
    given.customer()
    given.payment(shares=[], provider="payu", method_name="")
    send()
    [mail] = mails()
    facts_are_in(mail, "Na najdawniejsze należności", "PayU")
    assert "Faktura" not in mail.text()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("REFUSED_BY_PROVIDER", "bank albo operator płatności odmówił"),
        ("CANCELLED", "płatność przerwano"),
        ("EXPIRED", "minął czas na zapłatę"),
        ("", "nie wiemy"),
    ],
)
def test_a_payment_that_failed_says_that_nothing_was_taken_and_why(given, send, mails, reason, words):
    given.customer()
    event = given.payment_failed(reason=reason)

    send()

    [mail] = mails()
    assert mail.recipients == (PAYER,)
    assert plain(mail.subject) == "Płatność 300,00 zł nie doszła do skutku, numer P-7K3M-Q2XR"
    facts_are_in(mail, "Nic nie pobraliśmy.", words, f"{PORTAL}/platnosci/{event.payment_id}")


def test_money_given_back_names_amount_number_and_link(given, send, mails):
    given.customer()
    event = given.refund()

    send()

    [mail] = mails()
    assert mail.recipients == (PAYER,)
    assert plain(mail.subject) == "Zwracamy 120,50 zł z płatności P-7K3M-Q2XR"
    facts_are_in(mail, "120,50 zł", "16 marca 2026, 10:00", f"{PORTAL}/platnosci/{event.payment_id}")


@pytest.mark.parametrize("tell", ["payment", "payment_failed", "refund"])
@pytest.mark.parametrize(
    ("language", "word"), [("pl", "Zobacz płatność"), ("en", "See the payment"), ("uk", "Переглянути платіж")]
)
def test_it_is_written_in_the_customers_language(given, send, mails, tell, language, word):
    given.customer(language=language)
    getattr(given, tell)()
    send()
    [mail] = mails()
    assert mail.headers()["Content-Language"] == language
    facts_are_in(mail, word)


@pytest.mark.parametrize("tell", ["payment", "payment_failed", "refund"])
def test_without_the_payers_address_it_goes_to_the_customers(given, send, mails, tell):
    given.customer(e_invoice=False)  # Paper invoices are no reason to keep quiet about money.
    getattr(given, tell)(payer_email="")
    send()
    [mail] = mails()
    assert mail.recipients == (ANNA,)
    assert "Anna" in str(mail.headers()["To"])


def test_who_pays_for_somebody_else_is_not_called_by_the_customers_name(given, send, mails):
    given.customer()
    given.payment()
    send()
    [mail] = mails()
    assert "Anna" not in str(mail.headers()["To"]) + mail.text()


def test_a_payer_is_written_to_even_when_the_customer_never_becomes_known(given, send, mails, rows, clock):
    given.payment()
    send()
    assert mails() == []
    clock.advance(timedelta(minutes=11))
    send()
    assert [mail.recipients for mail in mails()] == [(PAYER,)]


def test_without_any_address_nothing_is_sent(given, send, mails, rows):
    given.customer(email="")
    given.payment(payer_email="")
    send()
    assert mails() == []
    assert (rows()[0].status, rows()[0].reason) == (MessageStatus.SUPPRESSED, "NO_ADDRESS")


@pytest.mark.parametrize("tell", ["payment", "payment_failed", "refund"])
def test_the_same_told_twice_is_one_mail(served, given, send, mails, tell):
    given.customer()
    event = getattr(given, tell)()
    send()
    served.deliver(event)
    send()
    assert len(mails()) == 1


def test_each_refund_of_a_payment_is_a_mail_of_its_own(given, send, mails):
    given.customer()
    payment = given.payment()
    given.refund(payment_id=payment.payment_id)
    given.refund(payment_id=payment.payment_id)
    send()
    assert len(mails()) == 3


def test_a_payment_that_failed_and_is_settled_later_is_told_both(given, send, mails, rows):
    given.customer()
    failed = given.payment_failed()
    send()
    given.payment(payment_id=failed.payment_id)
    send()
    assert [row.rule for row in rows()] == [Rule.PAYMENT_FAILED, Rule.PAYMENT_RECEIVED]
    assert [plain(mail.subject).split(",")[0] for mail in mails()] == [
        "Płatność 300",
        "Otrzymaliśmy wpłatę 300",
    ]


@pytest.mark.parametrize("late", [False, True])
def test_nobody_hears_that_nothing_was_taken_of_a_payment_that_came(given, send, mails, rows, late):
    given.customer()
    payment_id = str(new_id())
    tell = [given.payment_failed, given.payment]
    for one in tell[::-1] if late else tell:
        one(payment_id=payment_id)
    send()

    assert [plain(mail.subject) for mail in mails()] == ["Otrzymaliśmy wpłatę 300,00 zł, numer P-7K3M-Q2XR"]
    assert {row.rule: (row.status, row.reason) for row in rows()} == {
        Rule.PAYMENT_FAILED: (MessageStatus.SUPPRESSED, "OVERTAKEN"),
        Rule.PAYMENT_RECEIVED: (MessageStatus.SENT, ""),
    }


@pytest.mark.parametrize(
    ("tell", "changes"),
    [
        ("payment", {"payment_id": "p"}),
        ("payment", {"settled_at": None}),
        ("payment_failed", {"customer_id": "anna"}),
        ("refund", {"refund_id": ""}),
        ("refund", {"refunded_at": None}),
    ],
)
def test_a_malformed_event_is_refused_and_leaves_nothing(given, rows, tell, changes):
    with pytest.raises(Exception, match="INVALID_INPUT"):
        getattr(given, tell)(**changes)
    assert rows() == []
