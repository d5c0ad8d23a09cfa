"""What has run out is forgotten, what is alive stays."""

from datetime import timedelta

import pytest

from chassis.errors import Refusal


def test_what_has_run_out_is_forgotten_and_the_rest_stays(identity, served, clock, count):
    identity.join("anna@poczta.example")
    old = identity.log_in("anna@poczta.example")
    identity.ask_reset("anna@poczta.example")
    identity.register("bartek@poczta.example", name="Bartek")
    with pytest.raises(Refusal):
        identity.log_in("nobody@poczta.example", address="198.51.100.1")

    served.run_job("tokens.tidy")
    assert (count("tokens"), count("sessions"), count("users")) == (2, 1, 2)

    clock.advance(timedelta(days=8))
    served.run_job("tokens.tidy")
    assert (count("tokens"), count("sessions"), count("users")) == (0, 1, 1)

    clock.advance(timedelta(days=31))
    secret = identity.log_in("anna@poczta.example")
    served.run_job("tokens.tidy")
    assert count("sessions") == 1
    assert identity.check(secret)
    with pytest.raises(Refusal):
        identity.check(old)
    assert count("attempts", "kind = 'login'") == 2

    clock.advance(timedelta(days=60))
    served.run_job("tokens.tidy")
    assert count("attempts", "kind = 'login'") == 1


def test_tidying_twice_is_tidying_once(served, count):
    for _ in range(2):
        served.run_job("tokens.tidy")
    assert count("outbox") == 0
