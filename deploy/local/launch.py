"""Start one part: `python launch.py PART.json`: its `command`, `environment`, `stop_signal`, `courtesy` and `log`.

Standard library only and small, since it runs before each part. The environment is in a file of ours, not in
the supervisor's configuration: it has passwords, and characters that mean something there. The part ends
when the supervisor does, however that ends.
"""

import ctypes
import json
import os
import signal
import sys

LOG_BYTES_MAX = 10 * 1024 * 1024


def log_to(path: str) -> None:
    """What the part says goes to the end of its log; a log that has grown large is put aside first, one is kept."""
    try:
        if os.stat(path).st_size > LOG_BYTES_MAX:  # noqa: PTH116
            os.replace(path, path + ".1")  # noqa: PTH105
    except FileNotFoundError:
        pass  # The first start.
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)


def main(path: str) -> None:
    """Become the part."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes a while to import
        part = json.load(file)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.Signals[part["stop_signal"]].value)
    log_to(part["log"])
    os.nice(part["courtesy"])
    command = part["command"]
    os.execve(command[0], command, part["environment"])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1])
