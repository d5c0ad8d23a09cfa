"""What the database is asked."""

import sqlalchemy as sa

from chassis.database import Reader

MORE_SESSIONS = """
    INSERT INTO sessions
        (session_id, token_hash, realm, user_id, opened_at, expires_at, last_seen_at, address, user_agent)
    SELECT gen_random_uuid(), sha256(n::text::bytea), 'PORTAL', user_id, opened_at, expires_at, last_seen_at, '', ''
      FROM sessions, generate_series(1, 1000) n
"""


def test_checking_a_session_reads_one_row_by_its_index(identity, anna, database, monkeypatch):
    identity.claim_annas(anna)
    asked: list[tuple[str, dict]] = []
    rows = Reader.rows

    def noting(reader, statement, values):
        if "FROM revocations" not in statement:  # Looked up once a second, by whoever comes.
            asked.append((statement, dict(values)))
        return rows(reader, statement, values)

    beside: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *a: beside.append(a[2]))
    monkeypatch.setattr(Reader, "rows", noting)
    identity.check(anna)
    [(statement, values)] = asked
    assert not beside
    with database.transaction() as session:
        # On a table of one row every plan is a scan: what matters is that an index can be used for each table.
        session.execute(sa.text(MORE_SESSIONS))
        session.execute(sa.text("ANALYZE sessions"))
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        connection = session.connection()
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
    assert "uq_sessions_token_hash" in plan
    assert "grants_open" in plan
    assert "Seq Scan" not in plan
