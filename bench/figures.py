"""One figure: ours and the bare limit, measured in the same run on the same machine, and their ratio."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """`aim` says what the ratio should be, `≥ 0.6` or `≤ 1.1`, or where ours should be, `ours < 1000`."""

    name: str
    ours: float
    bare: float
    unit: str
    aim: str

    @property
    def ratio(self) -> float:
        """Ours by bare."""
        return self.ours / self.bare if self.bare else 0.0

    @property
    def is_reached(self) -> bool:
        """Whether it is as it should be."""
        if self.aim.startswith("ours <"):
            return self.ours < float(self.aim.removeprefix("ours <"))
        sign, bound = self.aim.split()
        return self.ratio >= float(bound) if sign == "≥" else self.ratio <= float(bound)

    def line(self) -> str:
        """As printed: one JSON object."""
        plain = asdict(self) | {
            "ours": _short(self.ours),
            "bare": _short(self.bare),
            "ratio": round(self.ratio, 2),
        }
        order = ("name", "ours", "bare", "unit", "ratio", "aim")
        return json.dumps({key: plain[key] for key in order}, ensure_ascii=False)


def _short(value: float) -> float:
    return round(value, 1) if value >= 10 else round(value, 3)


def median_by(runs: list[dict[str, float]], key: str) -> dict[str, float]:
    """The run whose `key` is the median."""
    return sorted(runs, key=lambda run: run[key])[len(runs) // 2]


Measure = Callable[[], list[Figure]]
