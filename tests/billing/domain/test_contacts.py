"""E-mail, telephone and account number as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.contacts import parse_account_number, parse_email, parse_phone


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("600 100 200", "+48600100200"),
        ("600\u00a0100\u00a0200", "+48600100200"),
        ("+48 600-100-200", "+48600100200"),
        ("0048600100200", "+48600100200"),
        ("(74) 866 10 10", "+48748661010"),
        ("+380 44 123 45 67", "+380441234567"),
        ("112", None),
        ("600 100 20", None),
        ("600-KWIATY", None),
        ("６００１００２００", None),
        ("600100200\n", None),
        ("6" * 31, None),
        ("", None),
    ],
)
def test_telephones(text, phone):
    assert parse_phone(text) == phone


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("anna@poczta.example", "anna@poczta.example"),
        ("Anna@POCZTA.example", "Anna@poczta.example"),
        ("zażółć@poczta.example", "zażółć@poczta.example"),
        ("anna", None),
        ("anna@localhost", None),
        ("a b@poczta.example", None),
        ("anna@poczta.example\nBcc: x@poczta.example", None),
        ("a" * 250 + "@poczta.example", None),
    ],
)
def test_addresses(text, email):
    assert parse_email(text) == email


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("61 1090 1014 0000 0712 1981 2874", "61109010140000071219812874"),
        ("PL61109010140000071219812874", "61109010140000071219812874"),
        ("61\u00a01090\u00a01014\u202f0000\u00a00712\u00a01981\u00a02874", "61109010140000071219812874"),
        ("61109010140000071219812875", None),
        ("6110901014000007121981287", None),
        ("DE89370400440532013000", None),
        ("", None),
    ],
)
def test_accounts(text, account):
    assert parse_account_number(text) == account


@given(some.text(max_size=60))
def test_nothing_that_is_typed_breaks_them(text):
    for parse in (parse_phone, parse_email, parse_account_number):
        parsed = parse(text)
        assert parsed is None or parse(parsed) == parsed
