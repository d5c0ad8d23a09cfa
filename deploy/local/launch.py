"""Start one part: `python launch.py PART.json`: its `command`, `environment`, `stop_signal` and `courtesy`.

Standard library only and small, since it runs before each part. The environment is in a file of ours, not in
the supervisor's configuration: it has passwords, and characters that mean something there. The part ends
when the supervisor does, however that ends.
"""

import ctypes
import json
import os
import signal
import sys


def main(path: str) -> None:
    """Become the part."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes a while to import
        part = json.load(file)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.Signals[part["stop_signal"]].value)
    os.nice(part["courtesy"])
    command = part["command"]
    os.execve(command[0], command, part["environment"])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1])
