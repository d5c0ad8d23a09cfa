"""Waits, worked out without a database."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import attempts

LIMITS = [one for one in vars(attempts).values() if isinstance(one, attempts.Limit)]


def test_waits_never_shrink_and_are_shorter_than_the_memory():
    for limit in LIMITS:
        assert list(limit.waits_s) == sorted(limit.waits_s)
        assert timedelta(seconds=limit.waits_s[-1]) < limit.forget_after <= attempts.KEPT_FOR


def test_the_first_attempt_never_begins_a_wait():
    """The statement that counts relies on it."""
    assert min(one.free for one in LIMITS) >= 2


def test_nobody_is_kept_out_of_an_account_by_strangers_for_more_than_half_a_minute():
    assert max(attempts.LOGIN_ACCOUNT.waits_s) <= 30


def test_limits_are_told_apart_by_their_kind():
    assert len({one.kind for one in LIMITS}) == len(LIMITS) >= 14


@given(st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3))
def test_different_subjects_have_different_hashes(one, other):
    if "\0" in "".join(one + other):
        return  # refused at the door
    same = attempts.hash_subject(*one) == attempts.hash_subject(*other)
    assert same == ("\0".join(one) == "\0".join(other))
