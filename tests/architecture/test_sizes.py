"""A function fits a screen, a module a sitting."""

import ast

from tests.architecture.sources import PRODUCT, ROOT, files, tree

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 500


def product():
    """Migrations are lists of tables: they are read once, from top to bottom."""
    return [path for path in files(*PRODUCT, "deploy", "bench") if path.parent.name != "versions"]


def lines(node):
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_functions_fit_a_screen():
    long = {
        f"{path}:{node.lineno} {node.name}: {lines(node)} lines"
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines(node) > FUNCTION_LINES_MAX
    }
    assert long == set()


def test_modules_are_read_in_one_sitting():
    lengths = {str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path in product()}
    assert {path: lines for path, lines in lengths.items() if lines > MODULE_LINES_MAX} == {}
