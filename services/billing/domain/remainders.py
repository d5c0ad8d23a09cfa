"""Sharing an amount out to the grosz by the largest remainder. Worked numbers: docs/algorithms/bill-difference.md."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from chassis.money import Money


def to_the_grosz(total: Money, exact: Sequence[Decimal]) -> tuple[Money, ...]:
    """Whole grosze that add up to `total`, each as near as can be to its exact amount in złoty.

    Each part is rounded down; the grosze still missing go one by one to the parts that lost most, and what is too much
    is taken from those that lost least. A part that is exactly nothing takes no share while another is something.
    Refuses nothing: with no parts the total must be zero.
    """
    if not exact:
        if total:
            raise ValueError("nothing to share an amount out among")
        return ()
    floors = [int((part * 100).to_integral_value(ROUND_FLOOR)) for part in exact]
    lost = [part * 100 - floor for part, floor in zip(exact, floors, strict=True)]
    takers = [index for index, part in enumerate(exact) if part] or [0]
    missing = total.grosze - sum(floors)
    takers.sort(key=lambda index: lost[index], reverse=missing > 0)
    step = 1 if missing > 0 else -1
    for turn in range(abs(missing)):
        floors[takers[turn % len(takers)]] += step
    return tuple(Money(floor) for floor in floors)
