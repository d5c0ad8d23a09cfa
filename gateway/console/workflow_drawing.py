"""A workflow as a drawing: its states one below the other, ways on to the right of them, ways back to the left.

Every way has a lane of its own as far as it runs beside another, and a number that the table below the drawing
explains. Nothing crosses a state. Plain numbers: the template only prints them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

NODE_WIDTH, NODE_HEIGHT, ROW_HEIGHT = 236, 46, 92
LANE_WIDTH, LANE_FIRST, MARGIN = 26, 24, 14
CORNER, TIP, LABEL_RADIUS = 7, 7, 9
NAME_LENGTH_MAX = 28


@dataclass(frozen=True)
class State:
    """A state as it is drawn: its words, and a class for what it is."""

    key: str
    name: str
    status: str
    kind: str


@dataclass(frozen=True)
class Way:
    """From one state to another; `kind` is what makes it happen: clerk, customer or time."""

    begin: str
    end: str
    kind: str


@dataclass(frozen=True)
class Box:
    """A drawn state."""

    x: int
    y: int
    name: str
    status: str
    kind: str


@dataclass(frozen=True)
class Line:
    """A drawn way, which may stand for several: its path, the tip, and where its numbers stand."""

    path: str
    tip: str
    label_x: float
    label_y: float
    label_width: int
    label: str
    kind: str


@dataclass(frozen=True)
class Drawing:
    """All of it, in units of a viewBox."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]
    node_width: int = NODE_WIDTH
    node_height: int = NODE_HEIGHT


def draw(states: Sequence[State], ways: Sequence[Way]) -> Drawing:
    """The drawing of a workflow; ways from or to states that are not there are left out."""
    row_of = {state.key: row for row, state in enumerate(states)}
    numbers: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for number, way in enumerate(ways, start=1):
        if way.begin in row_of and way.end in row_of and way.begin != way.end:
            numbers[row_of[way.begin], row_of[way.end], way.kind].append(number)
    steps = [key for key in numbers if key[1] - key[0] == 1]
    right = _lanes([key for key in numbers if key[1] - key[0] > 1])
    left = _lanes([key for key in numbers if key[1] < key[0]])
    x = MARGIN + _reach(left)
    ports = _ports(right, left)
    lines = [_straight(key, steps, x, numbers[key]) for key in steps]
    edge = x + NODE_WIDTH
    lines += [_arc(key, edge, edge + _lane_at(lane), ports, numbers[key]) for key, lane in right.items()]
    lines += [_arc(key, x, x - _lane_at(lane), ports, numbers[key]) for key, lane in left.items()]
    boxes = [
        Box(x, MARGIN + ROW_HEIGHT * row, _short(state.name), _short(state.status), state.kind)
        for row, state in enumerate(states)
    ]
    height = 2 * MARGIN + NODE_HEIGHT + ROW_HEIGHT * max(len(states) - 1, 0)
    return Drawing(edge + _reach(right) + MARGIN, height, boxes, lines)


Key = tuple[int, int, str]


def _lane_at(lane: int) -> int:
    """How far a lane runs from the states."""
    return LANE_FIRST + LANE_WIDTH * lane


def _reach(side: dict[Key, int]) -> int:
    """The width of all lanes of a side, with the numbers that stand on the outer one."""
    return _lane_at(max(side.values())) + LANE_WIDTH // 2 if side else 0


def _lanes(keys: Sequence[Key]) -> dict[Key, int]:
    """The lane of each way, counted from the states outward: short ways inside, none on the stretch of another."""
    taken: list[list[tuple[int, int]]] = []
    found: dict[Key, int] = {}
    for key in sorted(keys, key=lambda one: (abs(one[1] - one[0]), one)):
        low, high = sorted(key[:2])
        lane = next(
            (
                number
                for number, stretches in enumerate(taken)
                if all(high < begin or end < low for begin, end in stretches)
            ),
            len(taken),
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        found[key] = lane
    return found


def _ports(*sides: dict[Key, int]) -> dict[tuple[Key, int], float]:
    """How far below the top of its state each way leaves or enters, by way and row: spread evenly over the side.

    Ways to states above come first, the inner lane first; then those to states below, the outer lane first: so none
    crosses another beside the state.
    """
    found: dict[tuple[Key, int], float] = {}
    for side in sides:
        at_row: dict[int, list[tuple[int, int, Key]]] = defaultdict(list)
        for key, lane in side.items():
            upper, lower = sorted(key[:2])
            at_row[upper].append((1, -lane, key))
            at_row[lower].append((0, lane, key))
        for row, leaving in at_row.items():
            for number, (_below, _lane, key) in enumerate(sorted(leaving), start=1):
                found[key, row] = NODE_HEIGHT * number / (len(leaving) + 1)
    return found


def _straight(key: Key, steps: Sequence[Key], x: int, numbers: Sequence[int]) -> Line:
    """From one state to the next below it; several kinds of ways side by side."""
    beside = [one for one in steps if one[:2] == key[:2]]
    at = x + NODE_WIDTH * (beside.index(key) + 1) / (len(beside) + 1)
    top = MARGIN + ROW_HEIGHT * key[0] + NODE_HEIGHT
    bottom = MARGIN + ROW_HEIGHT * key[1]
    path = f"M{at:g} {top} V{bottom - TIP}"
    tip = f"M{at:g} {bottom} l-4.5 -{TIP} h9 z"
    return _line(path, tip, (at, _gap_at(key[0])), numbers, key[2])


def _arc(key: Key, edge: int, out: int, ports: dict[tuple[Key, int], float], numbers: Sequence[int]) -> Line:
    """Out of the side of a state at `edge`, along a lane at `out`, and into the side of another."""
    way = 1 if out > edge else -1
    begin = MARGIN + ROW_HEIGHT * key[0] + ports[key, key[0]]
    end = MARGIN + ROW_HEIGHT * key[1] + ports[key, key[1]]
    down = 1 if end > begin else -1
    path = (
        f"M{edge} {begin:g} H{out - way * CORNER} Q{out} {begin:g} {out} {begin + down * CORNER:g}"
        f" V{end - down * CORNER:g} Q{out} {end:g} {out - way * CORNER} {end:g} H{edge + way * TIP}"
    )
    tip = f"M{edge} {end:g} l{way * TIP} -4.5 v9 z"
    # Nothing runs across between two states, so that is where a number is read best.
    gap = (key[0] + key[1] - 1) // 2
    return _line(path, tip, (out, _gap_at(gap)), numbers, key[2])


def _gap_at(row: int) -> float:
    """The middle between a state and the one below it."""
    return MARGIN + ROW_HEIGHT * row + (NODE_HEIGHT + ROW_HEIGHT) / 2 - 1


def _line(path: str, tip: str, label_at: tuple[float, float], numbers: Sequence[int], kind: str) -> Line:
    label = ",".join(str(number) for number in numbers)
    width = max(2 * LABEL_RADIUS, 7 * len(label) + 6)
    return Line(path, tip, round(label_at[0], 1), round(label_at[1], 1), width, label, kind)


def _short(words: str) -> str:
    return words if len(words) <= NAME_LENGTH_MAX else words[: NAME_LENGTH_MAX - 1].rstrip() + "…"
