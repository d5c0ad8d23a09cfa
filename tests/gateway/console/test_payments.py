"""Płatności and zwroty: found, looked into, asked about, given back by Daria with a reason and the sum typed twice."""

import csv
import io

import pytest
from bs4 import BeautifulSoup
from ebok.payments.v1 import payments_pb2
from sqlalchemy import text
from werkzeug.test import TestResponse

from chassis.ids import new_id
from tests.gateway.tills import wait_until
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

LIST = "/konsola/platnosci"


def page_of(town: World, payment: payments_pb2.Payment) -> str:
    return f"/konsola/klienci/{town.annas.customer_id}/platnosci/{payment.payment_id}"


def give_back(clerk: Visitor, url: str, **fields: str) -> TestResponse:
    """The form of a refund, filled in; a good one unless `fields` say otherwise."""
    good = {"ile": "czesc", "kwota": "10,50", "powod": "Zapłacono dwa razy", "suma": "10,50"}
    return clerk.submit(f"{url}/zwrot", at=url, **{"request_id": str(new_id()), **good, **fields})


def refunds_of(town: World, payment: payments_pb2.Payment) -> list[int]:
    with town.payments.database.reading() as session:
        rows = session.execute(
            text("SELECT amount FROM refunds WHERE payment_id = :id ORDER BY started_at"),
            {"id": payment.payment_id},
        )
        return [int(amount) for (amount,) in rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"paid", "failed", "pending"}),
        ("stan=w-toku", {"pending"}),
        ("stan=nieudane", {"failed"}),
        ("stan=zaplacone", {"paid"}),
        ("operator=payu", {"failed"}),
        ("operator=przelewy24&stan=w-toku", {"pending"}),
        ("od=2026-11-22", {"failed", "pending"}),
        ("do=2025-12-31", {"paid"}),
        ("q=20411085", {"paid", "failed", "pending"}),
        ("q=nie-ma-takiego", set()),
    ],
)
def test_filters_are_in_the_address(world: World, daria: Visitor, query: str, found: set[str]):
    payments = {"paid": world.paid_payment, "failed": world.failed_payment, "pending": world.pending_payment}
    page = daria.page(f"{LIST}?{query}")
    assert {name for name, one in payments.items() if one.number in page} == found


def test_one_is_found_by_its_number(world: World, daria: Visitor):
    page = daria.page(f"{LIST}?q={world.failed_payment.number}")
    assert page_of(world, world.failed_payment) in page
    assert world.paid_payment.number not in page


@pytest.mark.parametrize(
    "query", ["stan=nic", "operator=blik", "od=wczoraj", "od=2026-12-01&do=2026-01-01", "q=" + "x" * 101]
)
def test_a_wrong_filter_is_marked(daria: Visitor, query: str):
    response = daria.get(f"{LIST}?{query}")
    assert response.status_code == 422
    assert "eb-error" in response.text


def test_the_list_as_a_file(world: World, daria: Visitor):
    answer = daria.get(f"{LIST}.csv?stan=zaplacone")
    [head, row] = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert head[0] == "Numer"
    assert row[0] == world.paid_payment.number
    assert row[2] == "20411085"
    assert row[3] == f"{world.paid_payment.amount.grosze / 100:.2f}".replace(".", ",")
    assert "zaksięgowana" in row[5]
    assert daria.get(f"{LIST}.xlsx").data.startswith(b"PK")


def test_a_payment_shows_its_way_and_the_messages_without_secrets(world: World, daria: Visitor):
    page = page_of(world, world.paid_payment)
    said = daria.text(page)
    for words in ("Rozpoczęta przez klienta", "Na stronie Przelewy24", "Przyjęta: pieniądze są nasze", "Rejestracja",
                  "Powiadomienie o płatności", "Przyjęcie wpłaty", "przyjęte", "Anna Zdrojewska"):  # fmt: skip
        assert words in said, words
    assert "d27e4cb580e9bbfe" not in daria.page(page)
    assert daria.get(f"{page}/pdf").data.startswith(b"%PDF")
    other = page.replace(world.annas.customer_id, world.celinas.customer_id)
    assert daria.get(other).status_code == 404


def test_the_customers_page_lists_the_payments(world: World, daria: Visitor):
    page = daria.page(f"/konsola/klienci/{world.annas.customer_id}/platnosci")
    assert page_of(world, world.paid_payment) in page
    assert "Nie ma płatności przez operatora" in daria.text(
        f"/konsola/klienci/{world.bakery.customer_id}/platnosci"
    )


def test_a_stuck_one_is_counted_named_and_asked_about(busy_town: World, clerk: Visitor):
    """The operator does it and answers 500: nobody knows, until it is asked again."""
    town = busy_town
    town.tills.misbehave("payu", "order", "after")
    payment = town.anna_pays("payu", [town.annas.last_invoice.invoice_id])
    assert payment.status == payments_pb2.PAYMENT_STATUS_UNKNOWN
    assert payment.number in clerk.page(f"{LIST}?utknely=1")
    assert "utknęły: 1" in clerk.text(LIST)
    assert "utknęły: 1" in clerk.text("/konsola/")
    page = page_of(town, payment)
    assert "Jeszcze nie wiadomo, czy zapłacono." in clerk.text(page)
    assert clerk.submit(f"{page}/sprawdz", at=page).location == page
    said = clerk.text(page)
    assert "Zapytaliśmy operatora." in said or "Operator nie odpowiada." in said
    assert "wstrzymana" not in said


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"ile": ""}, "ile"),
        ({"ile": "nic"}, "ile"),
        ({"kwota": ""}, "kwota"),
        ({"kwota": "abc"}, "kwota"),
        ({"kwota": "-1"}, "kwota"),
        ({"kwota": "1,005"}, "kwota"),
        ({"kwota": "9999", "suma": "9999"}, "kwota"),
        ({"powod": ""}, "powod"),
        ({"powod": "a"}, "powod"),
        ({"powod": "x" * 501}, "powod"),
        ({"powod": "a\x00bcd"}, "powod"),
        ({"suma": ""}, "suma"),
        ({"suma": "10,51"}, "suma"),
        ({"ile": "calosc", "kwota": ""}, "suma"),
    ],
)
def test_a_wrong_refund_is_said_and_nothing_is_lost(
    busy_town: World, clerk: Visitor, fields: dict[str, str], wrong: str
):
    before, url = refunds_of(busy_town, busy_town.paid_payment), page_of(busy_town, busy_town.paid_payment)
    response = give_back(clerk, url, **fields)
    assert response.status_code == 422
    assert f'id="f-{wrong}-e"' in response.text
    form = BeautifulSoup(response.text, "lxml")
    if "powod" not in fields:
        assert form.select_one("textarea[name=powod]").get_text().strip() == "Zapłacono dwa razy"  # type: ignore[union-attr]
    if "kwota" not in fields:
        assert form.select_one("input[name=kwota]")["value"] == "10,50"  # type: ignore[index]
    assert refunds_of(busy_town, busy_town.paid_payment) == before


@pytest.mark.parametrize("request_id", ["", "<b>", "0" * 32])
def test_without_a_sound_id_nothing_is_given_back(busy_town: World, clerk: Visitor, request_id: str):
    before, url = refunds_of(busy_town, busy_town.paid_payment), page_of(busy_town, busy_town.paid_payment)
    assert give_back(clerk, url, request_id=request_id).status_code == 400
    assert refunds_of(busy_town, busy_town.paid_payment) == before


def test_daria_gives_a_part_back_once_and_then_the_rest(busy_town: World, clerk: Visitor, manager: Visitor):
    town, payment = busy_town, busy_town.paid_payment
    url, request_id = page_of(town, payment), str(new_id())
    for _press in range(2):
        assert give_back(clerk, url, request_id=request_id).location == url
    assert refunds_of(town, payment) == [1050]
    again = give_back(clerk, url, request_id=request_id, kwota="11", suma="11")
    assert again.status_code == 409
    assert "zlecił już inny zwrot" in plain(again.text)

    carried_out(town, payment)
    said = clerk.text(url)
    for words in ("Zwrócona w części", "10,50 zł", "Zapłacono dwa razy", "Daria", "Zwrócono"):
        assert words in said, words
    anna = town.visitor("anna@poczta.example")
    said = anna.text(f"/platnosci/{payment.payment_id}")
    assert "wraca do Ciebie" in said
    assert "Zapłacono dwa razy" not in said
    assert "Daria" not in said

    left = payment.amount.grosze - 1050
    rest = f"{left // 100},{left % 100:02d}"
    assert give_back(clerk, url, ile="calosc", kwota="", suma=rest).location == url
    carried_out(town, payment)
    assert refunds_of(town, payment) == [1050, left]
    assert 'name="suma"' not in clerk.page(url)
    assert "Cała kwota wraca do Ciebie." in anna.text(f"/platnosci/{payment.payment_id}")
    town.deliver()
    journal = manager.text("/konsola/audyt")
    for words in ("zwrócono płatność", "obejrzano komunikaty płatności z operatorem", "otwarto płatność"):
        assert words in journal, words


def carried_out(town: World, payment: payments_pb2.Payment) -> None:
    """The provider gives the money back and says so."""

    def is_so() -> bool:
        for job in ("notifications.judge", "payments.reconcile"):
            town.payments.run_job(job)
        with town.payments.database.reading() as session:
            open_ones = text("SELECT count(*) FROM refunds WHERE payment_id = :id AND status <> 'REFUNDED'")
            return session.execute(open_ones, {"id": payment.payment_id}).scalar_one() == 0

    wait_until(is_so)
    town.deliver()


def test_nobody_gives_back_what_is_not_paid(busy_town: World, clerk: Visitor):
    url = page_of(busy_town, busy_town.failed_payment)
    assert 'name="suma"' not in clerk.page(url)
    response = clerk.submit(
        f"{url}/zwrot", at=url, request_id=str(new_id()), ile="czesc", kwota="1", suma="1", powod="Próba"
    )
    assert response.status_code == 409
