"""Which TCP ports are free, and whose they are when they are not."""

import contextlib
import random
import socket
from collections.abc import Iterable
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the range out of which the kernel takes ports for outgoing connections: those come and go.
AUTOMATIC_RANGE = range(20_000, 32_000)
AUTOMATIC_ATTEMPTS_MAX = 500


class NoFreePorts(RuntimeError):
    """Nothing free was found in the automatic range."""


def is_free(port: int) -> bool:
    """Whether somebody could listen on the port now."""
    with socket.socket() as probe:
        # A connection of an earlier start that is still winding down is no obstacle to a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int, *, taken: Iterable[int] = ()) -> list[int]:
    """`count` different free ports out of the automatic range; random, so that two starts rarely meet."""
    chosen: list[int] = []
    avoided = set(taken)
    chance = random.SystemRandom()
    for _ in range(AUTOMATIC_ATTEMPTS_MAX):
        if len(chosen) == count:
            break
        port = chance.choice(AUTOMATIC_RANGE)
        if port not in avoided and is_free(port):
            chosen.append(port)
            avoided.add(port)
    if len(chosen) < count:
        raise NoFreePorts(f"no {count} free ports between {AUTOMATIC_RANGE.start} and {AUTOMATIC_RANGE.stop}")
    return chosen


def owner(port: int) -> str:
    """Who listens on the port, as `name (process 123)`; empty when it cannot be seen (Linux only)."""
    inode = _listening_inode(port)
    if not inode:
        return ""
    for process in Path("/proc").glob("[0-9]*"):
        if _holds(process, f"socket:[{inode}]"):
            with contextlib.suppress(OSError):
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
    return ""


def _holds(process: Path, link: str) -> bool:
    """Whether an open file of a process is this one. Processes and files come and go while we look."""
    with contextlib.suppress(OSError):
        for handle in list((process / "fd").iterdir()):
            with contextlib.suppress(OSError):
                if str(handle.readlink()) == link:
                    return True
    return False


def _listening_inode(port: int) -> str:
    listening = "0A"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                return fields[9]
    return ""
