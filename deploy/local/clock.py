"""Move the suite's shared clock: `python -m deploy.local.clock --days +30` (make clock D=+30).

With a sign the clock moves by that much, without one it stands exactly that much from the real time; 0 is
back to the present. Every part reads the same file, and reads it again when it changes.
"""

import argparse
import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from chassis.clock import LOOKS_EVERY_S
from deploy.local.supervising import write_private

ROOT = Path(__file__).resolve().parents[2]
OFFSET_DAYS_MAX = 3660
STEP = re.compile(r"[+-]?\d{1,6}")


def read_offset(path: Path) -> timedelta:
    """How far the suite's clock is from the real one."""
    text = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    return timedelta(seconds=int(text or "0"))


def write_offset(path: Path, offset: timedelta) -> None:
    """Set it, and wait until every part has seen it. Raises ValueError beyond ten years."""
    if abs(offset) > timedelta(days=OFFSET_DAYS_MAX):
        raise ValueError(f"the clock may be at most {OFFSET_DAYS_MAX} days from the present")
    write_private(path, f"{int(offset.total_seconds())}\n")
    time.sleep(LOOKS_EVERY_S)


def moved(offset: timedelta, words: str, unit: timedelta) -> timedelta:
    """`+30` and `-30` move, `30` and `0` set. Raises ValueError."""
    if not STEP.fullmatch(words):
        raise ValueError(f"'{words}' is not a number such as +30, -1 or 0")
    step = int(words) * unit
    return offset + step if words[0] in "+-" else step


def main() -> int:
    """Read the running suite's file name, move its clock, say what time it is there now."""
    parser = argparse.ArgumentParser(prog="make clock", description="Move the clock of the running suite.")
    parser.add_argument("--days", default="")
    parser.add_argument("--hours", default="")
    parser.add_argument("--directory", type=Path, default=ROOT / "var")
    given = parser.parse_args()
    run_file = given.directory / "run.json"
    if not run_file.exists():
        sys.exit("clock: nothing was started here yet; `make run` first")
    path = Path(json.loads(run_file.read_text(encoding="utf-8"))["clock_offset_file"])
    try:
        offset = read_offset(path)
        if given.days:
            offset = moved(offset, given.days, timedelta(days=1))
        if given.hours:
            offset = moved(offset, given.hours, timedelta(hours=1))
        write_offset(path, offset)
    except ValueError as fault:
        sys.exit(f"clock: {fault}")
    now = (datetime.now(UTC) + offset).astimezone(ZoneInfo("Europe/Warsaw"))
    sys.stdout.write(f"the suite's clock: {now:%Y-%m-%d %H:%M}, {offset / timedelta(days=1):+.1f} days\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
