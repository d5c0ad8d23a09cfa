"""What a call of `sms.do` asks for, and the errors SMSAPI has for what cannot be. Errors come with HTTP 200."""

from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers

from sandbox.smsapi.config import SmsApiConfig

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_PLACES = frozenset("^{}\\[~]|€")
NORMAL = str.maketrans("ąćęłńóśżźĄĆĘŁŃÓŚŻŹ–„”’", 'acelnoszzACELNOSZZ-""\'')
NUMBERS_MAX = 1000
IDX_LENGTH_MAX = 255
PARTS_MAX = 10
MOBILE = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}


class Refused(Exception):
    """An error of SMSAPI: its code, its words, and the numbers it is about."""

    def __init__(self, code: int, message: str, invalid_numbers: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.invalid_numbers = invalid_numbers or []


@dataclass(frozen=True)
class Wish:
    """A call that can be done: to whom (as given and as sent), what, from whom."""

    numbers: list[tuple[str, str]]
    message: str
    parts: int
    sender: str
    idx: list[str]
    check_idx: bool
    notify_url: str
    is_test: bool


def read_wish(given: Mapping[str, str], config: SmsApiConfig) -> Wish:
    """What is asked for. Raises Refused."""
    message = given.get("message", "")
    if given.get("normalize") == "1":
        message = message.translate(NORMAL)
    if not message:
        raise Refused(11, "The message is too long or there is no message or parameter nounicode is set")
    parts = count_parts(message)
    if parts > min(int(_number(given, "max_parts", PARTS_MAX)), PARTS_MAX):
        raise Refused(12, "Message consist of more parts than defined in &max_parts parameter")
    sender = given.get("from", "Test")
    if sender not in config.senders:
        raise Refused(14, "Invalid from field")
    submitted = [one for one in given.get("to", "").split(",") if one]
    if len(submitted) > NUMBERS_MAX:
        raise Refused(19, "Too many messages in one request")
    idx = given.get("idx", "").split("|") if given.get("idx") else []
    if any(len(one) > IDX_LENGTH_MAX for one in idx):
        raise Refused(27, "Too long IDX parameter. Maximum 255 chars.")
    if idx and len(idx) not in (1, len(submitted)):
        raise Refused(20, "The number of IDX parameters is wrong")
    return Wish(
        numbers=_read_numbers(submitted),
        message=message,
        parts=parts,
        sender=sender,
        idx=idx if len(idx) == len(submitted) else idx * len(submitted),
        check_idx=given.get("check_idx") == "1",
        notify_url=given.get("notify_url", ""),
        is_test=given.get("test") == "1",
    )


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isdecimal():
        raise Refused(8, "Error in request")
    return int(text)


def _read_numbers(submitted: list[str]) -> list[tuple[str, str]]:
    """Each number once, in digits with its country; a call whose numbers are all wrong is refused as a whole."""
    good: dict[str, str] = {}
    wrong = []
    for one in submitted:
        number = _mobile(one)
        if number is None:
            wrong.append({"number": one, "submitted_number": one, "message": "Invalid phone number"})
        else:
            good.setdefault(number, one)
    if not good:
        raise Refused(13, "No correct phone numbers", wrong)
    return [(as_given, number) for number, as_given in good.items()]


def _mobile(text: str) -> str | None:
    try:
        parsed = phonenumbers.parse(text if text.startswith("+") else f"+{_with_country(text)}")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(parsed) not in MOBILE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def _with_country(digits: str) -> str:
    """Nine digits are a Polish number."""
    return f"48{digits}" if len(digits) == 9 else digits


def count_parts(message: str) -> int:
    """160 letters of the short alphabet or 70 of any; joined parts hold a few less."""
    if all(letter in GSM or letter in TWO_PLACES for letter in message):
        places, single, joined = len(message) + sum(letter in TWO_PLACES for letter in message), 160, 153
    else:
        places, single, joined = len(message.encode("utf-16-le")) // 2, 70, 67
    return 1 if places <= single else -(-places // joined)
