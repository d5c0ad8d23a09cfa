"""Line breaks in what people type begin no header, neither of an answer nor of a mail.

Line breaks and escape codes in every field of every form: tests/gateway/test_bad_forms.py; in every field of every
RPC: tests/security/test_fields_rpc.py; in log lines: test_requests.py beside this one.
"""

from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from ebok.identity.v1 import users_pb2
from flask import Flask

from chassis.errors import Invalid
from chassis.ids import new_id
from tests.gateway import urls
from tests.gateway.visitors import Visitor
from tests.gateway.world import ADDRESS, PASSWORD, World

BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85", "%0d%0a"]
REFUSED = ("\r\n", "\n", "\r", "\x0b", "\u2028", "\x85")
HEADER = "Bcc: celina@poczta.example"


def own_headers(mail: Any) -> dict[str, list[str]]:
    parsed = BytesParser(policy=policy.SMTP).parsebytes(mail.content)
    return {name.lower(): [str(value) for value in parsed.get_all(name) or []] for name in parsed}


@pytest.mark.parametrize("sign", BREAKS)
def test_a_name_begins_no_header_of_a_mail(world: World, sign: str):
    """By the RPC itself, past the form. What passes is one line of one header or of the body."""
    email = f"linia-{new_id()}@poczta.example"
    request = users_pb2.RegisterRequest(
        email=email, password=PASSWORD, name=f"Hanna{sign}{HEADER}", language="pl",
        address=f"2001:db8:7::{new_id().hex[-4:]}",
    )  # fmt: skip
    if sign in REFUSED:
        with pytest.raises(Invalid) as refused:
            world.users.Register(request)
        assert [one.field for one in refused.value.violations] == ["name"]
        return
    world.users.Register(request)
    world.post()
    [mail] = world.mailbox.mails.find(to=email, limit=9)
    headers = own_headers(mail)
    assert "bcc" not in headers
    assert headers["to"] == [email]
    assert [*mail.recipients] == [email]


@pytest.mark.parametrize("sign", BREAKS)
@pytest.mark.parametrize("place", ["before{}@poczta.example", "a@poczta.example{}", "a@pocz{}ta.example"])
def test_an_address_with_a_line_break_is_none(world: World, sign: str, place: str):
    if sign == "%0d%0a" and place.startswith("before"):
        pytest.skip("a percent sign is allowed there and stays one")
    email = place.format(sign + HEADER + sign)
    with pytest.raises(Invalid):
        world.users.RequestPasswordReset(users_pb2.RequestPasswordResetRequest(email=email, address=ADDRESS))


@pytest.mark.parametrize(
    "wish", ["\r\nSet-Cookie: zly=1", "%0d%0aSet-Cookie:%20zly=1", "\u010d\u010aSet-Cookie: a=1"]
)
def test_no_query_begins_a_header_of_an_answer(
    app: Flask, world: World, anna: Visitor, edward: Visitor, wish: str
):
    names = ("next", "numer", "token", "t", "q", "szukaj", "od", "do", "rok", "kod", "cursor", "osoba")
    faults = []
    for prefix, visitor in (("portal.", anna), ("console.", edward), ("web.", anna), ("api.", anna)):
        for rule in urls.rules(app, prefix):
            for url in urls.urls_of(app, rule, world)[:1]:
                answer = visitor.get(url, query_string=dict.fromkeys(names, wish))
                cookies = answer.headers.getlist("Set-Cookie")
                lines = [value for _name, value in answer.headers if "\r" in value or "\n" in value]
                if lines or any(one.startswith("zly") for one in cookies) or answer.status_code >= 500:
                    faults.append((url, answer.status_code, lines))
    assert faults == []
