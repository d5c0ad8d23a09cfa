"""Pieces of a page that are the same for many: menus, chips, footers. Drawn once, then kept.

{% keep "portal-side", present, brand_key() %} … {% endkeep %}

The key is what the piece depends on besides its own text and the language, which is always part of it. Nothing
of a person belongs into such a piece: no name, no token, no amount.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import Template, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from gateway.web.languages import language

# A few languages times a few dozen pieces; whatever grows past it has a key that does not belong here.
PIECES_MAX = 2_000


class PageTemplate(Template):
    """A template whose macros are made once.

    Jinja compares the names of both environments at each `{% import %}`, for templates with globals of their own; ours
    have none, and a page imports a dozen.
    """

    def _get_default_module(self, ctx: Any = None) -> Any:
        return self._module or super()._get_default_module(None if ctx is None else ctx)


class Keep(Extension):
    """The tag `{% keep name, key… %}`."""

    tags = {"keep"}  # noqa: RUF012 - Jinja declares it so

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._pieces: dict[tuple[Any, ...], Markup] = {}

    def parse(self, parser: Parser) -> nodes.Node:
        """`keep` and its key, the body, `endkeep`."""
        line = next(parser.stream).lineno
        key = [parser.parse_expression()]
        while parser.stream.skip_if("comma"):
            key.append(parser.parse_expression())
        body = parser.parse_statements(("name:endkeep",), drop_needle=True)
        return nodes.CallBlock(self.call_method("kept", key), [], [], body).set_lineno(line)

    def kept(self, *key: Any, caller: Callable[[], Markup]) -> Markup:
        """The piece of this key, drawn when it is not there yet."""
        whole = (language(), *key)
        found = self._pieces.get(whole)
        if found is None:
            if len(self._pieces) >= PIECES_MAX:
                self._pieces.clear()
            found = self._pieces[whole] = caller()
        return found


def init_fragments(app: Flask) -> None:
    """Give templates the tag."""
    app.jinja_env.template_class = PageTemplate
    app.jinja_env.add_extension(Keep)
