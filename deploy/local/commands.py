"""Running a command of ours to its end, with its words kept in a log."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOG_TAIL_LINES = 15


class CommandFailed(RuntimeError):
    """Which command, where its log is, and the end of it."""


def run_command(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    report: Callable[[str], None] = lambda _: None,
) -> str:
    """Run `python WORDS…` and answer its output; what else it says goes to `log` and `report`, as it says it.

    Raises CommandFailed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        try:
            for line in process.stderr or ():
                file.write(line)
                file.flush()
                report(line.rstrip())
            process.wait()
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read()
        if process.returncode:
            file.write(said)
            file.flush()
            raise CommandFailed(f"`python {' '.join(words)}` failed; its log is {log}:\n{tail(log)}")
    return said


def tail(log: Path) -> str:
    """The last lines of a log; empty without one."""
    with contextlib.suppress(FileNotFoundError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    return ""
