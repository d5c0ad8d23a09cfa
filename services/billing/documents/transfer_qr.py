"""The 2D code of a transfer that Polish banking apps scan: text and modules.

Recommendation of the Polish Bank Association (2D standard of 2013): nine fields parted by "|":
NIP, country, account, amount in grosze, recipient, title, three reserved. Level L, plain ASCII.
"""

import re
import unicodedata

import segno

from chassis.errors import Invalid
from chassis.money import Money

AMOUNT_MAX = Money(999_999)  # Six digits of grosze; above it the payer enters the amount.
RECIPIENT_LENGTH_MAX = 20
TITLE_LENGTH_MAX = 32
# Choosing the best of eight masks is most of the cost of a code. All are valid; with this one zbar and OpenCV
# read every printed page that was tried, at 100 to 300 dpi.
MASK = 0
QUIET_MODULES = 4  # what must stay white around a code

_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "–": "-", "—": "-", "„": '"', "”": '"', "’": "'"})


class TransferUnsound(Invalid):
    """The account or the NIP has no shape that a bank would take."""

    reason = "TRANSFER_UNSOUND"


def transfer_qr_text(nip: str, nrb: str, amount: Money, recipient: str, title: str) -> str:
    """The text of the code.

    `nip` is 10 digits, or "" for a private payee; `nrb` 26 digits; both may hold spaces and dashes. An amount
    above 9999.99 zł is written as 000000: the payer enters it. Texts lose "|", control characters and
    diacritics and are cut to their field. Refuses with `TransferUnsound`, also for a negative amount.
    """
    tax_number, account = re.sub(r"[\s-]", "", nip), re.sub(r"[\s-]", "", nrb).removeprefix("PL")
    if not re.fullmatch(r"(\d{10})?", tax_number, re.ASCII):
        raise TransferUnsound("NIP of the payee is no ten digits")
    if not re.fullmatch(r"\d{26}", account, re.ASCII):
        raise TransferUnsound("account number is no 26 digits")
    if amount < Money.zero():
        raise TransferUnsound("amount is negative")
    grosze = amount.grosze if amount <= AMOUNT_MAX else 0
    name = plain_ascii(recipient)[:RECIPIENT_LENGTH_MAX].strip()
    text = plain_ascii(title)[:TITLE_LENGTH_MAX].strip()
    return f"{tax_number}|PL|{account}|{grosze:06}|{name}|{text}|||"


def plain_ascii(text: str) -> str:
    """Letters without their marks; separators, control characters and what has no plain form are left out."""
    spread = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = "".join(letter if letter.isprintable() else " " for letter in spread if letter != "|")
    return re.sub(r"\s+", " ", kept.encode("ascii", "ignore").decode("ascii")).strip()


def qr_modules(text: str) -> tuple[tuple[int, ...], ...]:
    """Rows of modules, 1 is dark; without the quiet zone of four modules that must surround it."""
    code = segno.make_qr(text, error="l", mask=MASK, boost_error=False)
    return tuple(tuple(row) for row in code.matrix)
