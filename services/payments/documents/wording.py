"""The words of confirmations, in three languages; amounts and days as people read them."""

from collections.abc import Mapping
from datetime import date

from chassis.money import Money

NBSP = "\u00a0"
MONTHS = {
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "en": "January February March April May June July August September October November December",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
}
PROVIDERS = {"przelewy24": "Przelewy24", "payu": "PayU"}
WORDS: Mapping[str, Mapping[str, str]] = {
    "pl": {
        "title": "Potwierdzenie wpłaty",
        "number": "Numer wpłaty",
        "customer": "Numer klienta",
        "amount": "Kwota",
        "started": "Data zlecenia",
        "settled": "Data zaksięgowania u operatora",
        "provider": "Operator płatności",
        "order": "Numer u operatora",
        "method": "Sposób zapłaty",
        "payee": "Odbiorca",
        "for": "Wpłata na poczet",
        "invoice": "Faktura",
        "credit": "Nadpłata na koncie klienta",
        "refunded": "Zwrócono lub w trakcie zwrotu",
        "nip": "NIP",
        "page": "Strona {page} z {pages}",
        "note": "Dokument utworzony elektronicznie, nie wymaga podpisu.",
    },
    "en": {
        "title": "Payment confirmation",
        "number": "Payment number",
        "customer": "Customer number",
        "amount": "Amount",
        "started": "Ordered on",
        "settled": "Received by the operator on",
        "provider": "Payment operator",
        "order": "Operator's number",
        "method": "Way of payment",
        "payee": "Payee",
        "for": "Paid towards",
        "invoice": "Invoice",
        "credit": "Credit on the customer's account",
        "refunded": "Refunded or being refunded",
        "nip": "Tax number (NIP)",
        "page": "Page {page} of {pages}",
        "note": "Made electronically; valid without a signature.",
    },
    "uk": {
        "title": "Підтвердження платежу",
        "number": "Номер платежу",
        "customer": "Номер клієнта",
        "amount": "Сума",
        "started": "Дата доручення",
        "settled": "Дата зарахування в оператора",
        "provider": "Платіжний оператор",
        "order": "Номер в оператора",
        "method": "Спосіб оплати",
        "payee": "Одержувач",
        "for": "Оплачено",
        "invoice": "Рахунок-фактура",
        "credit": "Переплата на рахунку клієнта",
        "refunded": "Повернено або повертається",
        "nip": "Податковий номер (NIP)",
        "page": "Сторінка {page} з {pages}",
        "note": "Документ створено електронно, підпис не потрібен.",
    },
}


def zloty(amount: Money, language: str) -> str:
    """`1 234,56 zł`; in English `1,234.56 zł`."""
    text = f"{amount.decimal:,.2f}"
    if language != "en":
        text = text.replace(",", NBSP).replace(".", ",")
    return f"{text}{NBSP}zł"


def day(on: date, language: str) -> str:
    """`12 grudnia 2026`."""
    return f"{on.day}{NBSP}{MONTHS[language].split()[on.month - 1]} {on.year}"


def nip(digits: str) -> str:
    """`123-456-32-18`."""
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:8]}-{digits[8:]}" if len(digits) == 10 else digits
