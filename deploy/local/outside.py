"""Programs of others that the tests hold the sandbox, our clients and our pages against: they know nothing of our code.

Pinned with hashes by requirements/outside.txt and scan.txt, and by the package-lock.json beside what calls them; put
into environments of their own under var/outside when a test first asks, never into .venv.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deploy.local import system

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "var" / "outside"
REQUIREMENTS = ROOT / "requirements" / "outside.txt"
SCANNER = ROOT / "requirements" / "scan.txt"
NODE = ROOT / "tests" / "contracts" / "outside"
NODE_FILES = ("package.json", "package-lock.json", ".npmrc")
INSTALL_SECONDS_MAX = 240


class NotToBeHad(Exception):
    """A program of others could not be installed: one sentence, with what its installer said last."""


def python() -> Path:
    """The interpreter that has requirements/outside.txt. Raises NotToBeHad."""
    made = _made("python", [REQUIREMENTS], partial(_install_python, REQUIREMENTS))
    return made / "bin" / "python"


def wapiti() -> Path:
    """The scanner of web pages. Raises NotToBeHad."""
    return _made("wapiti", [SCANNER], partial(_install_python, SCANNER)) / "bin" / "wapiti"


def node_modules() -> Path:
    """For NODE_PATH. Raises NotToBeHad."""
    if not system.node_is_fit():
        raise NotToBeHad(system.NODE.missing)
    return _made("node", [NODE / name for name in NODE_FILES], _install_node) / "node_modules"


def environment() -> dict[str, str]:
    """For running them: no proxy comes between them and this machine."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def _made(name: str, files: list[Path], install: Callable[[Path], None]) -> Path:
    """The directory of what `files` pin, made when it is not there or was not finished."""
    digest = hashlib.sha256(repr((sys.version_info[:2], str(PLACE))).encode())
    for path in files:
        digest.update(path.read_bytes())
    directory = PLACE / f"{name}-{digest.hexdigest()[:12]}"
    finished = directory / ".finished"
    with _alone():
        if not finished.exists():
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            install(directory)
            finished.touch()
    return directory


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run side by side; one of them installs."""
    PLACE.mkdir(parents=True, exist_ok=True)
    handle = os.open(PLACE, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _install_python(requirements: Path, directory: Path) -> None:
    _call([sys.executable, "-m", "venv", "--without-pip", str(directory)], directory)
    pip = [sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python")]
    options = ["-q", "--disable-pip-version-check", "--retries", "2"]
    # They name a newer Python than they need; all of them are listed, so nothing is left to resolve.
    pinned = ["--ignore-requires-python", "--no-deps", "--require-hashes", "-r", str(requirements)]
    _call([*pip, "install", *options, *pinned], directory)


def _install_node(directory: Path) -> None:
    for name in NODE_FILES:
        shutil.copy(NODE / name, directory)
    _call(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], directory)


def _call(command: list[str], directory: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"`{' '.join(command[:4])} …` took too long") from None
    if done.returncode:
        last = ([line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"])[-1]
        raise NotToBeHad(f"`{' '.join(command[:4])} …` failed: {last.strip()[:300]}")
