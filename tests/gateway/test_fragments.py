"""What is kept of a page for the next one is nobody's: it was drawn for Anna and is shown to Celina."""

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup

from gateway.web.fragments import PIECES_MAX, Keep
from tests.gateway import urls
from tests.gateway.test_stranger import annas_marks
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

WITH_PIECE = '{% keep "a test\'s", key %}<b>{{ word }}</b>{% endkeep %}'


def keep(app: Flask) -> Keep:
    found = app.jinja_env.extensions[Keep.identifier]
    assert isinstance(found, Keep)
    return found


def test_no_kept_piece_says_anything_of_anna(app: Flask, world: World, anna: Visitor, edward: Visitor):
    keep(app)._pieces.clear()
    for prefix, visitor in (("portal.", anna), ("console.", edward)):
        for rule in urls.rules(app, prefix):
            for url in urls.urls_of(app, rule, world):
                visitor.get(url)
    pieces = keep(app)._pieces
    assert len(pieces) > 10
    said = " ".join([*pieces.values(), *(str(key) for key in pieces)])
    assert not [mark for mark in annas_marks(world) if mark in said]
    assert "csrf_token" not in said
    with anna.session_transaction(path="/") as session:
        assert session["csrf_token"] not in said
        assert session["_user_id"] not in said


def test_a_piece_is_drawn_once_for_its_key_and_language(app: Flask):
    drawn = []
    for key, word, language in (
        ("x", "one", "pl"),
        ("x", "two", "pl"),
        ("y", "three", "pl"),
        ("x", "four", "en"),
    ):
        with app.test_request_context(headers={"Accept-Language": language}):
            drawn.append(render_template_string(WITH_PIECE, key=key, word=word))
    assert drawn == ["<b>one</b>", "<b>one</b>", "<b>three</b>", "<b>four</b>"]


def test_what_is_in_a_piece_is_escaped(app: Flask):
    with app.test_request_context():
        page = render_template_string(WITH_PIECE, key="escaped", word="<script>")
    assert page == "<b>&lt;script&gt;</b>"


@pytest.mark.parametrize("count", [PIECES_MAX + 5])
def test_pieces_have_a_bound(app: Flask, count: int):
    with app.test_request_context():
        for number in range(count):
            keep(app).kept("many", number, caller=lambda: Markup("x"))
    assert len(keep(app)._pieces) <= PIECES_MAX
