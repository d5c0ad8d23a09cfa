"""What the mailbox does wrong when a test asks for it."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass

REFUSED_MAX = 1_000
COUNT_MAX = 1_000_000
DELAY_S_MAX = 60.0


class FaultsMalformed(ValueError):
    """The wish cannot be understood; the text says what is wrong with it."""


@dataclass(frozen=True)
class Faults:
    """All off by default."""

    refuse_recipients: tuple[str, ...] = ()
    """Addresses answered 550 for good."""
    temporary_for: int = 0
    """So many of the next mails are answered 451, come again."""
    lose_answer_for: int = 0
    """So many of the next mails are kept, and the connection breaks before the sender hears of it."""
    close_after: int = 0
    """So many mails are taken on one connection, then it is closed; 0: any number."""
    delay_s: float = 0.0
    """Each mail takes this long before it is kept."""
    answer_delay_s: float = 0.0
    """Each mail is kept at once, and the sender hears of it this much later."""


def read_faults(given: object) -> Faults:
    """From JSON. Refuses unknown names and values out of range; what is not named is off."""
    if not isinstance(given, Mapping):
        raise FaultsMalformed("an object is needed")
    unknown = set(given) - set(Faults.__dataclass_fields__)
    if unknown:
        raise FaultsMalformed(f"unknown: {', '.join(sorted(map(str, unknown)))}")
    refused = given.get("refuse_recipients", [])
    if (
        not isinstance(refused, list)
        or len(refused) > REFUSED_MAX
        or not all(isinstance(one, str) for one in refused)
    ):
        raise FaultsMalformed("refuse_recipients: a list of addresses is needed")
    return Faults(
        refuse_recipients=tuple(address.lower() for address in refused),
        temporary_for=_count(given, "temporary_for"),
        lose_answer_for=_count(given, "lose_answer_for"),
        close_after=_count(given, "close_after"),
        delay_s=_seconds(given, "delay_s"),
        answer_delay_s=_seconds(given, "answer_delay_s"),
    )


def _count(given: Mapping[str, object], name: str) -> int:
    value = given.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
        raise FaultsMalformed(f"{name}: a number from 0 to {COUNT_MAX}")
    return value


def _seconds(given: Mapping[str, object], name: str) -> float:
    value = given.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= DELAY_S_MAX:
        raise FaultsMalformed(f"{name}: 0 to {DELAY_S_MAX}")
    return float(value)


class FaultSwitch:
    """The faults in force; counted ones run out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults = Faults()

    def set(self, faults: Faults) -> None:
        """From now on these."""
        with self._lock:
            self._faults = faults

    def current(self) -> Faults:
        """What is in force, with the counts as they stand."""
        with self._lock:
            return self._faults

    def take(self, name: str) -> bool:
        """Use up one of a counted fault; false when there is none left."""
        with self._lock:
            left = int(getattr(self._faults, name))
            if left == 0:
                return False
            self._faults = Faults(**{**asdict(self._faults), name: left - 1})
            return True
