"""Delegates in the portal: invited, accepting, sent away; and what the pages of each scope offer."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from ebok.identity.v1 import grants_pb2

from chassis.clock import warsaw_date
from tests.gateway import delegations, urls
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

PAGE = "/profil/pelnomocnicy"
# Where pages lead to that pay, or change something of the customer.
PAYS = re.compile(r"^/(zaplac|platnosci/(nowa|zacznij))")
CHANGES = re.compile(r"^/(odczyt$|odczyt/|zgloszenia/nowe)")
# Forms that anybody may send: of the own log-in, and giving the access up.
OWN_FORMS = {"/wyloguj", "/klient", "/profil/pelnomocnicy/zrezygnuj"}


def invited(world: World, **values: str) -> dict[str, str]:
    day = warsaw_date(world.clock.now()) + timedelta(days=30)
    given = {
        "request_id": str(uuid4()),
        "email": "kto-inny@poczta.example",
        "zakres": "platnosci",
        "do": day.isoformat(),
    }
    return given | values


def test_an_owner_invites_and_takes_the_invitation_back(anna: Visitor, world: World):
    fields = invited(world)
    response = anna.submit(PAGE, **fields)
    assert response.location == PAGE
    text = anna.text(PAGE)
    assert "Zaproszenie jest w drodze na adres kto-inny@poczta.example." in text
    assert "kto-inny@poczta.example oglądanie i płacenie do 22 grudnia 2026" in text
    page = BeautifulSoup(anna.page(PAGE), "html.parser")
    [row] = [one for one in page.select("li") if "kto-inny@poczta.example" in one.text]
    [form] = row.select("form")
    response = anna.submit(str(form["action"]), at=PAGE)
    assert response.location == PAGE
    assert "Zaproszenie cofnięte." in anna.text(PAGE)
    assert "kto-inny@poczta.example" not in anna.text(PAGE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nie adres"),
        ("email", "anna@poczta.example"),
        ("zakres", "wszystko-i-jeszcze"),
        ("do", "2026-11-01"),
    ],
)
def test_a_wrong_invitation_comes_back_with_what_was_typed(
    anna: Visitor, world: World, field: str, value: str
):
    fields = invited(world, **{field: value})
    response = anna.submit(PAGE, **fields)
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    if field != "email":
        assert 'value="kto-inny@poczta.example"' in response.text


def test_a_double_click_invites_once(anna: Visitor, world: World):
    fields = invited(world, email="dwa-razy@poczta.example")
    for _ in range(2):
        assert anna.submit(PAGE, **fields).location == PAGE
    assert anna.text(PAGE).count("dwa-razy@poczta.example oglądanie") == 1


def test_the_link_leads_through_the_log_in_to_the_offer(world: World, nobody: Visitor):
    email = "nowy-pelnomocnik@poczta.example"
    delegations.invite(world, email)
    token = delegations.link(world, email)
    page = nobody.page(f"/zaproszenie?token={token}")
    assert "Masz zaproszenie" in plain(page)
    assert "Zdrojewska" not in page, "nobody is told whose account it is before the log-in"
    world.join(email, "Nowy")
    invitee = world.visitor(email)
    text = invitee.text(f"/zaproszenie?token={token}")
    for words in ("Anna chce dać Ci dostęp", "Anna Zdrojewska", "ul. Lipowa 7/2", "tylko oglądanie"):
        assert words in text, words
    response = invitee.submit("/zaproszenie", at=f"/zaproszenie?token={token}", token=token)
    assert response.location == "/start"
    assert "Masz teraz dostęp do konta Anna Zdrojewska." in invitee.text("/start")
    assert "Tego zaproszenia nie da się przyjąć." in invitee.text(f"/zaproszenie?token={token}", status=409)
    world.deliver()


def test_somebody_elses_link_says_nothing_of_the_customer(world: World, celina: Visitor):
    delegations.invite(world, "jeszcze-inny@poczta.example")
    token = delegations.link(world, "jeszcze-inny@poczta.example")
    text = celina.text(f"/zaproszenie?token={token}", status=409)
    assert "Zaproszenie wysłano na inny adres e-mail." in text
    assert "Zdrojewska" not in text
    response = celina.submit("/zaproszenie", at="/profil", token=token)
    assert "Zaproszenie wysłano na inny adres e-mail." in plain(response.text)


def test_a_delegate_sees_the_own_access_and_nobody_elses(world: World):
    email = delegations.let_in(world)
    delegate = world.visitor(email)
    text = delegate.text(PAGE)
    assert "Działasz w imieniu kogoś innego" in text
    assert "Możesz tylko oglądanie" in text
    for others in ("anna@poczta.example", "bartek@poczta.example", delegations.INVITED):
        assert others not in text
    assert delegate.get(f"{PAGE}/{delegations.grant_id(world)}").status_code == 404


def test_an_owner_moves_the_last_day_and_sends_a_delegate_away(world: World, anna: Visitor):
    email = delegations.let_in(world)
    delegate, address = world.visitor(email), f"{PAGE}/{delegations.grant_id(world)}"
    assert "Pełnomocnik" in anna.text(address)
    assert anna.submit(address, do="2026-12-31").location == PAGE
    assert "do 31 grudnia 2026" in anna.text(PAGE)
    assert anna.submit(address, do="2026-01-01").status_code == 422
    assert "Faktury" in delegate.text("/start")
    assert anna.submit(f"{address}/odbierz", at=address).location == PAGE
    assert "Dostęp odebrany." in anna.text(PAGE)
    assert delegate.get("/faktury").location == "/dodaj-konto"
    world.deliver()


def test_a_delegate_gives_the_access_up(world: World):
    delegate = world.visitor(delegations.let_in(world))
    response = delegate.submit(f"{PAGE}/zrezygnuj", at=PAGE)
    assert response.location == "/"
    assert delegate.get("/start").location == "/dodaj-konto"


def test_staff_see_who_has_access_and_end_it_and_the_log_says_so(
    world: World, daria: Visitor, edward: Visitor
):
    email = delegations.let_in(world)
    delegations.invitation_id(world)
    page = f"/konsola/klienci/{world.annas.customer_id}/dostep"
    text = daria.text(page)
    for words in (email, "pełnomocnik, z zaproszenia", "na podstawie faktury", delegations.INVITED):
        assert words in text, words
    grant_id = delegations.grant_id(world)
    assert daria.submit(f"{page}/{grant_id}/odbierz", at=page).location == page
    assert f"{page}/{grant_id}/odbierz" not in daria.page(page)
    world.deliver()
    assert "odebrano komuś dostęp do klienta" in edward.text("/konsola/audyt?kto=Daria&zmiany=1")
    invitation_id = delegations.invitation_id(world)
    cancel = f"/konsola/klienci/{world.annas.customer_id}/zaproszenia/{invitation_id}/cofnij"
    assert daria.submit(cancel, at=page).location == page
    assert delegations.INVITED not in daria.text(page)


def test_the_switcher_says_address_number_and_until_when(world: World):
    email = delegations.let_in(world)
    page = BeautifulSoup(world.visitor(email).page("/start"), "html.parser")
    [switcher] = page.select("details.eb-switch")
    text = plain(str(switcher))
    for words in ("Lipowa 7/2", "20411085", "Anna Zdrojewska", "pełnomocnictwo do"):
        assert words in text, words
    assert switcher.select_one("form[method=post] button[name=customer_id]"), (
        "works without a script, by keyboard"
    )


# What pages of each scope offer.


def offered(visitor: Visitor, world: World) -> dict[str, set[str]]:
    """Where links lead and forms are sent, on every page of the portal that needs no sample of its own."""
    found: dict[str, set[str]] = {"links": set(), "forms": set()}
    for rule in urls.rules(world.app, "portal."):
        if rule.arguments or rule.rule in {"/wyloguj"}:
            continue
        response = visitor.get(rule.rule)
        if response.status_code != 200 or "html" not in response.content_type:
            continue
        page = BeautifulSoup(response.text, "html.parser")
        found["links"] |= {str(one["href"]) for one in page.select("main a[href]")}
        found["forms"] |= {
            str(one.get("action") or rule.rule)
            for one in page.select("form[method=post]")
            if one.select_one("button, input[type=submit]")
        }
    return found


def test_who_may_only_look_is_offered_nothing_else(world: World):
    seen = offered(world.visitor(delegations.let_in(world)), world)
    assert not [one for one in seen["links"] if PAYS.match(one) or CHANGES.match(one)]
    of_customer = {
        one
        for one in seen["forms"]
        if one.startswith(("/profil/z", "/profil/powiadomienia", "/zgloszenia", "/odczyt", "/zaplac"))
    }
    assert of_customer == set()


def test_who_may_pay_is_offered_paying_and_no_changes(world: World):
    seen = offered(world.visitor(delegations.let_in(world, grants_pb2.SCOPE_PAY)), world)
    assert [one for one in seen["links"] if PAYS.match(one)]
    assert not [one for one in seen["links"] if CHANGES.match(one)]


def test_who_may_manage_is_offered_all_but_delegates(world: World):
    visitor = world.visitor(delegations.let_in(world, grants_pb2.SCOPE_MANAGE))
    seen = offered(visitor, world)
    assert [one for one in seen["links"] if PAYS.match(one)]
    assert [one for one in seen["links"] if CHANGES.match(one)]
    assert "Zaproś pełnomocnika" not in visitor.text(PAGE)
