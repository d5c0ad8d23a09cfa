"""What a provider does wrong when a test asks for it."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

TIMES_MAX = 1_000_000
SECONDS_MAX = 600.0
HOLD_S = 60.0
SLOW_S = 3.0


class FaultMalformed(ValueError):
    """The wish cannot be understood; the text says what is wrong with it."""


class How(StrEnum):
    """The ways in which a call goes wrong."""

    ERROR = "500"
    """Nothing is done; 500."""
    AFTER = "after"
    """It is done, and answered 500 all the same."""
    TIMEOUT = "timeout"
    """Nothing is done and nothing is answered for long; then 504."""
    TIMEOUT_AFTER = "timeout_after"
    """It is done, and nothing is answered for long; then 504."""
    MALFORMED = "malformed"
    """It is done, and half of the answer comes."""
    SLOW = "slow"
    """It is done and answered well, after a while."""
    REJECTED = "rejected"
    """Of refunds: it is taken in, and refused some time later."""


DONE_FIRST = {How.AFTER, How.TIMEOUT_AFTER, How.MALFORMED, How.SLOW, How.REJECTED}


@dataclass(frozen=True)
class Fault:
    """One wish: the next `times` calls of that name go wrong in that way."""

    call: str
    how: How
    times: int = 1
    seconds: float = 0.0


def read_fault(given: object, calls: Collection[str]) -> Fault:
    """From JSON, e.g. `{"call": "register", "how": "after", "times": 2}`. Raises FaultMalformed."""
    if not isinstance(given, Mapping):
        raise FaultMalformed("an object is needed")
    unknown = set(given) - {"call", "how", "times", "seconds"}
    if unknown:
        raise FaultMalformed(f"unknown: {', '.join(sorted(map(str, unknown)))}")
    if given.get("call") not in calls:
        raise FaultMalformed(f"call: one of {', '.join(sorted(calls))}")
    if given.get("how") not in list(How):
        raise FaultMalformed(f"how: one of {', '.join(How)}")
    how = How(str(given["how"]))
    if how is How.REJECTED and given["call"] != "refund":
        raise FaultMalformed("how: rejected is for refund alone")
    times = given.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= TIMES_MAX:
        raise FaultMalformed(f"times: a number from 1 to {TIMES_MAX}")
    seconds = given.get("seconds", SLOW_S if how is How.SLOW else HOLD_S)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= SECONDS_MAX:
        raise FaultMalformed(f"seconds: 0 to {SECONDS_MAX:g}")
    return Fault(str(given["call"]), how, times, float(seconds))


class FaultSwitch:
    """The faults in force, each used up in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._stopped = threading.Event()

    def add(self, fault: Fault) -> None:
        """From now on this one too."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Everything goes well again."""
        with self._lock:
            self._faults.clear()

    def current(self) -> list[Fault]:
        """What is in force, with the counts as they stand."""
        with self._lock:
            return list(self._faults)

    def take(self, call: str) -> Fault | None:
        """Use up one fault of this call; None when there is none left."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.call == call:
                    if fault.times == 1:
                        del self._faults[place]
                    else:
                        self._faults[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def hold(self, seconds: float) -> None:
        """Let a caller wait; ends early when the process stops."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Nobody waits any longer."""
        self._stopped.set()
