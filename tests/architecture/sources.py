"""The sources as these tests read them: files, their syntax trees, the names they import."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("chassis", "services", "gateway", "connector", "sandbox", "demo")
SERVICES = tuple(sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py")))


@cache
def files(*tops: str) -> tuple[Path, ...]:
    """The Python files below some top folders, in order, relative to the root."""
    return tuple(
        path.relative_to(ROOT)
        for top in tops
        for path in sorted((ROOT / top).rglob("*.py"))
        if "__pycache__" not in path.parts
    )


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, also within functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def dotted(node: ast.AST) -> str:
    """`os.environ.get` for the attribute chain of that text; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        value = dotted(node.value)
        return f"{value}.{node.attr}" if value else ""
    return ""


def mentions(path: Path) -> Iterator[tuple[int, str]]:
    """Every dotted name a file uses, with its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted(node)
            if name:
                yield node.lineno, name


def snake(name: str) -> str:
    """`InvoiceIssued` → `invoice_issued`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
