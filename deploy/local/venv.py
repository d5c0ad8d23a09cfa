"""Make .venv with what the requirement files pin: `python3 deploy/local/venv.py run|test`.

Standard library only, since nothing is installed yet. Nothing is done when the files did not change; a start
that was interrupted half-way is done anew. uv installs when it can, plain pip otherwise: both check hashes.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_MIN = (3, 11)
PYTHON_KNOWN = ("python3.14", "python3.13", "python3.12", "python3.11")
FILES = {
    "run": ("run.txt", "local.txt", "build.txt"),
    "test": ("run.txt", "local.txt", "build.txt", "test.txt"),
}
UNFINISHED = ".ebok-unfinished"
PLACE = ".ebok-place"
INSTALL_SECONDS_MAX = 1800


class CannotInstall(Exception):
    """One sentence: what is missing and what to do."""


def ensure(root: Path, level: str) -> bool:
    """Make `root`/.venv fit for `level`; true when something had to be installed."""
    venv = root / ".venv"
    handle = os.open(root, os.O_RDONLY)
    try:
        # Two `make`s at once would install into each other.
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_broken(venv):
            say("the environment in .venv is unfinished or from another place: making it anew")
            venv.unlink() if venv.is_symlink() else shutil.rmtree(venv)
        stamp = venv / f".ebok-{level}"
        wanted = fingerprint(root, level)
        if stamp.exists() and stamp.read_text() == wanted:
            return False
        unfinished = venv / UNFINISHED
        if not venv.exists():
            _make(venv)
        unfinished.touch()
        _install(root, venv, level)
        for done in ("run", level):
            (venv / f".ebok-{done}").write_text(fingerprint(root, done))
        (venv / PLACE).write_text(str(venv))
        unfinished.unlink()
    finally:
        os.close(handle)
    return True


def fingerprint(root: Path, level: str) -> str:
    """Changes when a requirement file or the Python does."""
    digest = hashlib.sha256(repr((sys.version_info[:2], level)).encode())
    for name in FILES[level]:
        digest.update((root / "requirements" / name).read_bytes())
    return digest.hexdigest()


def _is_broken(venv: Path) -> bool:
    """An earlier installation did not finish, or was made in another directory (scripts name their place)."""
    if not venv.exists():
        return venv.is_symlink()  # To a place that is gone.
    place = venv / PLACE
    moved = place.exists() and place.read_text() != str(venv)
    python = venv / "bin" / "python"
    if moved or (venv / UNFINISHED).exists() or not python.exists():
        return True
    answer = subprocess.run([str(python), "-c", "import pip"], capture_output=True, check=False)
    return answer.returncode != 0


def _make(venv: Path) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise CannotInstall("Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv")
    say(f"making .venv with Python {sys.version_info.major}.{sys.version_info.minor}")
    venv.mkdir()
    (venv / UNFINISHED).touch()
    _call([sys.executable, "-m", "venv", str(venv)], "the virtual environment could not be made")


def _install(root: Path, venv: Path, level: str) -> None:
    files = [str(root / "requirements" / name) for name in FILES[level]]
    say(f"installing what {level} needs (the first time takes a minute or two)")
    arguments = [word for name in files for word in ("-r", name)]
    uv = _find_uv(root, venv)
    if uv:
        command = [uv, "pip", "install", "-q", "--python", str(venv / "bin" / "python"), "--require-hashes"]
        done = subprocess.run(
            [*command, *arguments], env=_uv_environment(venv), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return
        # uv does not know every way in which pip can be told about a mirror or a proxy.
        say("uv could not install, trying pip")
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    # All is listed, so nothing is left to resolve; some versions of pip stumble over extras of what is pinned.
    _call([*pip, "--no-deps", "--require-hashes", *arguments], "the requirements could not be installed")


def _find_uv(root: Path, venv: Path) -> str | None:
    """The machine's uv, or the pinned one, installed first and by pip."""
    own = venv / "bin" / "uv"
    if own.exists():
        return str(own)
    found = shutil.which("uv")
    if found:
        return found
    pinned = _block(root / "requirements" / "build.txt", "uv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pinned)
        file.flush()
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "--require-hashes", "--no-deps", "-r", file.name], capture_output=True, check=False
        )
    return str(own) if done.returncode == 0 and own.exists() else None


def _block(path: Path, name: str) -> str:
    """The lines of one package out of a requirement file, with its hashes."""
    lines: list[str] = []
    for line in path.read_text().splitlines():
        if line.startswith(f"{name}==") or (lines and line.startswith("    --hash")):
            lines.append(line)
        elif lines:
            break
    return "\n".join(lines) + "\n"


def _uv_environment(venv: Path) -> dict[str, str]:
    """What pip was told about indexes and certificates, said to uv."""
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    environment = {**os.environ, "UV_INDEX_STRATEGY": "unsafe-best-match"}  # Hashes decide what is right.
    pip = [str(venv / "bin" / "python"), "-m", "pip", "config", "list"]
    answer = subprocess.run(pip, capture_output=True, text=True, check=False)
    for line in answer.stdout.splitlines():
        key, _, value = line.partition("=")
        variable = names.get(key.rpartition(".")[2])
        if variable and variable not in os.environ:
            environment[variable] = value.strip("'\"")
    return environment


def _call(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS_MAX)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-1500:]
        raise CannotInstall(f"{failure}:\n{words}")


def say(words: str) -> None:
    sys.stderr.write(f"setup: {words}\n")
    sys.stderr.flush()


def _find_newer_python() -> str | None:
    return next((path for path in map(shutil.which, PYTHON_KNOWN) if path), None)


def main(arguments: list[str]) -> int:
    if sys.version_info < PYTHON_MIN:
        newer = _find_newer_python()
        if newer:
            os.execv(newer, [newer, __file__, *arguments])  # noqa: S606 - no shell is wanted
        have = f"{sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(f"setup: eBOK needs Python 3.11 or newer, this is {have}")
    if len(arguments) != 1 or arguments[0] not in FILES:
        sys.exit("usage: python3 deploy/local/venv.py run|test")
    try:
        ensure(ROOT, arguments[0])
    except CannotInstall as sentence:
        sys.exit(f"setup: {sentence}")
    except PermissionError as refused:
        sys.exit(f"setup: {refused.filename} may not be written by this user")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
