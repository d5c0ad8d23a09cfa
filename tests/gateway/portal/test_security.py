"""Bezpieczeństwo: the second step of a log-in, proving who one is, the app, devices, another password and address."""

import re
from datetime import timedelta
from itertools import count

import pyotp
import pytest
from ebok.identity.v1 import events_pb2
from sqlalchemy import text
from werkzeug.test import TestResponse

from chassis.ids import new_id
from tests.gateway.visitors import Visitor, plain
from tests.gateway.web.test_parts import decoded
from tests.gateway.world import PASSWORD, World

QR = re.compile(r'<div class="eb-qr[^>]*>(<svg.*?</svg>)', re.DOTALL)
KEY = re.compile(r'class="eb-key-text">([A-Z2-7 ]+)<')
CODES = re.compile(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>")
SECURITY = "/bezpieczenstwo"
_numbers = count(1)


def joined(world: World) -> str:
    """A new account; answers its address."""
    email = f"anna.{next(_numbers)}@poczta.example"
    world.join(email, "Anna")
    return email


def inside(world: World, email: str) -> Visitor:
    """A browser that has logged in by the form."""
    visitor = world.visitor()
    assert visitor.submit("/logowanie", email=email, password=PASSWORD).status_code == 303
    return visitor


def set_up(world: World, visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """Follow the page of the app; answers the app and the recovery codes."""
    page = visitor.page(f"{SECURITY}/aplikacja")
    found = KEY.search(page)
    assert found
    app = pyotp.TOTP(found[1].replace(" ", ""))
    done = visitor.submit(f"{SECURITY}/aplikacja", code=app.at(world.clock.now()))
    assert done.status_code == 200
    return app, CODES.findall(done.text)


def next_code(world: World, app: pyotp.TOTP) -> str:
    """A code that was not used: one of the next half minute."""
    return str(app.at(world.clock.now() + timedelta(seconds=30)))


def test_the_app_is_set_up_and_asked_for_at_the_next_log_in(world: World):
    email = joined(world)
    visitor = inside(world, email)
    assert "Ustaw aplikację" in visitor.text(SECURITY)
    app, codes = set_up(world, visitor)
    assert len(set(codes)) == 10
    assert "Zostało 10 kodów zapasowych." in visitor.text(SECURITY)

    other = world.visitor()
    second = other.submit("/logowanie?next=/profil", email=email, password=PASSWORD)
    assert second.location == "/logowanie/kod?next=/profil"
    assert other.get("/profil").location.startswith("/logowanie")
    wrong = other.submit(second.location, code="000000")
    assert (wrong.status_code, "Ten kod nie pasuje" in plain(wrong.text)) == (422, True)
    assert other.submit(second.location, code=next_code(world, app)).location == "/profil"
    assert other.get("/profil").status_code == 200


def test_the_picture_says_what_the_key_says_and_codes_are_shown_once(world: World):
    visitor = inside(world, joined(world))
    page = visitor.page(f"{SECURITY}/aplikacja")
    picture, key = QR.search(page), KEY.search(page)
    assert picture
    assert key
    uri = decoded(picture[1])
    assert uri.startswith("otpauth://totp/")
    assert pyotp.parse_uri(uri).secret == key[1].replace(" ", "")

    _app, codes = set_up(world, visitor)
    for path in (SECURITY, f"{SECURITY}/aplikacja"):
        text = visitor.page(path)
        assert [code for code in codes if code in text] == [], path


def test_a_recovery_code_opens_once(world: World):
    email = joined(world)
    _app, codes = set_up(world, inside(world, email))
    for answer in (303, 422):
        visitor = world.visitor()
        second = visitor.submit("/logowanie", email=email, password=PASSWORD)
        assert visitor.submit(f"{second.location}?zapasowy=1", code=codes[0].lower()).status_code == answer


def test_a_trusted_browser_is_asked_for_no_code(world: World):
    email = joined(world)
    app, _codes = set_up(world, inside(world, email))
    visitor = world.visitor()
    second = visitor.submit("/logowanie", email=email, password=PASSWORD)
    visitor.submit(second.location, code=next_code(world, app), remember="1")
    visitor.submit("/wyloguj", at=SECURITY)
    assert visitor.submit("/logowanie", email=email, password=PASSWORD).location == "/start"
    # Without a code of today, what touches the account asks for one.
    assert visitor.get(f"{SECURITY}/haslo").location == f"{SECURITY}/potwierdz?next=/bezpieczenstwo/haslo"


@pytest.mark.parametrize("path", ["haslo", "aplikacja", "email"])
def test_after_ten_minutes_changes_ask_who_one_is(world: World, path: str):
    email = joined(world)
    visitor = inside(world, email)
    assert visitor.get(f"{SECURITY}/{path}").status_code == 200
    _end_step_up(world, email)
    asked = visitor.get(f"{SECURITY}/{path}")
    assert asked.status_code == 303
    assert visitor.submit(asked.location, password="nie to hasło").status_code == 422
    assert visitor.submit(asked.location, password=PASSWORD).location == f"{SECURITY}/{path}"
    assert visitor.get(f"{SECURITY}/{path}").status_code == 200


def test_what_was_typed_is_there_after_the_proof(world: World):
    email = joined(world)
    visitor = inside(world, email)
    token = visitor.page(f"{SECURITY}/email")
    _end_step_up(world, email)
    found = re.search(r'name="csrf_token" value="([^"]+)"', token)
    assert found
    sent = visitor.post(
        f"{SECURITY}/email", data={"csrf_token": found[1], "new_email": "inna.anna@poczta.example"}
    )
    back = visitor.submit(sent.location, password=PASSWORD)
    assert 'value="inna.anna@poczta.example"' in visitor.page(back.location)


def test_the_password_is_changed_and_ends_other_sessions(world: World):
    email = joined(world)
    visitor, elsewhere = inside(world, email), inside(world, email)
    fresh = "pięć żab pod mostem"
    wrong = _change_password(visitor, "nie to hasło", fresh)
    assert (wrong.status_code, "To nie jest Twoje hasło." in plain(wrong.text)) == (422, True)
    weak = _change_password(visitor, PASSWORD, "anna123456")
    assert weak.status_code == 422
    assert _change_password(visitor, PASSWORD, fresh).location == SECURITY
    assert visitor.get(SECURITY).status_code == 200
    assert elsewhere.get(SECURITY).location.startswith("/logowanie")
    said = elsewhere.text("/logowanie")
    assert "Wylogowano. Minęło dużo czasu albo zakończono logowanie na innym urządzeniu." in said
    assert "Wylogowano" not in elsewhere.text("/logowanie")
    assert world.visitor().submit("/logowanie", email=email, password=fresh).status_code == 303


def test_devices_are_listed_and_logged_out_one_by_one(world: World):
    email = joined(world)
    visitor, phone = inside(world, email), inside(world, email)
    page = visitor.page(SECURITY)
    [path] = set(re.findall(rf'action="({SECURITY}/urzadzenia/[^"]+)"', page))
    assert visitor.submit(path, at=SECURITY).location == SECURITY
    assert phone.get(SECURITY).status_code == 303
    assert f"{SECURITY}/urzadzenia" not in visitor.page(SECURITY)


def test_a_session_of_somebody_else_is_not_ended(world: World):
    visitor, other = inside(world, joined(world)), joined(world)
    phone, desk = inside(world, other), inside(world, other)
    [path] = set(re.findall(rf'action="({SECURITY}/urzadzenia/[^"]+)"', desk.page(SECURITY)))
    assert visitor.submit(path, at=f"{SECURITY}/haslo").status_code == 303
    assert phone.get(SECURITY).status_code == 200


def test_another_address_counts_once_its_link_was_used(world: World):
    email = joined(world)
    visitor = inside(world, email)
    assert visitor.submit(f"{SECURITY}/email", new_email="anna.nowa@poczta.example").location == SECURITY
    assert email in visitor.text(SECURITY)
    token = world.mailed_token(email, events_pb2.EmailChangeRequested)
    opened = world.visitor()
    assert opened.submit("/nowy-adres", at=f"/nowy-adres?token={token}", token=token).location == "/logowanie"
    again = opened.submit("/nowy-adres", at=f"/nowy-adres?token={token}", token=token)
    assert again.status_code == 409
    assert "Ten link został już użyty: logujesz się nowym adresem." in plain(again.text)
    assert "Adres się nie zmienił" not in plain(again.text)
    assert "anna.nowa@poczta.example" in visitor.text(SECURITY)
    assert world.visitor().submit("/logowanie", email=email, password=PASSWORD).status_code == 409


def moved(world: World) -> tuple[str, str, Visitor]:
    """Somebody's account that logs in with another address now: the former one, the link it got, who changed it."""
    email, new = joined(world), f"nowy-{new_id()}@poczta.example"
    visitor = inside(world, email)
    visitor.submit(f"{SECURITY}/email", new_email=new)
    token = world.mailed_token(email, events_pb2.EmailChangeRequested)
    world.visitor().submit("/nowy-adres", at=f"/nowy-adres?token={token}", token=token)
    return email, world.mailed_token(new, events_pb2.EmailChanged), visitor


def test_the_former_mailbox_takes_the_account_back(world: World):
    email, token, stranger = moved(world)
    link, opened, celina = f"/poprzedni-adres?token={token}", world.visitor(), inside(world, joined(world))
    assert "wylogujemy wszystkich" in opened.text(link), "looking at it does nothing"
    assert stranger.get(SECURITY).status_code == 200
    led = opened.submit("/poprzedni-adres", at=link, token=token)
    assert stranger.get(SECURITY).status_code == 303
    assert celina.get(SECURITY).status_code == 200
    assert "Wszyscy są wylogowani z Twojego konta." in opened.text(led.location)
    reset, fresh = led.location.partition("token=")[2], "cztery słowa obok siebie"
    assert opened.submit("/nowe-haslo", at=led.location, token=reset, password=fresh).location == "/logowanie"
    assert world.visitor().submit("/logowanie", email=email, password=fresh).location == "/start"
    again = world.visitor().submit("/poprzedni-adres", at=link, token=token)
    assert again.status_code == 409
    assert "Ten link już nie działa" in plain(again.text)


def test_a_former_address_that_another_account_has_is_said_so(world: World):
    email, token, stranger = moved(world)
    world.known.remove(email)
    world.join(email, "Ktoś")
    opened, link = world.visitor(), f"/poprzedni-adres?token={token}"
    led = opened.submit("/poprzedni-adres", at=link, token=token)
    said = opened.text(led.location)
    assert "Twój poprzedni adres ma już inne konto." in said
    assert "@poczta.example i od razu zmień adres" in said
    assert stranger.get(SECURITY).status_code == 303


def test_it_was_not_me_logs_everybody_out_and_leads_to_a_new_password(world: World):
    email = joined(world)
    visitor = inside(world, email)
    stranger = inside(world, email)
    token = world.mailed_token(email, events_pb2.NewDeviceSignedIn)
    opened = world.visitor()
    link = f"/to-nie-ja?token={token}"
    assert "To nie ja" in opened.text(link), "looking at it does nothing"
    assert stranger.get(SECURITY).status_code == 200
    led = opened.submit("/to-nie-ja", at=link, token=token)
    assert led.location.startswith("/nowe-haslo?token=")
    assert stranger.get(SECURITY).status_code == visitor.get(SECURITY).status_code == 303
    fresh = "cztery słowa obok siebie"
    reset = led.location.partition("token=")[2]
    assert opened.submit("/nowe-haslo", at=led.location, token=reset, password=fresh).location == "/logowanie"
    assert world.visitor().submit("/to-nie-ja", at=link, token=token).status_code == 409


def test_codes_are_switched_off(world: World):
    email = joined(world)
    visitor = inside(world, email)
    set_up(world, visitor)
    assert visitor.submit(f"{SECURITY}/aplikacja/usun", at=SECURITY).location == SECURITY
    assert world.visitor().submit("/logowanie", email=email, password=PASSWORD).location == "/start"


def test_new_recovery_codes_replace_the_old_ones(world: World):
    email = joined(world)
    visitor = inside(world, email)
    _app, old = set_up(world, visitor)
    fresh = CODES.findall(visitor.submit(f"{SECURITY}/kody", at=SECURITY).text)
    assert len(fresh) == 10
    assert not set(old) & set(fresh)


def test_the_second_step_without_a_first_leads_to_the_log_in(nobody: Visitor):
    assert nobody.get("/logowanie/kod").location == "/logowanie"


def test_a_browser_keeps_a_secret_that_names_nobody(world: World):
    email = joined(world)
    visitor = inside(world, email)
    cookie = visitor.get_cookie("ebok_device")
    assert cookie is not None
    assert len(cookie.value) == 43
    assert cookie.http_only
    assert visitor.get(SECURITY).headers.getlist("Set-Cookie") == []


def _change_password(visitor: Visitor, old: str, new: str) -> TestResponse:
    return visitor.submit(f"{SECURITY}/haslo", current_password=old, new_password=new)


def _end_step_up(world: World, email: str) -> None:
    """As after ten minutes, for this account alone."""
    statement = text(
        "UPDATE sessions SET stepped_up_at = stepped_up_at - interval '10 minutes' FROM users u "
        "WHERE u.user_id = sessions.user_id AND u.email = :email"
    )
    with world.identity.database.transaction() as session:
        session.execute(statement, {"email": email})
