"""What part of the customers somebody of staff sees: the one place where queue, cases and counts are narrowed."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# For `tickets t LEFT JOIN customers c USING (customer_id)`. An empty list asks for nothing.
WITHIN = (
    "(%(towns)s::text[] = '{}' OR c.towns && %(towns)s::text[])"
    " AND (%(area_commodities)s::text[] = '{}' OR c.commodities && %(area_commodities)s::text[])"
)
_HOLDS = text("""
    SELECT 1 FROM customers c
     WHERE c.customer_id = :customer_id
       AND (CAST(:towns AS text[]) = '{}' OR c.towns && CAST(:towns AS text[]))
       AND (CAST(:area_commodities AS text[]) = '{}' OR c.commodities && CAST(:area_commodities AS text[]))
""")


@dataclass(frozen=True)
class Area:
    """Towns and commodities; empty ones do not narrow."""

    towns: tuple[str, ...] = ()
    commodities: tuple[str, ...] = ()

    @property
    def is_everywhere(self) -> bool:
        """Nothing is narrowed."""
        return not (self.towns or self.commodities)

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of WITHIN."""
        return {"towns": list(self.towns), "area_commodities": list(self.commodities)}


EVERYWHERE = Area()


def holds(session: Session, area: Area, customer_id: UUID) -> bool:
    """Whether a customer lies in an area; one that is not known yet lies in none but everywhere."""
    if area.is_everywhere:
        return True
    return session.scalar(_HOLDS, {"customer_id": customer_id, **area.values}) is not None
