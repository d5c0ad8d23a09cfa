"""Where a question comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.sources import source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("", "unknown"),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:aaaa::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:bbbb::2", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_source_is_an_address_or_the_network_of_one_household(address, source):
    assert source_of(address) == source


@given(st.ip_addresses())
def test_every_address_has_a_source(address):
    assert source_of(str(address))
