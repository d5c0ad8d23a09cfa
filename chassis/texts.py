"""Texts in the languages of the suite: Polish must be there, the others may."""

from collections.abc import Mapping

from chassis.errors import Violation

LANGUAGES = ("pl", "en", "uk")
FIRST = "pl"


def check_texts(texts: Mapping[str, str], *, field: str, required: bool = True) -> list[Violation]:
    """What is wrong with texts by language: MALFORMED for one that is no language of ours, REQUIRED without Polish.

    What may be left out altogether still must be there in Polish when it is there in another language.
    """
    faults = [Violation(f"{field}[{one}]", "MALFORMED") for one in sorted(texts) if one not in LANGUAGES]
    said = any(text.strip() for text in texts.values())
    if (required or said) and not texts.get(FIRST, "").strip():
        faults.append(Violation(f"{field}[{FIRST}]", "REQUIRED"))
    return faults


def kept_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Those that say something, without spaces around them."""
    return {language: text.strip() for language, text in texts.items() if text.strip()}
