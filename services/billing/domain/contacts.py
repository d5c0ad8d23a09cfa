"""Ways to reach somebody and to be paid: e-mail, telephone, account number. Pure functions."""

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email

EMAIL_LENGTH_MAX = 254
PHONE_LENGTH_MAX = 30
HOME = "PL"
ACCOUNT_DIGITS = 26

_PHONE = re.compile(r"\+?[0-9 ()./-]+", re.ASCII)
_ACCOUNT_CHECK = 97
_UNBROKEN = str.maketrans("\u00a0\u202f", "  ")


def parse_email(text: str) -> str | None:
    """The address in its usual form; None when it cannot be one. Whether anybody reads it is not asked."""
    if len(text) > EMAIL_LENGTH_MAX:
        return None
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def parse_phone(text: str) -> str | None:
    """A telephone number as E.164, Polish unless it says otherwise; None when there is no such number.

    Pages print it with spaces that no line breaks at, and people copy them.
    """
    text = text.translate(_UNBROKEN)
    if len(text) > PHONE_LENGTH_MAX or not _PHONE.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_account_number(text: str) -> str | None:
    """26 digits that pass the bank's check (NRB: mod 97 with the country behind), spaces dropped; else None."""
    digits = text.translate(_UNBROKEN).replace(" ", "").removeprefix("PL")
    if len(digits) != ACCOUNT_DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    country = "2521"  # "PL" as IBAN counts letters
    return digits if int(digits[2:] + country + digits[:2]) % _ACCOUNT_CHECK == 1 else None
