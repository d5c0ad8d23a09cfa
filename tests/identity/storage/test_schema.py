"""What the database is asked."""

import sqlalchemy as sa


def test_checking_a_session_reads_one_row_by_its_index(identity, anna, database):
    identity.claim_annas(anna)
    statements: list[tuple[str, dict]] = []
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda *a: statements.append((a[2], dict(a[3])))
    )
    identity.check(anna)
    [(statement, values)] = statements
    with database.transaction() as session:
        # On a table of one row every plan is a scan: what matters is that an index can be used for each table.
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        connection = session.connection()
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
    assert "uq_sessions_token_hash" in plan
    assert "grants_open" in plan
    assert "Seq Scan" not in plan
