"""Who is in a segment: one SQL statement out of its conditions. Conditions choose among fixed pieces of SQL; what
people typed goes in as bound values alone."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from chassis.segments import Condition, Field, Operator, split_street
from services.billing.storage.customers import CustomerKind

SAMPLE_SPARE = 10  # A sample is drawn from about ten times as many, so that it hardly ever falls short.
TOWNS_MAX = 500
STREETS_MAX = 5000
TARIFF_GROUPS_MAX = 200

_IN_FORCE = (
    "c.customer_id = k.customer_id AND c.starts_on <= :today AND (c.ends_on IS NULL OR c.ends_on >= :today)"
)
_SERVED = f"""
    EXISTS (SELECT 1 FROM contracts c
              JOIN contract_service_points l USING (contract_id)
              JOIN service_points s USING (service_point_id)
              JOIN premises p USING (premises_id)
             WHERE {_IN_FORCE} AND %s)
"""  # noqa: S608 - pieces of our own
_OPEN_OF = """
    (SELECT {sums}
       FROM ledger_entries e
       LEFT JOIN LATERAL (SELECT sum(a.amount) AS used FROM ledger_allocations a
                           WHERE a.debit_entry_id = e.entry_id) u ON e.amount > 0
      WHERE e.customer_id = k.customer_id{only})
"""
_OVERDUE = "coalesce(sum(e.amount - coalesce(u.used, 0)) FILTER (WHERE e.amount > 0 AND {past}), 0)".format(
    past="coalesce(e.due_on, e.booked_on) < :today"
)

# What holds of a customer `k` for one condition; `{n}` is its place.
_HOLDS = {
    Field.COMMODITY: _SERVED % "s.commodity = ANY(:values_{n})",
    Field.TOWN: _SERVED % "p.town = ANY(:values_{n})",
    Field.STREET: _SERVED
    % "(p.town, p.street) IN (SELECT * FROM unnest(CAST(:towns_{n} AS text[]), CAST(:streets_{n} AS text[])))",
    Field.TARIFF_GROUP: f"""
        EXISTS (SELECT 1 FROM contracts c JOIN tariffs t USING (tariff_id)
                 WHERE {_IN_FORCE} AND t.code = ANY(:values_{{n}}))
    """,  # noqa: S608 - pieces of our own
    Field.KIND: "k.kind = ANY(:values_{n})",
    Field.E_INVOICE: "(CASE WHEN k.e_invoice THEN 'yes' ELSE 'no' END) = ANY(:values_{n})",
    Field.CUSTOMER: "k.customer_id = ANY(CAST(:values_{n} AS uuid[]))",
    # Asked for one customer after the other, so that a piece of the stream ends when it is full. Most owe nothing that
    # is past its day, and of them nothing is added up.
    Field.ARREARS: _OPEN_OF.format(
        sums=_OVERDUE, only=" AND e.amount > 0 AND coalesce(e.due_on, e.booked_on) < :today"
    )
    + " > :amount_{n}",
}


def _where(conditions: Sequence[Condition], *, today: date) -> tuple[str, dict[str, Any]]:
    """The conditions of customers `k` as SQL, and the values it binds."""
    parts, bound = ["true"], {"today": today}
    for place, condition in enumerate(conditions):
        holds = _HOLDS[condition.field].format(n=place)
        parts.append(f"NOT ({holds})" if condition.operator is Operator.IS_NOT else f"({holds})")
        bound |= _bound(condition, place)
    return " AND ".join(parts), bound


def _bound(condition: Condition, place: int) -> dict[str, Any]:
    if condition.amount is not None:
        return {f"amount_{place}": condition.amount.grosze}
    if condition.field is Field.STREET:
        streets = [pair for value in condition.values for pair in split_street(value)]
        return {
            f"towns_{place}": [town for town, _ in streets],
            f"streets_{place}": [street for _, street in streets],
        }
    values = list(condition.values)
    if condition.field is Field.COMMODITY:
        values = [value.upper() for value in values]
    if condition.field is Field.KIND:
        values = [CustomerKind(value.upper()).value for value in values]
    return {f"values_{place}": values}


def count_audience(session: Session, conditions: Sequence[Condition], *, today: date) -> int:
    """How many customers a segment has."""
    where, bound = _where(conditions, today=today)
    statement = text(f"SELECT count(*) FROM customers k WHERE {where}")  # noqa: S608 - pieces of our own
    return int(session.execute(statement, bound).scalar_one())


def sample_audience(
    session: Session, conditions: Sequence[Condition], *, today: date, count: int, size: int
) -> Sequence[Row[Any]]:
    """So many of the `count` customers of a segment, by chance. Chance goes first: of a million customers only those it
    left are looked at and put in order."""
    where, bound = _where(conditions, today=today)
    share = size * SAMPLE_SPARE / max(count, 1)
    if share < 1:
        drawn = _members(
            session, f"random() < :share AND {where}", bound | {"share": share}, "random()", size
        )
        if len(drawn) == size:
            return drawn
    return _members(session, where, bound, "random()", size)


def list_audience(
    session: Session, conditions: Sequence[Condition], *, today: date, after: UUID | None, size: int
) -> Sequence[Row[Any]]:
    """The next customers of a segment after one, by id upwards."""
    where, bound = _where(conditions, today=today)
    if after is not None:
        where, bound = f"k.customer_id > :after AND {where}", bound | {"after": after}
    return _members(session, where, bound, "k.customer_id", size)


def _members(
    session: Session, where: str, bound: dict[str, Any], order: str, size: int
) -> Sequence[Row[Any]]:
    statement = text(f"""
        WITH chosen AS MATERIALIZED (
            SELECT k.customer_id, k.number, k.name, k.premises_label FROM customers k
             WHERE {where} ORDER BY {order} LIMIT :size)
        SELECT k.*, coalesce(place.town, '') AS town, coalesce(first.code, '') AS tariff_group,
               owed.balance, owed.overdue, owed.next_due_on
          FROM chosen k
          LEFT JOIN LATERAL ({_FIRST_PLACE}) place ON true
          LEFT JOIN LATERAL ({_FIRST_TARIFF}) first ON true
          LEFT JOIN LATERAL {_OPEN_OF.format(sums=_SUMS, only="")} owed ON true
         ORDER BY k.customer_id
    """)  # noqa: S608 - pieces of our own
    return session.execute(statement, bound | {"size": size}).all()


# The address that `customers.premises_label` shows: that of the oldest contract that has not ended.
_FIRST_PLACE = """
    SELECT p.town FROM contracts c
      JOIN contract_service_points l USING (contract_id)
      JOIN service_points s USING (service_point_id)
      JOIN premises p USING (premises_id)
     WHERE c.customer_id = k.customer_id AND (c.ends_on IS NULL OR c.ends_on >= :today)
     ORDER BY c.starts_on, c.contract_id, s.external_id LIMIT 1
"""
_FIRST_TARIFF = f"""
    SELECT t.code FROM contracts c JOIN tariffs t USING (tariff_id)
     WHERE {_IN_FORCE} ORDER BY c.starts_on, c.contract_id LIMIT 1
"""  # noqa: S608 - pieces of our own
_SUMS = f"""
    coalesce(sum(e.amount), 0) AS balance, {_OVERDUE} AS overdue,
    min(e.due_on) FILTER (WHERE e.amount > coalesce(u.used, 0) AND e.due_on >= :today) AS next_due_on
"""


# What there is to choose. Each value costs one step into an index, however many premises have it.
_TOWNS = text("""
    WITH RECURSIVE steps AS (
        SELECT min(town) AS town FROM premises
         UNION ALL
        SELECT (SELECT min(p.town) FROM premises p WHERE p.town > s.town) FROM steps s WHERE s.town IS NOT NULL)
    SELECT town FROM steps WHERE town <> '' LIMIT :most
""")
_STREETS = text("""
    WITH RECURSIVE steps AS (
        (SELECT town, street FROM premises ORDER BY town, street LIMIT 1)
         UNION ALL
        SELECT n.town, n.street FROM steps s CROSS JOIN LATERAL (
            SELECT p.town, p.street FROM premises p
             WHERE (p.town, p.street) > (s.town, s.street) ORDER BY p.town, p.street LIMIT 1) n)
    SELECT town, street FROM steps WHERE town <> '' AND street <> '' LIMIT :most
""")
_TARIFF_GROUPS = text("SELECT code FROM tariffs ORDER BY code LIMIT :most")
_COMMODITIES = text("""
    SELECT one FROM unnest(CAST(:known AS text[])) one
     WHERE EXISTS (SELECT 1 FROM service_points s WHERE s.commodity = one)
""")


def list_towns(session: Session) -> Sequence[str]:
    """Towns of premises."""
    return session.execute(_TOWNS, {"most": TOWNS_MAX}).scalars().all()


def list_streets(session: Session) -> Sequence[Row[Any]]:
    """Streets of premises with their towns; a village without streets has none."""
    return session.execute(_STREETS, {"most": STREETS_MAX}).all()


def list_tariff_groups(session: Session) -> Sequence[str]:
    """Codes of tariffs."""
    return session.execute(_TARIFF_GROUPS, {"most": TARIFF_GROUPS_MAX}).scalars().all()


def list_commodities(session: Session, known: Sequence[str]) -> Sequence[str]:
    """Those commodities that are delivered somewhere, in the order given."""
    return session.execute(_COMMODITIES, {"known": list(known)}).scalars().all()
