"""Whoever asks whether somebody has an account learns it neither from the words nor from the work that is done.

Counted, not timed: passwords hashed and statements run, door by door, through the pages. At identity's own doors:
tests/identity/api/test_sessions.py (log-in, registration, reset), test_grants.py (claim), test_delegates.py
(invitation), test_tokens.py (clients); this adds what the pages and REST make of them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from chassis.ids import new_id
from chassis.testing.statements import heard
from tests.gateway.api.office import Office
from tests.gateway.visitors import Visitor, somewhere
from tests.gateway.world import PASSWORD, World

PROOF = {"invoice_number": "FV/2026/999999", "invoice_total": "1,00"}
WRONG = "złe hasło, zupełnie"
VARYING = re.compile(
    r'[0-9A-F]{4}-[0-9A-F]{4}|value="[^"]*"|nonce="[^"]*"|[\w.+-]+@[\w.-]+\.example|[0-9]{8}'
)


@contextmanager
def watched(world: World) -> Iterator[list[str]]:
    """What identity and billing are asked by a request: first words of statements, and passwords hashed."""
    done: list[str] = []
    before = hashes(world)
    with heard(world.identity.database, world.billing.database) as statements:
        yield done
    kinds = [statement.split()[0] for statement in statements]
    # A savepoint that is kept and one that is taken back end by different words.
    done += ["savepoint ends" if kind in ("RELEASE", "ROLLBACK") else kind for kind in kinds]
    done.append(f"hashes: {hashes(world) - before:g}")


def hashes(world: World) -> float:
    registry = world.identity.runtime.metrics.registry
    return sum(
        registry.get_sample_value("ebok_identity_password_hashes_total", {"outcome": outcome}) or 0
        for outcome in ("made", "checked")
    )


Seen = tuple[int, str, str, list[str]]


def seen(world: World, send: Callable[[], object]) -> Seen:
    """All that a stranger gets to see, and the work behind it."""
    with watched(world) as done:
        answer = send()
    words = VARYING.sub("", answer.get_data(as_text=True))  # type: ignore[attr-defined]
    return answer.status_code, answer.location or "", words, done  # type: ignore[attr-defined]


def address() -> str:
    return f"nikt-{new_id()}@poczta.example"


def apart(world: World, path: str, email: str, **fields: str) -> Seen:
    """A form sent by a browser of its own, from an address of its own."""
    browser = world.visitor()
    browser.environ_base["REMOTE_ADDR"] = somewhere()["REMOTE_ADDR"]
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.page(path))
    assert found
    data = {"csrf_token": found[1], "email": email, **fields}
    return seen(world, lambda: browser.post(path, data=data))


@pytest.fixture
def known(world: World) -> str:
    email = address()
    world.join(email, "Hanna")
    world.visitor().get("/")  # The provider's settings are remembered now.
    return email


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/logowanie", {"password": WRONG}),
        ("/konsola/logowanie", {"password": WRONG}),
        ("/haslo", {}),
        ("/rejestracja", {"name": "Hanna", "password": PASSWORD}),
    ],
)
def test_an_account_is_not_betrayed_by_words_or_work(
    world: World, known: str, path: str, fields: dict[str, str]
):
    apart(world, path, address(), **fields)  # The first one fills caches.
    with_account, without = (apart(world, path, email, **fields) for email in (known, address()))
    assert with_account == without
    assert without[3][-1] == ("hashes: 0" if path == "/haslo" else "hashes: 1")


def test_a_member_of_staff_is_not_betrayed(world: World, known: str):
    member, nobody = (
        apart(world, "/konsola/logowanie", email, password=WRONG)
        for email in ("daria@wodociagi-zdroj.example", address())
    )
    assert member == nobody


def test_whose_customer_number_it_is_is_not_betrayed_by_a_wrong_proof(world: World):
    def claim(number: str) -> Seen:
        email = address()
        world.join(email, "Hanna")
        browser: Visitor = world.visitor(email)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.page("/dodaj-konto"))
        assert found
        data = {"csrf_token": found[1], "customer_number": number, **PROOF}
        return seen(world, lambda: browser.post("/dodaj-konto", data=data))

    claim("99999990")
    assert claim(world.annas.number) == claim("99999999")


def test_an_invitation_does_not_say_who_has_an_account(world: World, known: str):
    def invite(email: str) -> Seen:
        browser = world.visitor("anna@poczta.example")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.page("/profil/pelnomocnicy"))
        assert found
        data = {"csrf_token": found[1], "request_id": str(new_id()), "email": email, "zakres": "platnosci",
                "do": "2026-12-20"}  # fmt: skip
        return seen(world, lambda: browser.post("/profil/pelnomocnicy", data=data))

    invite(address())
    with_account, without = invite(known), invite(address())
    assert with_account[0] == 303
    assert with_account == without


def test_a_client_is_not_betrayed_by_a_wrong_secret(app: Flask, world: World):
    client_id, _secret = Office(world).client("GIS")

    def ask(name: str, secret: str = "ebok_zly_" + "x" * 30) -> Seen:
        browser = app.test_client(use_cookies=False)
        options = {"auth": (name, secret), "data": {"grant_type": "client_credentials"}}
        return seen(
            world,
            lambda: browser.post("/api/v1/oauth/token", environ_base=somewhere(), **options),
        )

    ask(str(new_id()))
    known, unknown = ask(client_id), ask(str(new_id()))
    assert known[0] == 401
    assert _but_the_trace(known) == _but_the_trace(unknown)


def _but_the_trace(answer: Seen) -> tuple[object, ...]:
    status, location, words, done = answer
    return status, location, re.sub(r"[0-9a-f]{32}", "", words), done
