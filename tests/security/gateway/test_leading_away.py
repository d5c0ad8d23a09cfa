"""Nobody is led to another site: not by a parameter, not by the Host that a request claims, not by our own mails.

The log-in's `next` is also in tests/gateway/portal/test_users.py, the function behind it in
tests/gateway/web/test_languages.py.
"""

import re
from urllib.parse import urlencode, urlsplit

import pytest
from ebok.identity.v1 import events_pb2
from flask import Flask
from werkzeug.test import TestResponse

from tests.gateway import urls
from tests.gateway.visitors import Visitor
from tests.gateway.world import PASSWORD, World

EVIL = "zle.example"
WISHES = [
    f"https://{EVIL}/",
    f"//{EVIL}",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"/\t/{EVIL}",
    f"\r\n//{EVIL}",
    f"https:{EVIL}",
    f"http://localhost@{EVIL}/",
    f"javascript:alert('{EVIL}')",
    f"/%0d%0aLocation:https://{EVIL}",
]
NAMES = (
    "next",
    "back",
    "url",
    "return_to",
    "return",
    "redirect",
    "redirect_uri",
    "continue",
    "powrot",
    "dalej",
)
CLAIMS = [
    {"Host": EVIL},
    {"X-Forwarded-Host": EVIL},
    {"X-Host": EVIL, "X-Forwarded-Server": EVIL, "X-Original-Host": EVIL},
    {"Forwarded": f"host={EVIL};proto=https"},
    {"X-Original-URL": f"https://{EVIL}/", "X-Rewrite-URL": f"//{EVIL}/"},
]
ADDRESS = re.compile(rf"""(?:href|action|src|content)=["']?[^"'>]*{re.escape(EVIL)}[^"'>]*""")


def away(answer: TestResponse) -> list[str]:
    """What of an answer leads to the other site."""
    found = []
    location = answer.location or ""
    parts = urlsplit(location)
    if parts.netloc not in ("", "localhost") or location.startswith(("//", "/\\", "\\")) or "\n" in location:
        found.append(location)
    if answer.mimetype == "text/html":
        # In the address of a page of ours it is only a word: where it leads is asked of that page.
        found += [
            one for one in ADDRESS.findall(answer.text) if not re.match(r"""\w+=["']?[/?](?![/\\])""", one)
        ]
    return found


def cookie_of(visitor: Visitor, name: str = "ebok", path: str = "/") -> str:
    """As a header: the host that is claimed is none the browser would send it to."""
    found = visitor.get_cookie(name, path=path)
    assert found
    return f"{name}={found.value}"


@pytest.mark.parametrize("prefix", ["portal.", "console.", "web."])
def test_no_parameter_leads_away(app: Flask, world: World, anna: Visitor, edward: Visitor, prefix: str):
    inside, nobody, faults = edward if prefix == "console." else anna, world.visitor(), []
    wishes = (WISHES[0], WISHES[1], WISHES[3])
    for rule in urls.rules(app, prefix):
        for url in urls.urls_of(app, rule, world)[:1]:
            for wish in wishes:
                asked = f"{url}?{urlencode(dict.fromkeys(NAMES, wish))}"
                faults += [
                    (asked, fault) for visitor in (inside, nobody) for fault in away(visitor.get(asked))
                ]
    assert faults == []


@pytest.mark.parametrize("wish", WISHES)
def test_every_page_that_leads_on_stays_here(world: World, wish: str):
    query = urlencode({"next": wish})
    anna = world.visitor()
    logged_in = anna.submit(
        f"/logowanie?{query}", at="/logowanie", email="anna@poczta.example", password=PASSWORD
    )
    proven = anna.submit(f"/bezpieczenstwo/potwierdz?{query}", password=PASSWORD)
    chosen = anna.get(f"/jezyk/pl?{query}"), anna.get(f"/wyglad/auto?{query}")
    again = anna.get(f"/logowanie?{query}")
    for answer in (logged_in, proven, *chosen, again):
        assert answer.status_code == 303
        assert away(answer) == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_host_of_a_request_is_in_no_answer(
    app: Flask, world: World, anna: Visitor, edward: Visitor, claim: dict[str, str]
):
    """A cache in between, or a mail made of it, would carry it on to others."""
    stranger, faults = app.test_client(use_cookies=False), []
    people = [
        ("portal.", cookie_of(anna)),
        ("console.", cookie_of(edward, "ebok_konsola", "/konsola")),
        ("api.", ""),
    ]
    for prefix, cookie in people:
        for rule in urls.rules(app, prefix):
            for url in urls.urls_of(app, rule, world)[:1]:
                answer = stranger.get(url, headers={**claim, "Cookie": cookie})
                if EVIL in str(answer.headers) or EVIL.encode() in answer.data:
                    faults.append((url, answer.status_code))
    assert faults == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_links_in_mails_lead_to_the_provider_whatever_host_was_claimed(
    app: Flask, world: World, claim: dict[str, str]
):
    email = f"host-{CLAIMS.index(claim)}@poczta.example"
    world.join(email, "Hanna")
    form = world.visitor()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.page("/haslo"))
    assert found
    cookie = cookie_of(form)
    asked = app.test_client(use_cookies=False).post(
        "/haslo", data={"csrf_token": found[1], "email": email}, headers={**claim, "Cookie": cookie}
    )
    assert (asked.status_code, asked.location) == (303, "/haslo/wyslano")
    token = world.mailed_token(email, events_pb2.PasswordResetRequested)
    world.post()
    [mail] = [one for one in world.mailbox.mails.find(to=email, limit=9) if token in one.text()]
    hosts = {urlsplit(link).netloc for link in re.findall(r"https?://[^\s\"'<>]+", mail.text() + mail.html())}
    assert EVIL not in mail.text() + mail.html()
    assert "localhost" in hosts
