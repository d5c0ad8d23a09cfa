"""What of a provider's words is shown."""

import pytest

from services.payments.domain.masking import shown


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (b'{"sign":"abc","amount":5}', '{"sign":"••••","amount":5}'),
        (b'{"data": {"token" : "A-B\\"C"}}', '{"data": {"token" : "••••"}}'),
        (b'{"SIGN":"abc"}', '{"SIGN":"••••"}'),
        (b'{"access_token":"x","client_secret":"y"}', '{"access_token":"••••","client_secret":"••••"}'),
        (
            b"https://bank.example/pay?orderId=1&token=SECRET more",
            "https://bank.example/pay?orderId=1&token=•••• more",
        ),
        (b'"https://p24.example/trnRequest/SECRET"', '"https://p24.example/trnRequest/••••"'),
        ("Żółw".encode(), "Żółw"),
        (b"\xff\x00\x1b[31m", "���[31m"),
        ("a\u202eb".encode(), "a�b"),
        (b"line\nline\ttab", "line\nline\ttab"),
    ],
)
def test_secrets_are_masked_and_the_rest_is_readable(said, seen):
    assert shown(said) == seen
