"""Every way to fill a field in wrongly, and whether the page must refuse it or may take it as it is."""

from dataclasses import dataclass
from typing import Literal

from tests.gateway.forms import Field, Value

Verdict = Literal["refuse", "may"]
MARKUP = "<script>alert(1)</script>\"'"
RAW_MARKUP = "<script>alert(1)"
LONG = "x" * 10_000
LONGER = "x" * 61_000  # A page of the provider's own may be long.
LETTERS = "abc"
NEGATIVE = "-5"
HUGE = "1" + "0" * 30
NUL, ESCAPE = "a\x00b", "a\x1b[31mb"
LINES = "pierwsza\r\nSet-Cookie: zly=1"
BROKEN = b"\xed\xa0\x80\xff\xfe"  # A lone surrogate and bytes that are in no text.
UNKNOWN_ID = "018f0000-0000-7000-8000-000000000000"

# One guard reads the tokens of all forms.
TOKENS: tuple[tuple[str, tuple[Value, ...]], ...] = (
    ("missing", ()),
    ("empty", ("",)),
    ("markup", (MARKUP,)),
    ("broken bytes", (BROKEN,)),
)
STRICT = ("number", "date", "email", "tel", "select", "radio")
DAYS = ("2026-02-30", "31.02.2026", "0000-00-00", "2026-13-01", "0001-01-01", "9999-12-31")
NUMBERS = ("NaN", "Infinity", "1e3", "²", "٣", "0x10", "--1", "1,2,3")


@dataclass(frozen=True)
class Wrong:
    """The values sent under the field's name, none at all for a missing one."""

    what: str
    values: tuple[Value, ...]
    verdict: Verdict


def wrongs(field: Field, sound: tuple[Value, ...], foreign_ids: list[str]) -> list[Wrong]:
    """All of them for a field, those that must be refused first; `sound` is what it would have held."""
    return sorted(_of_kind(field, sound, foreign_ids), key=lambda one: one.verdict == "may")


def _of_kind(field: Field, sound: tuple[Value, ...], foreign_ids: list[str]) -> list[Wrong]:
    if field.name == "csrf_token":
        return [Wrong(what, values, "refuse") for what, values in TOKENS]
    if field.name == "request_id":
        used = [Wrong(f"used id {one}", (one,), "may") for one in foreign_ids]
        return [*_all(field, "refuse", missing="may"), Wrong("no canonical id", ("0" * 32,), "refuse"), *used]
    found = _all(field, _general(field, sound), missing="refuse" if _needed(field, sound) else "may")
    if field.kind == "date":
        found += [Wrong(f"day {day}", (day,), "refuse") for day in DAYS]
    if field.kind == "number":
        found += [Wrong(f"number {text}", (text,), "refuse") for text in NUMBERS]
    if (field.kind not in ("password", "checkbox") and field.typed) or field.kind == "hidden":
        wrong = LETTERS if _general(field, sound) == "refuse" else MARKUP
        found.append(Wrong("repeated", (wrong, *sound), _general(field, sound)))
    if _is_id(field, sound):
        verdict = _general(field, sound)
        found += [Wrong(f"foreign id {one}", (one,), verdict) for one in (*foreign_ids, UNKNOWN_ID)]
    return found


def _all(field: Field, verdict: Verdict, *, missing: Verdict) -> list[Wrong]:
    """What goes for every field: no text is endless, and none but a password holds control characters."""
    loose = field.kind == "checkbox" or (field.kind == "button" and verdict == "may")
    bound: Verdict = "may" if loose else "refuse"
    control: Verdict = "may" if loose or field.kind == "password" else "refuse"
    lines: Verdict = "may" if field.kind == "textarea" else control
    return [
        Wrong("missing", (), missing),
        Wrong("empty", ("",), missing),
        Wrong("spaces", (" \u00a0 ",), "may" if field.kind == "password" else missing),
        Wrong("too long", (LONGER if field.kind == "textarea" else LONG,), bound),
        Wrong("letters", (LETTERS,), "refuse" if field.kind == "password" else verdict),
        Wrong("negative", (NEGATIVE,), "refuse" if field.kind == "password" else verdict),
        Wrong("huge", (HUGE,), verdict),
        Wrong("markup", (MARKUP,), verdict),
        Wrong("NUL", (NUL,), control),
        Wrong("escape", (ESCAPE,), control),
        Wrong("line breaks", (LINES,), lines),
        Wrong("broken bytes", (BROKEN,), verdict),
    ]


def _general(field: Field, sound: tuple[Value, ...]) -> Verdict:
    """Whether any text will do."""
    if field.kind == "button":
        return "refuse" if sound else "may"
    return "refuse" if field.kind in (*STRICT, "hidden") else "may"


def _needed(field: Field, sound: tuple[Value, ...]) -> bool:
    if field.kind in ("hidden", "button"):
        return bool(sound)
    if field.kind in ("select", "radio"):
        return field.required and ("" not in field.options or any(sound))
    return field.required


def _is_id(field: Field, sound: tuple[Value, ...]) -> bool:
    values = [*sound, *field.options]
    return any(isinstance(one, str) and len(one) == 36 and one.count("-") == 4 for one in values)
