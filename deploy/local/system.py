"""What the tests need of the system: RabbitMQ, Chromium and Node, and the long ones buildah, mmdebstrap and
sqlmap.

`python -m deploy.local.system` installs the former as root on Debian and Ubuntu, and says in a sentence what is missing
elsewhere.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import rabbitmq

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SNAP_LAUNCHER_BYTES_MAX = 10_000  # Ubuntu's package is a small script that asks for a snap.
APT_SECONDS_MAX = 1800
NODE_MAJOR_MIN = 18
# As root and in a container Chromium has neither a sandbox nor enough shared memory.
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def chromium() -> Path | None:
    """The browser of the machine, for `playwright.chromium.launch(executable_path=…)`."""
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found and b"snap" not in Path(found).read_bytes()[:SNAP_LAUNCHER_BYTES_MAX]:
            return Path(found)
    return None


def node_is_fit() -> bool:
    """Whether there is a Node that is new enough, with npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().lstrip("v").partition(".")[0]
    return major.isdigit() and int(major) >= NODE_MAJOR_MIN


@dataclass(frozen=True)
class Need:
    """Something tests need, and the packages it is in."""

    name: str
    packages: tuple[str, ...]
    is_there: Callable[[], bool]

    @property
    def missing(self) -> str:
        """The sentence when it is not there."""
        return f"{self.name} is not installed (Debian, Ubuntu: apt install {' '.join(self.packages)})"


NODE = Need(f"Node {NODE_MAJOR_MIN} or newer with npm", ("nodejs", "npm"), node_is_fit)
NEEDS = (
    Need("RabbitMQ", ("rabbitmq-server",), rabbitmq.is_installed),
    Need("Chromium", ("chromium",), lambda: chromium() is not None),
    NODE,
)
SQLMAP = Need("sqlmap", ("sqlmap",), lambda: shutil.which("sqlmap") is not None)
# An image is built, on a base made here; the pages are scanned.
LONG_NEEDS = (
    *NEEDS,
    SQLMAP,
    Need("buildah", ("buildah",), lambda: shutil.which("buildah") is not None),
    Need("mmdebstrap", ("mmdebstrap",), lambda: shutil.which("mmdebstrap") is not None),
)


def install(needs: Sequence[Need] = NEEDS) -> list[str]:
    """Install what is missing if we may; answers a sentence for each thing that still is."""
    missing = [need for need in needs if not need.is_there()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt([package for need in missing for package in need.packages])
        missing = [need for need in missing if not need.is_there()]
    return [need.missing for need in missing]


def _apt(packages: list[str]) -> None:
    sys.stderr.write(f"setup: installing {' and '.join(packages)} from the system's packages\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    commands = [[*apt, "update"]]
    # One at a time: a package that cannot be had does not keep the other away.
    commands += [[*apt, "install", "-y", "--no-install-recommends", package] for package in packages]
    for command in commands:
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=APT_SECONDS_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"setup: `{' '.join(command)}` took too long\n")
            continue
        if done.returncode:
            tail = (done.stderr or done.stdout).strip()[-500:]
            sys.stderr.write(f"setup: `{' '.join(command)}` failed: {tail}\n")


def main() -> int:
    """Install; with CI=true anything still missing is a failure."""
    still_missing = install()
    for sentence in still_missing:
        sys.stderr.write(f"setup: {sentence}\n")
    return 1 if still_missing and is_ci() else 0


def is_ci() -> bool:
    """Whether nothing may be skipped for want of a broker, a browser or a program of others."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


if __name__ == "__main__":
    sys.exit(main())
