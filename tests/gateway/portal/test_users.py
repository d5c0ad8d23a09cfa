"""From a stranger to a customer: register, confirm, log in, claim, forget the password; and every wrong way."""

import itertools

import pytest
from bs4 import BeautifulSoup
from ebok.identity.v1 import events_pb2
from werkzeug.test import TestResponse

from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import PASSWORD, World

MARKUP = "<script>alert(1)</script>"
_numbers = itertools.count(1)


def somebody() -> str:
    """An address nobody has."""
    return f"ktos-{next(_numbers)}@poczta.example"


def words(response: TestResponse) -> str:
    return plain(response.text)


def test_a_stranger_becomes_a_customer(world: World, nobody: Visitor):
    email = somebody()
    sent = nobody.submit("/rejestracja", name="Hanna", email=email, password=PASSWORD)
    assert sent.location == "/rejestracja/wyslano"
    assert email in nobody.text("/rejestracja/wyslano")

    token = world.mailed_token(email)
    link = f"/potwierdzenie?token={token}"
    assert "Jedno naciśnięcie" in nobody.text(link)
    assert "Jedno naciśnięcie" in nobody.text(link)  # Looking changes nothing.
    confirmed = nobody.submit("/potwierdzenie", at=link, token=token)
    assert confirmed.location == "/logowanie"
    page = nobody.page("/logowanie")
    assert "Adres e-mail potwierdzony." in page
    assert f'value="{email}"' in page

    assert nobody.submit("/logowanie", email=email, password=PASSWORD).location == "/start"
    assert nobody.get("/start").location == "/dodaj-konto"

    invoice = world.bakery.last_invoice
    total = f"{invoice.total_gross.grosze // 100} , {invoice.total_gross.grosze % 100:02d} zł".replace(
        " , ", ","
    )
    claimed = nobody.submit(
        "/dodaj-konto",
        customer_number="20 444 018",
        invoice_number=f" {invoice.number} ",
        invoice_total=total,
    )
    assert claimed.location == "/start"
    text = nobody.text("/start")
    assert "Konto zostało dodane." in text
    assert "20 444 018" in text
    assert "Dzień dobry, Hanno" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " "),
        ("name", "x" * 81),
        ("email", ""),
        ("email", "anna"),
        ("email", "a@b"),
        ("email", MARKUP),
        ("email", "x" * 250 + "@poczta.example"),
        ("password", ""),
        ("password", "krótkie"),
        ("password", "x" * 129),
        ("password", "password1234"),
    ],
)
def test_a_wrong_field_of_the_registration_is_marked(nobody: Visitor, field: str, value: str):
    typed = {"name": "Hanna", "email": somebody(), "password": PASSWORD} | {field: value}
    response = nobody.submit("/rejestracja", **typed)
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    assert MARKUP not in response.text
    assert PASSWORD not in response.text
    if field != "name":
        assert 'value="Hanna"' in response.text


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("krótkie", "To za krótkie"),
        ("Hanna 1985", "Pomiń imię"),
        ("qwerty12345", "Tego hasła używa wiele osób"),
        ("abcdefghijkl", "To prosty wzór"),
        ("12.05.1985", "Datę łatwo odgadnąć"),
    ],
)
def test_why_a_password_is_too_easy_is_said_at_its_field(nobody: Visitor, password: str, said: str):
    response = nobody.submit("/rejestracja", name="Hanna", email=somebody(), password=password)
    page = BeautifulSoup(response.text, "html.parser")
    at_field = page.find(id="f-password-e")
    assert at_field is not None
    assert said in plain(str(at_field))


@pytest.mark.parametrize("path", ["/rejestracja", "/logowanie", "/haslo"])
def test_nothing_at_all_is_no_fault_of_ours(nobody: Visitor, path: str):
    response = nobody.submit(path)
    assert response.status_code == 422
    assert "eb-error" in response.text


def test_a_known_address_is_not_betrayed(nobody: Visitor):
    known = nobody.submit("/rejestracja", name="Hanna", email="anna@poczta.example", password=PASSWORD)
    fresh = nobody.submit("/rejestracja", name="Hanna", email=somebody(), password=PASSWORD)
    assert (known.status_code, known.location) == (fresh.status_code, fresh.location)
    assert nobody.submit("/haslo", email="anna@poczta.example").location == "/haslo/wyslano"
    assert nobody.submit("/haslo", email=somebody()).location == "/haslo/wyslano"


@pytest.mark.parametrize("token", ["", "abc", MARKUP, "x" * 500])
@pytest.mark.parametrize("path", ["/potwierdzenie", "/nowe-haslo"])
def test_a_wrong_link_says_what_to_do(nobody: Visitor, path: str, token: str):
    nobody.get("/logowanie")
    page = nobody.get(path, query_string={"token": token})
    assert page.status_code == 200
    assert MARKUP not in page.text
    response = nobody.submit(path, at="/logowanie", token=token, password="cztery słowa obok siebie")
    assert response.status_code in (409, 422)
    assert MARKUP not in response.text
    assert "Nie udało" not in words(response)
    assert ("/rejestracja" if path == "/potwierdzenie" else "/haslo") in response.text


def test_a_link_works_once(world: World, nobody: Visitor):
    email = somebody()
    nobody.submit("/rejestracja", name="Hanna", email=email, password=PASSWORD)
    token = world.mailed_token(email)
    assert nobody.submit("/potwierdzenie", at=f"/potwierdzenie?token={token}", token=token).status_code == 303
    again = nobody.submit("/potwierdzenie", at=f"/potwierdzenie?token={token}", token=token)
    assert again.status_code == 409
    assert "po prostu się zaloguj" in words(again)


def test_a_new_password_ends_the_old_sessions(world: World, nobody: Visitor):
    email, other = somebody(), world.visitor()
    world.join(email, "Hanna")
    other.take_session(world.log_in(email))
    assert other.get("/profil").status_code == 200
    assert nobody.submit("/haslo", email=email).location == "/haslo/wyslano"
    token = world.mailed_token(email, events_pb2.PasswordResetRequested)
    weak = nobody.submit("/nowe-haslo", at=f"/nowe-haslo?token={token}", token=token, password="aaaaaaaaaaaa")
    assert weak.status_code == 422
    assert 'id="f-password-e"' in weak.text
    fresh = "żółty tramwaj nad rzeką"
    done = nobody.submit("/nowe-haslo", at=f"/nowe-haslo?token={token}", token=token, password=fresh)
    assert done.location == "/logowanie"
    assert other.get("/profil").location.startswith("/logowanie")
    assert nobody.submit("/logowanie", email=email, password=PASSWORD).status_code == 409
    assert nobody.submit("/logowanie", email=email, password=fresh).status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("anna@poczta.example", "złe hasło, zupełnie"),
        ("nieznana@poczta.example", PASSWORD),
        ("'; drop table users; --", PASSWORD),
        (MARKUP, MARKUP),
    ],
)
def test_a_refused_log_in_says_the_same_to_all(nobody: Visitor, email: str, password: str):
    response = nobody.submit("/logowanie", email=email, password=password)
    assert response.status_code == 409
    assert "hasło do siebie nie pasują" in words(response)
    assert MARKUP not in response.text
    assert "Nie udało się zalogować." in words(response)


def test_too_many_attempts_are_told_to_wait(nobody: Visitor):
    email = somebody()
    answers = [nobody.submit("/logowanie", email=email, password="zgaduję zgaduję") for _ in range(7)]
    assert answers[-1].status_code == 429
    assert f'value="{email}"' in answers[-1].text
    assert "Spróbuj" in words(answers[-1])


@pytest.mark.parametrize(
    "wish",
    [
        "https://zle.example/",
        "//zle.example",
        "/\\zle.example",
        "\\\\zle.example",
        "javascript:alert(1)",
        "%2F%2Fzle.example",
        "/%09/zle.example",
        "https:zle.example",
    ],
)
def test_no_log_in_leads_to_another_site(world: World, wish: str):
    visitor = world.visitor()
    response = visitor.submit(
        "/logowanie?next=" + wish, at="/logowanie", email="anna@poczta.example", password=PASSWORD
    )
    assert response.status_code == 303
    assert response.location.startswith("/")
    assert not response.location.startswith(("//", "/\\"))


def test_a_log_in_leads_back(nobody: Visitor):
    page = nobody.get("/faktury?rok=2026&stan=oplacone")
    assert page.status_code == 303
    back = nobody.submit(page.location, email="anna@poczta.example", password=PASSWORD)
    assert back.location == "/faktury?rok=2026&stan=oplacone"


def test_logging_out_ends_the_session_itself(world: World):
    secret = world.log_in("anna@poczta.example")
    one, copied = world.visitor(), world.visitor()
    one.take_session(secret)
    copied.take_session(secret)
    response = one.submit("/wyloguj", at="/profil")
    assert response.location == "/"
    assert "Wylogowano." in one.text("/")
    assert copied.get("/start").location.startswith("/logowanie")
    assert one.submit("/wyloguj", at="/logowanie").location == "/"


PROOF = {"customer_number": "20411085", "invoice_number": "FV/2026/000001", "invoice_total": "1,00"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_number", ""),
        ("customer_number", "9" * 41),
        ("invoice_number", ""),
        ("invoice_number", "x" * 61),
        ("invoice_total", ""),
        ("invoice_total", "dużo"),
        ("invoice_total", "-5"),
        ("invoice_total", "1,234"),
        ("invoice_total", "9" * 30),
        ("invoice_total", MARKUP),
    ],
)
def test_a_wrong_field_of_the_proof_is_marked(newcomer: Visitor, field: str, value: str):
    response = newcomer.submit("/dodaj-konto", **(PROOF | {field: value}))
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    assert MARKUP not in response.text
    if field != "invoice_number":
        assert 'value="FV/2026/000001"' in response.text


def test_a_wrong_proof_does_not_say_what_was_wrong(world: World):
    email = somebody()
    world.join(email, "Hanna")
    visitor = world.visitor(email)
    wrong_number = visitor.submit("/dodaj-konto", **(PROOF | {"customer_number": "99999999"}))
    wrong_invoice = visitor.submit("/dodaj-konto", **(PROOF | {"customer_number": "88888888"}))
    assert wrong_number.status_code == wrong_invoice.status_code == 409
    assert "Te dane do siebie nie pasują." in words(wrong_number)
    assert 'value="99999999"' in wrong_number.text
    assert visitor.get("/start").location == "/dodaj-konto"


def test_bartek_chooses_between_two_customers(world: World, bartek: Visitor):
    assert "Bartek Brzozowski" in bartek.text("/start")
    try:
        assert bartek.submit("/klient", at="/start", customer_id=world.annas.customer_id).location == "/start"
        assert "20 411 085" in bartek.text("/start")
        assert world.annas.last_invoice.number in bartek.text("/faktury")
    finally:
        bartek.submit("/klient", at="/start", customer_id=world.bartek.customer_id)
    assert "20 433 007" in bartek.text("/start")
    assert bartek.get(f"/faktury/{world.annas.last_invoice.invoice_id}").status_code == 404


@pytest.mark.parametrize("wanted", ["", "abc", "01930000-0000-7000-8000-0000000000ff", MARKUP])
def test_a_customer_that_is_not_there_is_refused(bartek: Visitor, wanted: str):
    response = bartek.submit("/klient", at="/start", customer_id=wanted)
    assert response.status_code in (400, 403)
    assert MARKUP not in response.text


def test_an_ended_session_keeps_the_form(world: World):
    email = somebody()
    world.join(email, "Hanna")
    visitor = world.visitor(email)
    page = visitor.page("/dodaj-konto")
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    with visitor.session_transaction() as session:
        session["_user_id"] = "nobody-knows-this-one"
    response = visitor.post("/dodaj-konto", data={"csrf_token": token, **PROOF})
    assert response.status_code == 303
    assert response.location == "/logowanie?next=%2Fdodaj-konto"
    back = visitor.submit(response.location, email=email, password=PASSWORD)
    assert back.location == "/dodaj-konto"
    kept = visitor.page("/dodaj-konto")
    for value in PROOF.values():
        assert f'value="{value}"' in kept
    assert 'value="20411085"' not in visitor.page("/dodaj-konto")  # Given back once.
