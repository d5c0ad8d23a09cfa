"""Texts that staff write: plain text with known values and simple conditions, and nothing else of Jinja.

A text is checked when it is saved, by a list of what its syntax tree may hold; what is not on the list is refused with
its line. It is rendered in Jinja's immutable sandbox on top of that. Values are strings: there is nothing to call, to
walk into or to loop over, and the output is bounded by the input. What comes out is plain text and meets markup only
where the layout escapes it.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chassis.errors import Violation

Names = Mapping[str, tuple[str, ...]]
_PROVIDER = ("name", "phone", "email", "portal")
# What a text of a campaign may print, and one of a reminder, which speaks of one invoice.
OF_CAMPAIGN: Names = {
    "customer": ("name", "number", "address", "town", "tariff_group", "balance", "overdue", "due_on"),
    "provider": _PROVIDER,
}
OF_REMINDER: Names = {
    "customer": ("name", "number", "address"),
    "invoice": ("number", "amount", "due_on", "days_late", "account"),
    "provider": _PROVIDER,
}
FILTERS = frozenset({"upper", "lower", "capitalize"})
NODES_MAX = 200  # Nodes of the syntax tree: a hundred values and conditions.
DEPTH_MAX = 8  # Conditions in conditions.
SOURCE_LENGTH_MAX = 10_000
VALUE_LENGTH_MAX = 200
OUTPUT_LENGTH_MAX = 50_000  # More than a text that passed, with 200 values, can come to.
FOUND_LENGTH_MAX = 40

Values = Mapping[str, Mapping[str, str]]

# What may stand anywhere; an operand belongs to a comparison, which is looked at.
_PLAIN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If),
    *(nodes.Not, nodes.And, nodes.Or, nodes.Operand),
)


@dataclass(frozen=True)
class Fault(Exception):
    """What a text may not say: why, on which line, and what stands there."""

    reason: str
    line: int
    found: str

    @property
    def description(self) -> str:
        """The line and what was found, for whoever shows it: "3 for"."""
        return f"{self.line} {self.found}"


class OutputTooLong(ValueError):
    """A rendered text beyond any letter."""


def check_text(
    source: str, *, field: str, personal: bool = True, names: Names = OF_CAMPAIGN
) -> list[Violation]:
    """What is wrong with a text, at most one fault. Without `personal` it can say nothing of a customer."""
    try:
        _check(source, names, personal=personal)
    except Fault as fault:
        return [Violation(field, fault.reason, fault.description)]
    return []


def render_text(source: str, values: Values, *, names: Names = OF_CAMPAIGN) -> str:
    """A text that was checked, with values. Raises OutputTooLong, and Fault for a text that should not be here."""
    return render_texts((source,), values, names=names)[0]


def render_texts(sources: Sequence[str], values: Values, *, names: Names = OF_CAMPAIGN) -> list[str]:
    """As `render_text`, several with the same values."""
    cut = {
        name: {key: value[:VALUE_LENGTH_MAX] for key, value in inner.items()}
        for name, inner in values.items()
    }
    texts = [_compiled(source, of_reminder=names is OF_REMINDER).render(cut) for source in sources]
    if max(map(len, texts), default=0) > OUTPUT_LENGTH_MAX:
        raise OutputTooLong
    return texts


def is_personal(source: str) -> bool:
    """Whether a text that was checked says something of a customer."""
    return "customer" in {name.name for name in _parse(source).find_all(nodes.Name)}


@functools.lru_cache(maxsize=256)
def _compiled(source: str, *, of_reminder: bool) -> Template:
    _check(source, OF_REMINDER if of_reminder else OF_CAMPAIGN, personal=True)
    template = _ENVIRONMENT.from_string(source)
    template.globals = {}  # Not the chain of the environment's, which is empty, too, and looked through each time.
    return template


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """The value of that name, of a dictionary and of nothing else: no object has attributes here."""
        if type(obj) is not dict:
            return self.undefined(obj=obj, name=attribute)
        return obj[attribute]


_ENVIRONMENT = _Environment(
    autoescape=False,  # Plain text: whoever sets it into markup escapes it.
    undefined=StrictUndefined,
    keep_trailing_newline=False,
)
# Not even within reach: no range, lipsum, dict; no filters and tests but ours.
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {name: _ENVIRONMENT.filters[name] for name in FILTERS}
_ENVIRONMENT.tests.clear()


def _parse(source: str) -> nodes.Template:
    if len(source) > SOURCE_LENGTH_MAX:
        raise Fault("TEMPLATE_TOO_COMPLEX", 1, str(len(source)))
    try:
        return _ENVIRONMENT.parse(source)
    except TemplateError as fault:
        line = int(getattr(fault, "lineno", None) or 1)
        raise Fault("TEMPLATE_SYNTAX", line, _line_of(source, line)) from None
    except (RecursionError, MemoryError, OverflowError, ValueError):
        raise Fault("TEMPLATE_TOO_COMPLEX", 1, _line_of(source, 1)) from None


def _check(source: str, names: Names, *, personal: bool) -> None:
    tree = _parse(source)
    count = 0
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:  # Not by recursion: how deep a text goes is what somebody typed.
        node, depth = waiting.pop()
        count += 1
        if count > NODES_MAX or depth > DEPTH_MAX:
            raise Fault("TEMPLATE_TOO_COMPLEX", node.lineno, _line_of(source, node.lineno))
        _check_node(node, source, names, personal=personal)
        if not isinstance(node, nodes.Getattr):
            deeper = depth + isinstance(node, nodes.If)
            waiting.extend((child, deeper) for child in node.iter_child_nodes())


def _check_node(node: nodes.Node, source: str, names: Names, *, personal: bool) -> None:
    """Refuse a node that is not on the list. Its children are looked at by themselves."""
    line = node.lineno
    if isinstance(node, _PLAIN):
        return
    if isinstance(node, nodes.Getattr):
        _check_value(node, names, personal=personal)
    elif isinstance(node, nodes.Filter):
        _check_filter(node)
    elif isinstance(node, nodes.Compare):
        if len(node.ops) != 1 or node.ops[0].op not in ("eq", "ne"):
            raise Fault("TEMPLATE_STATEMENT", line, _line_of(source, line))
    elif isinstance(node, nodes.Const):
        if not isinstance(node.value, str):
            raise Fault("TEMPLATE_STATEMENT", line, str(node.value)[:FOUND_LENGTH_MAX])
    elif isinstance(node, nodes.Name):
        raise Fault("TEMPLATE_UNKNOWN_NAME", line, node.name[:FOUND_LENGTH_MAX])
    else:
        raise _refused(node, source)


def _check_filter(node: nodes.Filter) -> None:
    """A known filter that is given nothing."""
    if node.name not in FILTERS:
        raise Fault("TEMPLATE_FILTER", node.lineno, node.name[:FOUND_LENGTH_MAX])
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise Fault("TEMPLATE_CALL", node.lineno, node.name[:FOUND_LENGTH_MAX])


def _check_value(node: nodes.Getattr, names: Names, *, personal: bool) -> None:
    """`customer.name` and its like: one known name, one dot, one known value of it."""
    owner = node.node
    if isinstance(owner, nodes.Getattr | nodes.Getitem):
        raise Fault("TEMPLATE_ATTRIBUTE", node.lineno, node.attr[:FOUND_LENGTH_MAX])
    if isinstance(owner, nodes.Call):
        raise Fault("TEMPLATE_CALL", node.lineno, node.attr[:FOUND_LENGTH_MAX])
    if not isinstance(owner, nodes.Name):
        raise Fault("TEMPLATE_ATTRIBUTE", node.lineno, node.attr[:FOUND_LENGTH_MAX])
    found = f"{owner.name}.{node.attr}"[:FOUND_LENGTH_MAX]
    if node.attr.startswith("_"):
        raise Fault("TEMPLATE_ATTRIBUTE", node.lineno, found)
    if node.attr not in names.get(owner.name, ()):
        raise Fault("TEMPLATE_UNKNOWN_NAME", node.lineno, found)
    if owner.name == "customer" and not personal:
        raise Fault("TEMPLATE_PERSONAL", node.lineno, found)


def _refused(node: nodes.Node, source: str) -> Fault:
    found = _line_of(source, node.lineno)
    if isinstance(node, nodes.For):
        return Fault("TEMPLATE_LOOP", node.lineno, found)
    if isinstance(node, nodes.Call | nodes.CallBlock | nodes.Macro):
        return Fault("TEMPLATE_CALL", node.lineno, found)
    if isinstance(node, nodes.Getitem):
        return Fault("TEMPLATE_ATTRIBUTE", node.lineno, found)
    return Fault("TEMPLATE_STATEMENT", node.lineno, found)


def _line_of(source: str, line: int) -> str:
    lines = source.splitlines()
    return lines[line - 1].strip()[:FOUND_LENGTH_MAX] if 0 < line <= len(lines) else ""
