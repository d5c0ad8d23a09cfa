"""What a page asks for hundreds of times – its language, its day, the provider – is looked up once for each request.

::

    @once_a_request
    def today() -> date: …

Outside of a request it is looked up each time. What may change within one is forgotten by hand: `forget(today)`.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from flask import Flask, has_request_context

Found = TypeVar("Found")
_known: dict[Any, ContextVar[Any]] = {}  # By the function that is called.


def once_a_request(look_up: Callable[[], Found]) -> Callable[[], Found]:
    """The function, with what it found at hand; None is looked up again."""
    known: ContextVar[Found | None] = ContextVar(look_up.__name__, default=None)
    get = known.get

    def found() -> Found:
        value = get()
        if value is None:
            value = look_up()
            if has_request_context():
                known.set(value)
        return value

    # Not `functools.wraps`: a function that carries more than its name costs templates more to call.
    found.__name__, found.__qualname__ = look_up.__name__, look_up.__qualname__
    found.__module__, found.__doc__ = look_up.__module__, look_up.__doc__
    _known[found] = known
    return found


def forget(*functions: Callable[[], Any]) -> None:
    """What these found may not hold any more in this request."""
    for function in functions:
        _known[function].set(None)


def _forget_all(_: object = None) -> None:
    for known in _known.values():
        known.set(None)


def init_once(app: Flask) -> None:
    """Each request begins with nothing and leaves nothing; to be set up before other hooks."""
    app.before_request(_forget_all)
    app.teardown_request(_forget_all)
