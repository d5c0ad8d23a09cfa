"""Texts of templates and campaigns ⇄ protobuf: by language, each a map of the parts that say something."""

from collections.abc import Iterable, Mapping

from ebok.notify.v1 import templates_pb2 as pb

from chassis.errors import Violation, refuse_if
from chassis.texts import LANGUAGES
from services.notify.documents.campaigns import PARTS, check_texts
from services.notify.documents.sandbox import OF_CAMPAIGN, Names


def unpack_texts(
    texts: Iterable[pb.Text], *, field: str, names: Names = OF_CAMPAIGN
) -> dict[str, dict[str, str]]:
    """Texts that may be kept. Refuses MALFORMED (a language twice) and whatever the sandbox does not let through."""
    found: dict[str, dict[str, str]] = {}
    faults = []
    for text in texts:
        if text.language in found:
            faults.append(Violation(f"{field}[{text.language}]", "MALFORMED"))
        parts = {part: getattr(text, part).replace("\r\n", "\n").strip() for part in PARTS}
        found[text.language] = {part: source for part, source in parts.items() if source}
    refuse_if(faults + check_texts(found, field=field, names=names))
    return {language: parts for language, parts in found.items() if parts}


def check_subjects(texts: Mapping[str, Mapping[str, str]], *, field: str) -> list[Violation]:
    """REQUIRED where an e-mail has no subject, or a text for the portal no title."""
    return [
        Violation(f"{field}[{language}].{title}", "REQUIRED")
        for language, parts in texts.items()
        for title, body in (("subject", "email"), ("portal_title", "portal"))
        if parts.get(body) and not parts.get(title)
    ]


def pack_texts(texts: Mapping[str, Mapping[str, str]]) -> list[pb.Text]:
    """Texts in the order of the suite's languages."""
    return [pb.Text(language=language, **texts[language]) for language in LANGUAGES if language in texts]
