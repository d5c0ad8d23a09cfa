"""The import contracts refuse what they say they refuse: each is broken once, in a copy of the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.suite import ROOT

TREE = ("services", "chassis", "gateway", "connector", "sandbox", "demo")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for name in TREE:
        source = ROOT / name
        shutil.copytree(
            source,
            copy / name,
            ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")],
        )
    shutil.copytree(ROOT / "gen", copy / "gen")
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def _all_but_python(_: str, names: list[str]) -> list[str]:
    return [name for name in names if "." in name and not name.endswith(".py")]


def lint_imports(tree: Path) -> str:
    """What import-linter says of the tree."""
    done = subprocess.run(
        [str(Path(sys.prefix) / "bin" / "lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree}:{tree / 'gen'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def test_the_tree_keeps_them_all(tree: Path) -> None:
    answer = lint_imports(tree)
    assert answer.startswith("0\n"), answer


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        (
            "services/billing/domain/x.py",
            "import services.identity.storage.base",
            "know nothing of each other",
        ),
        ("chassis/x.py", "import services.billing.storage.base", "The chassis knows no part"),
        ("gateway/x.py", "import services.billing.storage.base", "imports a service's code"),
        ("services/billing/x.py", "import demo", "neither the sandbox nor the demo"),
        ("services/billing/storage/x.py", "import services.billing.domain.ledger", "Within a service"),
        ("services/billing/domain/x.py", "import services.billing.api.invoices", "Within a service"),
        ("services/billing/domain/x.py", "import grpc", "near or far"),
        ("services/notify/domain/x.py", "import ebok.billing.v1.invoices_pb2_grpc", "near or far"),
        ("services/notify/domain/x.py", "import ebok.billing.v1.invoices_pb2", "messages of the wire"),
        ("services/billing/jobs/x.py", "import pika", "One module speaks to RabbitMQ"),
        ("services/billing/api/x.py", "import flask", "speak HTTP to people"),
    ],
)
def test_a_breach_is_found(tree: Path, module: str, line: str, contract: str) -> None:
    path = tree / module
    path.write_text(f"{line}\n")
    try:
        answer = lint_imports(tree)
    finally:
        path.unlink()
    assert answer.startswith("1\n")
    [broken] = [words for words in answer.splitlines() if " BROKEN" in words and contract in words]
    assert broken
