"""Zapłać: pick, part, all, own amount; once however often; nothing lost; nobody else's."""

import pytest
from sqlalchemy import text

from tests.gateway.pay_forms import PAY, PayForm, count_payments, payment_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

NOBODY_LISTENS = "127.0.0.1:9"
ANNA, BARTEK, CELINA = "anna@poczta.example", "bartek@poczta.example", "celina@poczta.example"


@pytest.fixture
def town(paying_town: World) -> World:
    return paying_town


@pytest.fixture
def celina(town: World) -> Visitor:
    return town.visitor(CELINA)


def zloty(grosze: int) -> str:
    return f"{grosze // 100},{grosze % 100:02d}"


def test_all_that_is_open_is_ticked_the_oldest_first(town: World, celina: Visitor):
    form = PayForm(celina)
    by_id = {one.invoice_id: one for one in town.celinas.invoices}
    assert form.ticked == form.listed
    due = [by_id[one].due_on for one in form.listed]
    assert due == sorted(due, key=lambda day: (day.year, day.month, day.day))
    assert form.shown == sum(by_id[one].open_amount.grosze for one in form.listed)
    assert f"Zapłać {zloty(form.shown)} zł" in plain(str(form.soup))
    assert form.ways[-1] == "przelew"
    assert {one.split(":")[0] for one in form.ways} == {"przelewy24", "payu", "przelew"}


def test_invoices_of_an_address_are_ticked_alone(town: World, celina: Visitor):
    every = PayForm(celina).listed
    for name in ("faktura", "id"):
        form = PayForm(celina, f"{PAY}?{name}={every[1]}")
        assert (form.ticked, form.listed) == ([every[1]], every)
    paid = town.celinas.invoices[-1].invoice_id
    assert PayForm(celina, f"{PAY}?faktura={paid}").ticked == []
    assert "jest już zapłacone" in celina.text(f"{PAY}?faktura={paid}")


def test_the_list_of_invoices_leads_here_with_what_is_ticked(celina: Visitor):
    page = celina.page("/faktury")
    assert 'formaction="/zaplac"' in page
    assert page.count('name="id"') > 2


@pytest.mark.parametrize("typed", ["", "0", "-5", "abc", "10,005", "0,99", "100000,01", "1e3", "9" * 40])
def test_a_wrong_amount_is_said_and_the_rest_is_kept(town: World, celina: Visitor, typed: str):
    before, form = count_payments(town), PayForm(celina)
    way = form.way("payu")
    shown = "".join(one for one in typed if one.isdigit()) if typed in ("0,99", "100000,01") else ""
    razem = str(int(shown)) if shown else form.shown
    response = form.send(ile="inna", kwota=typed, sposob=way, faktura=form.ticked[:1], razem=razem)
    assert response.status_code == 422
    assert 'id="f-kwota-e"' in response.text
    again = PayForm(celina, page=response.text)
    assert again.offered.get("kwota", "") == typed
    assert (again.offered["ile"], again.offered["sposob"]) == ("inna", way)
    assert (again.ticked, again.request_id) == (form.ticked[:1], form.request_id)
    assert count_payments(town) == before


def test_another_sum_than_the_button_named_is_shown_first(town: World, celina: Visitor):
    """Without JavaScript the page cannot reckon: it asks to look the new sum over, and pays at the second press."""
    before, form = count_payments(town), PayForm(celina)
    response = form.send(ile="inna", kwota="1 0,50 zł", sposob=form.way("payu"))
    assert response.status_code == 409
    assert "Suma to teraz 10,50 zł." in plain(response.text)
    assert count_payments(town) == before
    again = PayForm(celina, page=response.text)
    assert again.shown == 1050
    payment = payment_of(town, again.send())
    town.settle(payment, "cancel")


@pytest.mark.parametrize("razem", ["", "abc", "1", "-5", "9" * 30])
def test_a_sum_that_does_not_fit_pays_nothing(town: World, celina: Visitor, razem: str):
    before = count_payments(town)
    assert PayForm(celina).send(razem=razem).status_code == 409
    assert count_payments(town) == before


def test_nothing_ticked_is_no_payment(town: World, celina: Visitor):
    response = PayForm(celina).send(faktura=[])
    assert response.status_code == 422
    assert 'id="f-faktura-e"' in response.text


def test_an_ordinary_transfer_leads_to_its_data(celina: Visitor):
    response = PayForm(celina).send(sposob="przelew")
    assert (response.status_code, response.location) == (303, "/przelew")


@pytest.mark.parametrize("way", ["", "przelewy24", "przelewy24:999999", "blik", "nowy:1", "payu:x" * 20])
def test_a_way_that_is_not_offered_is_refused(town: World, celina: Visitor, way: str):
    before = count_payments(town)
    assert PayForm(celina).send(sposob=way).status_code == 422
    assert count_payments(town) == before


@pytest.mark.parametrize("request_id", ["", "abc", "0" * 32, "<b>"])
def test_without_a_sound_id_nothing_is_begun(town: World, celina: Visitor, request_id: str):
    before = count_payments(town)
    assert PayForm(celina).send(request_id=request_id).status_code == 400
    assert count_payments(town) == before


def test_celina_pays_nothing_of_annas(town: World, celina: Visitor):
    before, form = count_payments(town), PayForm(celina)
    foreign = town.annas.last_invoice.invoice_id
    for picked in ([foreign], [*form.ticked, foreign]):
        response = form.send(faktura=picked)
        assert response.status_code == 422
        assert town.annas.last_invoice.number not in response.text
    assert count_payments(town) == before
    assert celina.get(f"{PAY}?faktura={foreign}").status_code == 404
    assert celina.get(f"{PAY}?faktura=abc").status_code == 404
    # With the id of Anna's intention Celina gets a payment of her own.
    with town.payments.database.reading() as session:
        used = session.execute(
            text("SELECT request_id FROM payments WHERE payment_id = :id"),
            {"id": town.pending_payment.payment_id},
        ).scalar_one()
    own = payment_of(town, form.send(request_id=str(used), sposob=form.way("payu")))
    assert own.payment_id != town.pending_payment.payment_id
    town.settle(own, "cancel")


def test_a_double_click_and_back_begin_one_payment(town: World, celina: Visitor):
    before, form = count_payments(town), PayForm(celina)
    first = form.send(sposob=form.way("payu"))
    second = form.send(sposob=form.way("payu"))
    assert first.location == second.location
    back = PayForm(celina)  # The page is drawn anew.
    assert back.request_id == form.request_id
    assert "jest w toku" in plain(str(back.soup))
    assert back.send(sposob=form.way("payu")).location == first.location
    assert count_payments(town) == before + 1
    assert PayForm(celina, f"{PAY}?nowa=1").request_id != form.request_id
    town.settle(payment_of(town, first), "cancel")
    assert PayForm(celina).request_id != form.request_id


def test_another_choice_with_the_same_form_is_asked_about_first(town: World, celina: Visitor):
    form = PayForm(celina)
    first = payment_of(town, form.send(sposob=form.way("payu")))
    [one, *_rest] = form.ticked
    grosze = next(i.open_amount.grosze for i in town.celinas.invoices if i.invoice_id == one)
    response = form.send(sposob=form.way("payu"), faktura=[one], razem=grosze)
    assert response.status_code == 409
    assert (
        "Płatność rozpoczęta tu wcześniej, innym sposobem albo na inną kwotę, jest jeszcze w toku."
        in plain(response.text)
    )
    again = PayForm(celina, page=response.text)
    assert again.request_id != form.request_id
    second = payment_of(town, again.send())
    assert second.payment_id != first.payment_id
    for payment in (first, second):
        town.settle(payment, "cancel")


def test_an_operator_that_breaks_leaves_a_payment_that_waits_honestly(town: World, celina: Visitor):
    town.tills.misbehave("payu", "order", "500", times=5)
    form = PayForm(celina)
    response = form.send(sposob=form.way("payu"))
    town.tills.forget()
    payment = payment_of(town, response)
    led = celina.get(response.location)
    assert led.location == f"/platnosci/{payment.payment_id}/powrot"
    said = celina.text(led.location)
    assert "Nie wiemy jeszcze, czy płatność doszła do skutku." in said
    assert "Nie płać drugi raz." in said
    assert "Dokończ płatność" not in said
    # Its invoices are not ticked again by themselves.
    assert PayForm(celina).ticked == []
    with town.payments.database.transaction() as session:
        session.execute(
            text(
                "UPDATE payments SET status = 'FAILED', reason = 'EXPIRED', next_check_at = NULL"
                " WHERE payment_id = :id"
            ),
            {"id": payment.payment_id},
        )
    assert "Minął czas na zapłatę." in celina.text(f"/platnosci/{payment.payment_id}")


def test_an_operator_out_of_reach_keeps_the_form(town: World):
    lonely = town.lonely_payments(payu_url=f"http://{NOBODY_LISTENS}")
    app = town.make_app(payments=lonely.address)
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    visitor.take_session(town.log_in(CELINA))
    form = PayForm(visitor)
    for _press in range(2):
        response = form.send(sposob="payu:")
        assert response.status_code == 503
        assert "nie zapłacisz podwójnie" in plain(response.text)
        again = PayForm(visitor, page=response.text)
        assert (again.request_id, again.offered["sposob"]) == (form.request_id, "payu:")


def test_without_payments_there_is_the_ordinary_transfer(town: World):
    visitor = town.make_app(payments=NOBODY_LISTENS, call_timeout_s=1).test_client()
    assert isinstance(visitor, Visitor)
    visitor.take_session(town.log_in(CELINA))
    form = PayForm(visitor)
    assert form.ways == ["przelew"]
    assert "chwilowo nie działają" in plain(str(form.soup))
    assert form.send().location == "/przelew"
    said = visitor.text(f"/faktury/{form.listed[0]}")
    assert "Płatności zrobionych tutaj nie da się teraz pokazać." in said
    assert visitor.get("/platnosci").status_code == 503


def test_a_session_that_ended_keeps_what_was_filled_in(town: World, celina: Visitor):
    form, nobody = PayForm(celina), town.visitor()
    kept = {
        "faktura": form.ticked,
        "ile": "inna",
        "kwota": "12,34",
        "sposob": form.way("payu"),
        "razem": "1234",
    }
    led = nobody.submit(PAY, at="/logowanie", request_id=form.request_id, **kept)
    assert led.location == "/logowanie?next=%2Fzaplac"
    secret = town.log_in(CELINA)
    with nobody.session_transaction() as session:
        session["_user_id"], session["_fresh"] = secret, True
    again = PayForm(nobody)
    assert again.ticked == form.ticked
    assert (again.offered["kwota"], again.offered["ile"]) == ("12,34", "inna")
    assert (again.offered["sposob"], again.shown) == (form.way("payu"), 1234)


def test_who_may_only_look_does_not_pay(town: World):
    bartek = town.visitor(BARTEK)
    assert bartek.submit("/klient", at="/profil", customer_id=town.annas.customer_id).status_code == 303
    invoice = town.annas.last_invoice.invoice_id
    assert "/zaplac" in bartek.page("/start")
    _give(town, "VIEW")
    try:
        for url in ("/start", f"/faktury/{invoice}", "/faktury", "/platnosci",
                    f"/platnosci/{town.pending_payment.payment_id}"):  # fmt: skip
            page = bartek.page(url)
            assert "/zaplac" not in page, url
            assert "trnRequest" not in page, url
        response = bartek.get(PAY)
        assert response.status_code == 403
        assert "nie możesz za nie płacić" in plain(response.text)
        assert bartek.submit(PAY, at="/profil", razem="1").status_code == 403
        _give(town, "PAY")
        assert PayForm(bartek).listed
    finally:
        _give(town, "MANAGE")
        bartek.submit("/klient", at="/profil", customer_id=town.bartek.customer_id)


def _give(town: World, scope: str) -> None:
    """Bartek's grant over Anna's customer, as the one who gives it would choose."""
    with town.identity.database.transaction() as session:
        session.execute(
            text(
                "UPDATE grants SET scope = :scope WHERE customer_id = :customer"
                " AND user_id = (SELECT user_id FROM users WHERE email = :email)"
            ),
            {"scope": scope, "customer": town.annas.customer_id, "email": BARTEK},
        )


@pytest.mark.parametrize(
    ("code", "words"), [("en", "Check before you pay"), ("uk", "Перевірте перед оплатою")]
)
def test_the_page_speaks_the_other_languages(town: World, celina: Visitor, code: str, words: str):
    town.speak(CELINA, code)
    try:
        assert words in celina.text(PAY)
    finally:
        town.speak(CELINA, "pl")


def test_anna_pays_two_at_once_and_celina_a_part(town: World, celina: Visitor):
    """To the grosz: the page, the provider's books, the ledger. Last, because it changes what is open."""
    anna = town.visitor(ANNA)
    form = PayForm(anna, f"{PAY}?nowa=1")
    assert len(form.ticked) == 2
    response = form.send(sposob=form.way("przelewy24"))
    payment = payment_of(town, response)
    onward = anna.get(response.location)
    assert onward.headers["Refresh"].startswith(f"0; url={town.tills.przelewy24.url}/trnRequest/")
    town.settle(payment, "twice")
    page = f"/platnosci/{payment.payment_id}"
    assert anna.get(f"{page}/powrot").location == page
    assert "Zapłacona i zaksięgowana." in anna.text(page)
    assert "Wszystko zapłacone." in anna.text("/start")
    assert form.send(sposob=form.way("przelewy24")).location == page  # The old form, once more.
    assert zloty(form.shown) in anna.text("/platnosci")
    for invoice_id in form.ticked:
        said = anna.text(f"/faktury/{invoice_id}")
        assert "Zapłacona." in said
        assert "Płatności zrobione tutaj" in said
    assert anna.get(f"{page}/pdf").data.startswith(b"%PDF")

    part = PayForm(celina)
    oldest = next(one for one in town.celinas.invoices if one.invoice_id == part.ticked[0])
    grosze = oldest.open_amount.grosze - 100
    sent = part.send(ile="inna", kwota=zloty(grosze), razem=grosze, sposob=part.way("payu"))
    town.settle(payment_of(town, sent), "late")
    assert "1,00 zł" in celina.text(f"/faktury/{oldest.invoice_id}")
    assert PayForm(celina).shown == part.shown - grosze
