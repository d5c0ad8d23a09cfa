"""Money: a whole number of grosze. It adds, subtracts and compares; it is never multiplied.

A fraction of a grosz disappears in exactly one place, `Money.rounded`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

GROSZE_MAX = 2**63 - 1  # What a BIGINT and an int64 hold.


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount of złoty as an integer number of grosze."""

    grosze: int

    def __post_init__(self) -> None:
        if type(self.grosze) is not int:
            raise TypeError(f"Money takes an int of grosze, not {type(self.grosze).__name__}")
        if not -GROSZE_MAX <= self.grosze <= GROSZE_MAX:
            raise OverflowError("Money is out of the range of a BIGINT")

    @classmethod
    def zero(cls) -> Self:
        """Nothing to pay."""
        return cls(0)

    @classmethod
    def rounded(cls, zloty: Decimal) -> Self:
        """The one place where a fraction of a grosz disappears: half a grosz goes away from zero."""
        if not isinstance(zloty, Decimal):
            raise TypeError(f"Money.rounded takes a Decimal of złoty, not {type(zloty).__name__}")
        return cls(int((zloty * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)))

    @property
    def decimal(self) -> Decimal:
        """Złoty with two places."""
        return Decimal(self.grosze).scaleb(-2)

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.grosze + other.grosze)

    def __sub__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.grosze - other.grosze)

    def __neg__(self) -> "Money":
        return Money(-self.grosze)

    def __abs__(self) -> "Money":
        return Money(abs(self.grosze))

    def __bool__(self) -> bool:
        return self.grosze != 0

    def __str__(self) -> str:
        return f"{self.decimal:.2f}"


def sum_money(amounts: Iterable[Money]) -> Money:
    """The sum; of nothing it is zero."""
    return Money(sum(amount.grosze for amount in amounts))
