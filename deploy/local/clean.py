"""`make clean`: forget the data of `make run` and everything that is made from sources. Standard library only."""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = ("gen", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis")


def outside_cluster(directory: Path) -> Path:
    """Where the database is when its own user may not enter `directory` (see postgres.py)."""
    mark = hashlib.sha256(str(directory.absolute()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"ebok-cluster-{mark}"  # noqa: S108 - only one of our own is removed


def main() -> int:
    """Remove, unless the suite runs."""
    var = ROOT / "var"
    if var.exists():
        handle = os.open(var, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("clean: eBOK is running out of var/; stop it first (Ctrl-C where it runs)")
        cluster = outside_cluster(var / "postgres")
        if cluster.exists() and cluster.lstat().st_uid == os.geteuid():
            shutil.rmtree(cluster)
        shutil.rmtree(var)
        os.close(handle)
    for name in MADE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for compiled in (ROOT / "gateway" / "translations").glob("*/LC_MESSAGES/*.mo"):
        compiled.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
