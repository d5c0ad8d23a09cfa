"""Texts in the languages of the suite: Polish must be there, the others may."""

from collections.abc import Mapping

from chassis.errors import Violation

LANGUAGES = ("pl", "en", "uk")
FIRST = "pl"


def check_texts(texts: Mapping[str, str], *, field: str) -> list[Violation]:
    """What is wrong with texts by language."""
    faults = [Violation(f"{field}[{one}]", "MALFORMED") for one in sorted(texts) if one not in LANGUAGES]
    if not texts.get(FIRST, "").strip():
        faults.append(Violation(f"{field}[{FIRST}]", "REQUIRED"))
    return faults


def kept_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Those that say something, without spaces around them."""
    return {language: text.strip() for language, text in texts.items() if text.strip()}
