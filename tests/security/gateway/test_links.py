"""A secret that was mailed or shown opens the one door it was made for, once; at every other door it is nothing.

Of purposes within identity: tests/identity/api/test_users.py. Each link once: the tests of its own page.
"""

import pytest

from chassis.ids import new_id
from tests.gateway import delegations, form_samples, offers
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import PASSWORD, World

# Where each kind of token opens something, and what its form is called.
DOORS = {
    "confirm": "/potwierdzenie",
    "new_password": "/nowe-haslo",
    "confirm_new_email": "/nowy-adres",
    "deny_sign_in": "/to-nie-ja",
    "undo_email_change": "/poprzedni-adres",
    "invitation": "/zaproszenie",
}
FRESH = "cztery słowa obok siebie"


def _invitation(world: World) -> str:
    email = f"zaproszony-{new_id()}@poczta.example"
    delegations.invite(world, email)
    return delegations.link(world, email)


def token_of(world: World, kind: str) -> str:
    if kind == "invitation":
        return _invitation(world)
    if kind == "session":
        return world.log_in("anna@poczta.example")
    if kind == "unsubscribe":
        return offers.offer_token(world)
    return form_samples.SAMPLES["portal." + kind, "token"].make(world)


def use(world: World, visitor: Visitor, door: str, token: str) -> bool:
    """Whether a token did anything at a door."""
    answer = visitor.submit(DOORS[door], at="/logowanie", token=token, password=FRESH)
    return answer.status_code == 303


@pytest.mark.parametrize("kind", [*DOORS, "session", "unsubscribe"])
def test_no_token_opens_the_door_of_another_kind(world: World, kind: str):
    token = token_of(world, kind)
    visitor, insider = world.visitor(), world.visitor("celina@poczta.example")
    for door, path in DOORS.items():
        if door == kind:
            continue
        assert not use(world, visitor, door, token), door
        assert insider.submit(path, at="/profil", token=token, password=FRESH).status_code != 303, door
    visitor.take_session(token)
    if kind != "session":
        assert visitor.get("/start").location.startswith("/logowanie")


@pytest.mark.parametrize(
    "kind", ["confirm", "new_password", "confirm_new_email", "deny_sign_in", "undo_email_change"]
)
def test_after_all_that_its_own_door_opens_once(world: World, kind: str):
    """Trying it elsewhere used nothing up, and the second time is one too many."""
    token, visitor = token_of(world, kind), world.visitor()
    for door in DOORS:
        if door != kind:
            use(world, visitor, door, token)
    assert use(world, visitor, kind, token)
    assert not use(world, world.visitor(), kind, token)


def test_a_link_is_in_no_answer_that_leads_on(world: World):
    """What the browser is led to next would carry it in its history and its referrer."""
    token, visitor = token_of(world, "new_password"), world.visitor()
    answer = visitor.submit("/nowe-haslo", at=f"/nowe-haslo?token={token}", token=token, password=FRESH)
    assert answer.status_code == 303
    assert token not in answer.location
    assert token not in visitor.page(answer.location)
    assert PASSWORD not in plain(answer.text)
