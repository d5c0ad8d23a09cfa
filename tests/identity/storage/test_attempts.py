"""Attempts as the database counts them: waits that grow, what is forgotten, what is counted when a wait runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from services.identity.domain import attempts
from services.identity.domain.attempts import TooManyAttempts

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _wait(database, counters, now):
    """Counts an attempt; the wait that ran then, None when it was let through."""
    try:
        with database.asking() as asking:
            attempts.count(asking, counters, now=now)
    except TooManyAttempts as refusal:
        return refusal.retry_after_s
    return None


def _counts(database):
    with database.reading() as session:
        return dict(session.execute(sa.text("SELECT kind, count FROM attempts")).all())


def test_three_wrong_guesses_of_a_proof_are_followed_by_growing_waits(database):
    counters, now = [attempts.counter(attempts.CLAIM_USER, "anna")], NOW
    assert [_wait(database, counters, now) for _ in range(3)] == [None] * 3
    for wait_s in (60, 300, 1800, 86400, 86400):
        assert _wait(database, counters, now) == wait_s
        assert _wait(database, counters, now + timedelta(seconds=wait_s - 1)) == 1
        now += timedelta(seconds=wait_s)
        assert _wait(database, counters, now) is None


def test_what_was_counted_long_ago_counts_no_more(database):
    counters = [attempts.counter(attempts.CLAIM_USER, "anna")]
    assert [_wait(database, counters, NOW) for _ in range(2)] == [None] * 2
    later = NOW + attempts.CLAIM_USER.forget_after
    assert _wait(database, counters, later) is None
    assert _counts(database) == {"claim_user": 1}


def test_where_a_wait_runs_nothing_else_is_counted(database):
    user, customer = (
        attempts.counter(limit, "anna") for limit in (attempts.CLAIM_USER, attempts.CLAIM_CUSTOMER)
    )
    assert [_wait(database, [user], NOW) for _ in range(3)] == [None] * 3
    assert _wait(database, [user, customer], NOW) == 60
    assert _counts(database) == {"claim_user": 3}


def test_callers_at_once_get_no_more_than_one_of_them_would(database):
    counters = [
        attempts.counter(attempts.CLAIM_USER, "anna"),
        attempts.counter(attempts.CLAIM_CUSTOMER, "K-1"),
    ]
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: _wait(database, counters, NOW), range(8)))
    assert waits.count(None) == 3
    assert _counts(database)["claim_user"] == 3
