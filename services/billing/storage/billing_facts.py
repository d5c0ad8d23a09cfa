"""What a run reads of a chunk of customers: a handful of queries for all of them, none for a single one."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

Rows = Sequence[Row[Any]]

_IN_PERIOD = "c.starts_on <= :until_day AND (c.ends_on IS NULL OR c.ends_on >= :from_day)"


def count_customers(session: Session, *, from_day: date, until_day: date) -> int:
    """Customers with a contract that holds on some day of the period."""
    return int(session.execute(_COUNT, {"from_day": from_day, "until_day": until_day}).scalar_one())


_COUNT = text(f"SELECT count(DISTINCT c.customer_id) FROM contracts c WHERE {_IN_PERIOD}")  # noqa: S608 - no input


def list_contracts(session: Session, *, from_day: date, until_day: date, after: UUID, limit: int) -> Rows:
    """Contracts that hold in the period, of the next `limit` customers after one, with customer and tariff."""
    given = {"from_day": from_day, "until_day": until_day, "after": after, "limit": limit}
    return session.execute(_CONTRACTS, given).all()


_CONTRACTS = text(f"""
    WITH chunk AS (
        SELECT DISTINCT c.customer_id FROM contracts c
         WHERE {_IN_PERIOD} AND c.customer_id > :after
         ORDER BY c.customer_id LIMIT :limit)
    SELECT k.customer_id, k.number, k.name, k.nip, k.address_line, k.postcode, k.town, k.account_number,
           k.e_invoice AND coalesce(nullif(k.own_email, ''), k.source_email) <> '' AS by_mail,
           c.contract_id, c.number AS contract_number, c.starts_on, c.ends_on,
           t.tariff_id, t.code AS tariff_code, t.name AS tariff_name
      FROM chunk
      JOIN customers k USING (customer_id)
      JOIN contracts c USING (customer_id)
      JOIN tariffs t USING (tariff_id)
     WHERE {_IN_PERIOD}
     ORDER BY k.customer_id, c.number, c.contract_id
""")  # noqa: S608 - no input


def list_points(session: Session, contract_ids: Collection[UUID]) -> Rows:
    """The contracts' points with premises and meters: a row for each meter, or one where there is none."""
    return session.execute(_POINTS, {"ids": [*contract_ids]}).all()


_POINTS = text("""
    SELECT l.contract_id, s.service_point_id, s.code, s.commodity,
           p.street, p.building, p.flat, p.postcode, p.town,
           m.meter_id, m.serial_number, m.unit, m.digits, m.installed_on, m.removed_on, m.purpose
      FROM contract_service_points l
      JOIN service_points s USING (service_point_id)
      JOIN premises p USING (premises_id)
      LEFT JOIN meters m USING (service_point_id)
     WHERE l.contract_id = ANY(CAST(:ids AS uuid[]))
     ORDER BY l.contract_id, s.commodity <> 'WATER', s.commodity, s.code, s.service_point_id, m.installed_on, m.meter_id
""")


def list_readings(session: Session, since: Mapping[UUID, date], *, until_day: date) -> Rows:
    """Accepted and waiting readings of the meters' main registers, each meter's from its own day on, by day."""
    if not since:
        return ()
    wanted = [{"meter_id": str(meter_id), "since": day.isoformat()} for meter_id, day in since.items()]
    return session.execute(_READINGS, {"wanted": json.dumps(wanted), "until_day": until_day}).all()


_READINGS = text("""
    SELECT r.meter_id, r.reading_id, r.read_on, r.value, r.kind, r.status, r.decided_at IS NOT NULL AS decided
      FROM json_to_recordset(CAST(:wanted AS json)) AS w(meter_id uuid, since date)
      JOIN readings r ON r.meter_id = w.meter_id AND r.read_on BETWEEN w.since AND :until_day
     WHERE r.register = 'main' AND r.status IN ('ACCEPTED', 'SUBMITTED')
     ORDER BY r.meter_id, r.read_on
""")


def list_components(session: Session, tariff_ids: Collection[UUID], *, until_day: date) -> Rows:
    """Components of the published versions that count before the end of the period, in the order of invoices."""
    return session.execute(_COMPONENTS, {"ids": [*tariff_ids], "until_day": until_day}).all()


_COMPONENTS = text("""
    SELECT v.tariff_id, v.valid_from, n.name, n.commodity, n.basis, n.price, n.vat_rate, n.ratio, n.ratio_of, n.unit
      FROM tariff_versions v
      JOIN tariff_components n USING (tariff_version_id)
     WHERE v.tariff_id = ANY(CAST(:ids AS uuid[])) AND v.status = 'PUBLISHED' AND v.valid_from <= :until_day
     ORDER BY v.tariff_id, v.valid_from, n.position
""")


def list_last_invoices(session: Session, contract_ids: Collection[UUID]) -> Rows:
    """The newest issued invoice of each contract with the lines of its document; `total_gross` in grosze."""
    return session.execute(_LAST_INVOICES, {"ids": [*contract_ids]}).all()


_LAST_INVOICES = text("""
    SELECT DISTINCT ON (contract_id)
           contract_id, number, period_from, period_to, total_gross, frozen -> 'lines' AS lines
      FROM invoices
     WHERE contract_id = ANY(CAST(:ids AS uuid[])) AND status = 'ISSUED'
     ORDER BY contract_id, period_to DESC, issued_at DESC
""")


def list_billed_through(session: Session, contract_ids: Collection[UUID]) -> Rows:
    """Where the last bill of each meter ended, by contract."""
    return session.execute(_BILLED_THROUGH, {"ids": [*contract_ids]}).all()


_BILLED_THROUGH = text("""
    SELECT DISTINCT ON (contract_id, meter_id) contract_id, meter_id, until_day, until_value
      FROM invoice_spans
     WHERE contract_id = ANY(CAST(:ids AS uuid[])) AND basis = 'USE'
     ORDER BY contract_id, meter_id, until_day DESC
""")


def list_billed_spans(session: Session, point_ids: Collection[UUID], *, since: date) -> Rows:
    """Days that issued invoices, of whichever contract, bill at the points."""
    return session.execute(_BILLED_SPANS, {"ids": [*point_ids], "since": since}).all()


_BILLED_SPANS = text("""
    SELECT s.service_point_id, s.contract_id, s.meter_id, s.from_day, s.until_day, i.number
      FROM invoice_spans s
      JOIN invoices i USING (invoice_id)
     WHERE s.service_point_id = ANY(CAST(:ids AS uuid[])) AND s.until_day >= :since
     ORDER BY s.service_point_id, s.until_day
""")
