"""Bezpieczeństwo of staff, and an administrator who helps a colleague that lost the telephone."""

import re

import pytest
from sqlalchemy import text

from demo.authenticators import Authenticator
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import STAFF_PASSWORD, World

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
