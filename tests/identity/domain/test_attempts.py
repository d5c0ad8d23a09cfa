"""Waits, worked out without a database."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import attempts

LIMITS = [one for one in vars(attempts).values() if isinstance(one, attempts.Limit)]


@pytest.mark.parametrize(
    ("count", "wait_s"), [(1, None), (2, None), (3, 60), (4, 300), (5, 1800), (6, 86400), (60, 86400)]
)
def test_three_wrong_guesses_of_a_proof_are_followed_by_growing_waits(count, wait_s):
    for limit in (attempts.CLAIM_USER, attempts.CLAIM_CUSTOMER):
        wait = limit.wait_after(count)
        assert wait == (None if wait_s is None else timedelta(seconds=wait_s))


@given(st.sampled_from(LIMITS), st.integers(1, 10_000))
def test_waits_never_shrink_and_are_shorter_than_the_memory(limit, count):
    less, more = limit.wait_after(count), limit.wait_after(count + 1)
    assert (less or timedelta()) <= (more or timedelta())
    assert (more or timedelta()) < limit.forget_after <= attempts.KEPT_FOR


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
