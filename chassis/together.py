"""Doing at once what many ask for at the same moment: one statement, one call, one commit for all of them.

::

    intake = Together(insert, items_max=64)  # insert(messages) answers a result for each
    [result] = intake.do([message])
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Asked(Generic[Item, Result]):
    """What one caller brought, and what became of it. Its turn has come when it is done, or when it is to act."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.turn = threading.Lock()
        self.turn.acquire()
        self.is_done = False
        self.results: Sequence[Result] = ()
        self.fault: BaseException | None = None


class Together(Generic[Item, Result]):
    """What comes while an act runs goes together into the next one; what comes alone waits for nobody.

    One caller at a time acts, for all that wait, and then lets the first who came since do the same. Items are acted on
    in the order in which they came, those of one caller always together.
    """

    def __init__(self, act: Callable[[Sequence[Item]], Sequence[Result]], *, items_max: int) -> None:
        self._act = act
        self._items_max = items_max
        self._lock = threading.Lock()
        self._is_acting = False
        self._waiting: list[_Asked[Item, Result]] = []

    def do(self, items: Sequence[Item]) -> Sequence[Result]:
        """The result of each, once they are acted on. Raises what the act raised that they were in."""
        mine: _Asked[Item, Result] = _Asked(items)
        with self._lock:
            self._waiting.append(mine)
            waits, self._is_acting = self._is_acting, True
        if waits:
            mine.turn.acquire()
        if not mine.is_done:
            self._act_for_all()
        if mine.fault is not None:
            raise mine.fault
        return mine.results

    def _act_for_all(self) -> None:
        crowd = self._take_crowd()
        try:
            results = self._act([item for one in crowd for item in one.items])
            start = 0
            for one in crowd:
                one.results = results[start : start + len(one.items)]
                start += len(one.items)
        except BaseException as fault:  # noqa: BLE001 - raised to everybody who has a part in it
            for one in crowd:
                one.fault = fault
        for one in crowd:
            one.is_done = True
            one.turn.release()
        with self._lock:
            self._is_acting = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.release()

    def _take_crowd(self) -> Sequence[_Asked[Item, Result]]:
        """Those who came first, as many as fit into one act."""
        with self._lock:
            count, room = 1, self._items_max - len(self._waiting[0].items)
            while count < len(self._waiting) and len(self._waiting[count].items) <= room:
                room -= len(self._waiting[count].items)
                count += 1
            crowd = self._waiting[:count]
            del self._waiting[:count]
        return crowd
