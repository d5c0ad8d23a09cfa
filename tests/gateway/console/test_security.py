"""Bezpieczeństwo of staff, and an administrator who helps a colleague that lost the telephone."""

import re

import pytest
from sqlalchemy import text

from demo.authenticators import Authenticator
from tests.gateway.portal.test_security import inside, set_up
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import PASSWORD, STAFF_PASSWORD, World

DARIA, EDWARD = "daria@wodociagi-zdroj.example", "edward@wodociagi-zdroj.example"
SECURITY = "/konsola/bezpieczenstwo"


@pytest.fixture
def unproven(world: World, edward: Visitor) -> Visitor:
    """Edward, as ten minutes after he has proven who he is."""
    statement = text(
        "UPDATE sessions SET stepped_up_at = stepped_up_at - interval '10 minutes' FROM staff m"
        " WHERE m.staff_id = sessions.staff_id AND m.email = :email"
    )
    with world.identity.database.transaction() as session:
        session.execute(statement, {"email": EDWARD})
    return edward


def test_staff_see_what_protects_them_and_cannot_do_without(daria: Visitor):
    page = daria.page(SECURITY)
    assert "Włączona od" in plain(page)
    assert "Wyłącz kody" not in plain(page)
    assert f'action="{SECURITY}/kody"' in page


def test_staff_prove_themselves_by_a_code(world: World, unproven: Visitor):
    asked = unproven.get(f"{SECURITY}/haslo")
    assert asked.location == f"{SECURITY}/potwierdz?next=/konsola/bezpieczenstwo/haslo"
    assert 'name="code"' in unproven.page(asked.location)
    assert unproven.submit(asked.location, code="000000").status_code == 422
    assert unproven.submit(asked.location, code=world.code(EDWARD)).location == f"{SECURITY}/haslo"


def test_a_lost_app_is_taken_away_after_a_proof_and_set_up_anew(world: World, unproven: Visitor):
    world.log_in(DARIA, staff=True)
    page = f"/konsola/pracownicy/{world.colleague('Daria').staff_id}"
    led = unproven.submit(f"{page}/aplikacja", at=page)
    assert led.location == f"{SECURITY}/potwierdz?next={page}"
    assert unproven.submit(led.location, code=world.code(EDWARD)).location == page
    assert unproven.submit(f"{page}/aplikacja", at=page).location == page
    assert "Nie ma jeszcze aplikacji" in unproven.text(page)

    nobody = world.visitor()
    second = nobody.submit("/konsola/logowanie", email=DARIA, password=STAFF_PASSWORD)
    enrol = nobody.page(second.location)
    assert "Ustaw aplikację z kodami" in plain(enrol)
    assert "<svg" in enrol
    found = re.search(r'class="eb-key-text">([A-Z2-7 ]{30,})<', enrol)
    assert found
    world.apps[DARIA] = Authenticator(found[1].replace(" ", ""))
    assert nobody.get("/konsola/").status_code == 303
    codes = nobody.submit(second.location, code=world.code(DARIA))
    assert codes.status_code == 200
    assert len(re.findall(r"<li>[0-9A-Z]{5}-[0-9A-Z]{5}</li>", codes.text)) == 10
    assert nobody.get("/konsola/").status_code == 200


def test_a_clerk_takes_nobody_s_app_away(world: World, daria: Visitor):
    edward = world.colleague("Edward").staff_id
    assert daria.submit(f"/konsola/pracownicy/{edward}/aplikacja", at=SECURITY).status_code == 403
    assert world.colleague("Edward").HasField("totp_since")


def test_a_customer_s_lost_app_is_taken_away_with_a_reason(world: World, unproven: Visitor):
    """Asked for in the office; the proof keeps what was typed, and what was done is on the page for good."""
    email = "zgubila@poczta.example"
    world.join(email, "Zguba")
    world.claim(email, world.annas)
    page = f"/konsola/klienci/{world.annas.customer_id}/dostep"
    grant_id = next(
        one.grant_id for one in world.check(email).grants if one.customer_id == world.annas.customer_id
    )
    set_up(world, inside(world, email))
    typed = {"osoba": grant_id, "powod": "Dowód sprawdzony"}
    request_id = re.search(r'name="request_id" value="([^"]+)"', unproven.page(page))
    assert request_id
    led = unproven.submit(page, request_id=request_id[1], **typed)
    assert led.location == f"{SECURITY}/potwierdz?next={page}"
    assert unproven.submit(led.location, code=world.code(EDWARD)).location == page
    form = unproven.page(page)
    for kept in (f'value="{grant_id}" selected', "Dowód sprawdzony", request_id[1]):
        assert kept in form
    assert unproven.submit(page, request_id=request_id[1], osoba=grant_id).status_code == 422
    assert unproven.submit(page, request_id=request_id[1], **typed).location == page
    said = unproven.text(page)
    assert "Aplikacja i kody zapasowe są odłączone." in said
    assert "Dowód sprawdzony" in said
    assert world.visitor().submit("/logowanie", email=email, password=PASSWORD).location == "/start"
    assert unproven.submit(f"{page}/{grant_id}/odbierz", at=page).location == page
    world.deliver()
    assert "odłączono komuś aplikację z kodami" in unproven.text("/konsola/audyt?zmiany=1")


def test_a_clerk_takes_no_customer_s_app_away(world: World, daria: Visitor):
    page = f"/konsola/klienci/{world.annas.customer_id}/dostep"
    assert "Utracona aplikacja" not in daria.text(page)
    grant_id = next(
        one.grant_id
        for one in world.check("anna@poczta.example").grants
        if one.customer_id == world.annas.customer_id
    )
    request_id = "01930000-0000-7000-8000-00000000f001"
    sent = daria.submit(page, at=SECURITY, osoba=grant_id, powod="Bo tak", request_id=request_id)
    assert sent.status_code == 403
