"""What is looked up once for each request: not twice in one, never across two."""

from itertools import count

from flask import Flask

from gateway.web.once import forget, init_once, once_a_request

_numbers = count(1)


@once_a_request
def number() -> int:
    """Another one at each look."""
    return next(_numbers)


def _app() -> Flask:
    app = Flask("once")
    init_once(app)
    app.add_url_rule("/", view_func=lambda: f"{number()} {number()}")
    return app


def test_a_request_is_told_the_same_twice_and_the_next_one_something_else() -> None:
    client = _app().test_client()
    first, second = (client.get("/").text.split() for _ in range(2))
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert first[0] != second[0]


def test_what_is_forgotten_is_looked_up_again() -> None:
    with _app().test_request_context():
        before = number()
        assert number() == before
        forget(number)
        assert number() == before + 1


def test_outside_of_a_request_nothing_is_kept() -> None:
    before = number()
    assert number() == before + 1


def test_a_request_that_failed_leaves_nothing() -> None:
    app, seen = _app(), []

    @app.get("/broken")
    def broken() -> str:
        seen.append(number())
        raise RuntimeError("broken")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    assert client.get("/broken").status_code == 500
    assert int(client.get("/").text.split()[0]) == seen[0] + 1
