"""Pieces of a page that are the same for many: menus, chips, footers. Drawn once, then kept.

{% keep "portal-side", present, brand_key() %} … {% endkeep %}

The key is what the piece depends on besides its own text and the language, which is always part of it. Nothing
of a person belongs into such a piece: no name, no token, no amount.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from flask import Flask
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape

from gateway.web.languages import language

# A few languages times a few dozen pieces; whatever grows past it has a key that does not belong here.
PIECES_MAX = 2_000


class PageTemplate(Template):
    """A template whose macros are made once, and whose globals are those of the environment.

    Jinja compares the names of both environments at each `{% import %}`, for templates with globals of their own; ours
    have none, and a page imports a dozen.
    """

    @classmethod
    def _from_namespace(cls, environment: Any, namespace: Any, globals: Any) -> Template:
        template = super()._from_namespace(environment, namespace, globals)
        template.globals = environment.globals
        return template

    def _get_default_module(self, ctx: Any = None) -> Any:
        return self._module or super()._get_default_module(None if ctx is None else ctx)


def printed(value: Any) -> str:
    """What a template prints of a value: most are markup already, which `escape` would only copy."""
    return value if type(value) is Markup else escape(value)


class PageContext(Context):
    """What a template runs in. Most that it calls are plain functions and macros, of which Jinja asks every time."""

    def call(__self, __obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja names them so
        """As Jinja's own."""
        if type(__obj) is Macro:
            args = (__self.eval_ctx, *args)
        elif (
            type(__obj) is not FunctionType or __obj.__dict__
        ):  # It may be marked as one that wants the context.
            return super().call(__obj, *args, **kwargs)
        if kwargs:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)


class PageCode(CodeGenerator):
    """Templates print through `printed`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.printed(")
        else:
            super()._output_child_pre(node, frame, finalize)


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
    """Give templates the tag, and make what each page does with templates short."""
    environment: Any = app.jinja_env
    environment.template_class, environment.context_class = PageTemplate, PageContext
    environment.code_generator_class = PageCode
    environment.printed = printed
    environment.cache = {}  # Every template is kept, so none needs to be noted as used.
    environment.add_extension(Keep)
