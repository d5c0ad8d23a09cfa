"""Answers that are given often: found by a category and by words, changed by those who may."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import NotFound, Violation, refuse_if
from chassis.folding import fold
from chassis.texts import FIRST, LANGUAGES, kept_texts
from services.tickets.domain.categories import CategoryNotFound
from services.tickets.storage import canned_answers as stored
from services.tickets.storage import categories as stored_categories
from services.tickets.storage.canned_answers import CannedAnswer

CANNED_ANSWERS_MAX = 500
PLACEHOLDERS = frozenset({"name", "number", "clerk"})
OTHERS = frozenset(LANGUAGES) - {FIRST}

_IN_BRACES = re.compile(r"\{([^{}]*)\}")


class CannedAnswerNotFound(NotFound):
    """It was taken away meanwhile."""

    reason = "CANNED_ANSWER_NOT_FOUND"


@dataclass(frozen=True)
class Wording:
    """One as somebody wants it, Polish with its translations; without categories it fits all."""

    title: str
    body: str
    translations: Mapping[str, str]
    category_ids: tuple[UUID, ...]


def find(
    session: Session, *, category_id: UUID | None, query: str, language: str = ""
) -> Sequence[CannedAnswer]:
    """Those with all the words in title or text: first those that fit the category, then the others; of those that fit
    alike the ones in the language first, by title."""
    words = fold(query).split()
    found = [
        answer
        for answer in stored.list_canned_answers(session, limit=CANNED_ANSWERS_MAX)
        if not words or all(word in _said(answer) for word in words)
    ]
    return sorted(
        found,
        key=lambda answer: (
            _rank(answer, category_id),
            not _speaks(answer, language),
            fold(answer.title),
            answer.title,
        ),
    )


def _said(answer: CannedAnswer) -> str:
    return fold(" ".join([answer.title, answer.body, *answer.translations.values()]))


def _speaks(answer: CannedAnswer, language: str) -> bool:
    return language in ("", FIRST) or language in answer.translations


def _rank(answer: CannedAnswer, category_id: UUID | None) -> int:
    """0 where it names the category, 1 where it fits all, 2 where it is for others; all alike without a category."""
    if category_id is None or category_id in answer.category_ids:
        return 0
    return 2 if answer.category_ids else 1


def save(session: Session, canned_answer_id: UUID, wanted: Wording) -> CannedAnswer:
    """Make one, or change it as a whole; the last word counts. Saying the same again changes nothing."""
    translations = kept_texts(wanted.translations)
    refuse_if(_faults(wanted.body, translations))
    if stored_categories.find_missing(session, wanted.category_ids):
        raise CategoryNotFound
    answer = stored.lock_canned_answer(session, canned_answer_id)
    if answer is None:
        if stored.count_canned_answers(session) >= CANNED_ANSWERS_MAX:
            refuse_if([Violation("canned_answer", "TOO_MANY", f"at most {CANNED_ANSWERS_MAX}")])
        return stored.add_canned_answer(
            session,
            canned_answer_id,
            title=wanted.title,
            body=wanted.body,
            translations=translations,
            category_ids=wanted.category_ids,
        )
    if answer.is_deleted:
        raise CannedAnswerNotFound(canned_answer_id=str(canned_answer_id))
    answer.title, answer.body, answer.translations = wanted.title, wanted.body, translations
    answer.category_ids = list(wanted.category_ids)
    return answer


def _faults(body: str, translations: Mapping[str, str]) -> list[Violation]:
    """Languages that are none of the others, words in braces that nothing fills in."""
    texts = {"canned_answer.body": body}
    faults = []
    for language, text in sorted(translations.items()):
        field = f"canned_answer.translations[{language}]"
        if language not in OTHERS:
            faults.append(Violation(field, "MALFORMED"))
        texts[field] = text
    for field, text in texts.items():
        if set(_IN_BRACES.findall(text)) - PLACEHOLDERS:
            faults.append(Violation(field, "UNKNOWN_PLACEHOLDER", f"known: {sorted(PLACEHOLDERS)}"))
    return faults


def delete(session: Session, canned_answer_id: UUID) -> None:
    """Take one away; gone already is as good."""
    answer = stored.lock_canned_answer(session, canned_answer_id)
    if answer is not None:
        answer.is_deleted = True
