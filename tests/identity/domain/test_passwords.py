"""Which passwords are refused, how hashes are made and checked."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import passwords
from services.identity.domain.passwords import (
    HashingBusy,
    Passwords,
    PasswordTooWeak,
    check_strength,
)

REASONS = ("", "TOO_SHORT", "TOO_LONG", "OWN_DATA", "COMMON", "PATTERN", "DATE", "GUESSABLE")


def weakness(password, *, email="anna.nowak@poczta.example", name="Anna Nowak", provider="Wodociągi Zdrój"):
    try:
        check_strength(password, field="password", email=email, name=name, provider=provider)
    except PasswordTooWeak as refusal:
        return refusal.violations[0].reason
    return ""


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("zielony rower pod lipą", ""),
        ("Zk7#pQ!m2x", ""),
        ("ćma świeci nocą", ""),
        ("パスワードは長いほうがいい", ""),
        ("krótkie 9", "TOO_SHORT"),
        ("ab9" * 43, "TOO_LONG"),
        ("anna.nowak@poczta.example", "OWN_DATA"),
        ("Anna.Nowak", "OWN_DATA"),
        ("ANNA NOWAK 1985", "OWN_DATA"),
        ("WodociągiZdrój2026", "OWN_DATA"),
        ("wodociagi-zdroj!", "OWN_DATA"),
        ("qwerty12345", "COMMON"),
        ("Hasło123456", "COMMON"),
        ("HASLO!!!!!!", "COMMON"),
        ("1qaz2wsx3edc", "COMMON"),
        ("Zima2026!!", "COMMON"),
        ("0123456789", "PATTERN"),
        ("9876543210", "PATTERN"),
        ("!!!!!!!!!!", "PATTERN"),
        ("xyzxyzxyzx", "PATTERN"),
        ("abcdefghijkl", "PATTERN"),
        ("!@#$%^&*()!", "PATTERN"),
        ("Warszawa2026!", "COMMON"),
        ("Kochanie2024", "COMMON"),
        ("dupa dupa dupa1", "COMMON"),
        ("12.05.1985", "DATE"),
        ("1985-05-12!", "DATE"),
        ("trzy kubki na parapecie", ""),
        ("pięć żab pod mostem", ""),
    ],
)
def test_table_of_passwords(password, reason):
    assert weakness(password) == reason


def test_provider_and_name_may_be_unknown():
    assert weakness("zielony rower", email="", name="", provider="") == ""
    assert weakness("Zk7#pQ!m2x", email="", name="", provider="") == ""


@given(st.text(min_size=0, max_size=140))
def test_whatever_is_typed_is_accepted_or_refused(password):
    assert weakness(password) in REASONS


@pytest.fixture
def work():
    return []


@pytest.fixture
def hasher(work):
    return Passwords(time_cost=1, memory_kib=64, parallelism=1, at_once=1, waiting_max=1, note=work.append)


def test_right_password_is_right_however_the_keyboard_composes_it(hasher):
    kept = hasher.make("gęś na łące")
    assert hasher.check(kept, "gęś na łące").right
    assert hasher.check(kept, "ge\u0328s\u0301 na ła\u0328ce".replace("ła", "ła")).right
    assert not hasher.check(kept, "ges na lace").right
    assert not hasher.check(kept, "Gęś na łące").right


def test_nobody_has_no_password_and_costs_the_same(hasher, work):
    assert not hasher.check(None, "zielony rower").right
    assert not hasher.check(None, "\0nobody's password\0").right
    assert work == ["checked", "checked"]


def test_hash_that_is_none_is_never_right(hasher):
    assert not hasher.check("not a hash", "zielony rower").right


def test_place_is_given_back_after_a_fault(hasher):
    with pytest.raises(TypeError):
        hasher.check(None, None)
    assert hasher.make("zielony rower")


def test_hashes_are_made_in_threads_of_their_own_as_many_as_may_run_at_once():
    hasher = Passwords(time_cost=1, memory_kib=8192, parallelism=1, at_once=2, waiting_max=6)
    kept = hasher.make("gęś na łące")
    with ThreadPoolExecutor(8, "request") as requests:
        assert all(one.right for one in requests.map(lambda _: hasher.check(kept, "gęś na łące"), range(8)))
        assert 1 <= len(hasher._threads._threads) <= 2


def test_a_hash_that_waits_too_long_is_refused_and_not_made(hasher, work, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_S", 0.05)
    goes_on = threading.Event()
    hasher._threads.submit(goes_on.wait)
    with pytest.raises(HashingBusy):
        hasher.make("zielony rower")
    goes_on.set()
    assert hasher.make("zielony rower")
    assert work == ["busy", "made"]


def test_more_than_the_places_are_refused_at_once(hasher, work):
    with hasher.place(), hasher.place():
        with pytest.raises(HashingBusy), hasher.place():
            pass
        assert hasher.make("zielony rower")
    with hasher.place():
        assert work == ["busy", "made"]
