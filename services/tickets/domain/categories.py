"""Categories: what cases can be about, and whether what was filled in fits the fields."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from chassis.errors import Conflict, NotFound, Violation, refuse_if
from chassis.texts import check_texts
from services.tickets.domain.keys import KEY, check_keys
from services.tickets.domain.workflows import WorkflowNotFound
from services.tickets.storage import categories as stored
from services.tickets.storage import workflows as stored_workflows
from services.tickets.storage.categories import Category, Field, FieldType

CATEGORIES_MAX = 100
COMMODITIES = frozenset({"water", "sewage", "heat", "hot_water", "electricity", "gas"})
TEXT_LENGTH_MAX, LONG_TEXT_LENGTH_MAX = 200, 4000
NUMBER_LIMIT = Decimal(10) ** 12
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
YES, NO = "yes", "no"

_NUMBER = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,6})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PRINTED_NUMBER = re.compile(r"[\w][\w ./-]{0,59}")


class CategoryNotFound(NotFound):
    """There is no such category, or the asker may not choose it."""

    reason = "CATEGORY_NOT_FOUND"


class CategoryChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "CATEGORY_CHANGED"


def save(session: Session, wanted: Category, *, is_new: bool) -> Category:
    """Make a category, or change one as a whole. Saying the same again changes nothing.

    `wanted.version` is the one it began from; a new one is told apart by its key.
    """
    refuse_if(check_category(wanted))
    head = stored_workflows.share_workflow(session, wanted.workflow_id)
    if head is None or not head.current_version:
        raise WorkflowNotFound(workflow_id=str(wanted.workflow_id))
    namesake = stored.lock_by_key(session, wanted.key)
    if is_new:
        if namesake is not None:
            if not _same(namesake, wanted):
                refuse_if([Violation("category.key", "DUPLICATE")])
            return namesake
        if stored.count_categories(session) >= CATEGORIES_MAX:
            refuse_if([Violation("category", "TOO_MANY", f"at most {CATEGORIES_MAX}")])
        return stored.put_category(session, wanted, version=1)
    there = stored.lock_category(session, wanted.category_id)
    if there is None:
        raise CategoryNotFound(category_id=str(wanted.category_id))
    if namesake is not None and namesake.category_id != wanted.category_id:
        refuse_if([Violation("category.key", "DUPLICATE")])
    if _same(there, wanted):
        return there
    if there.version != wanted.version:
        raise CategoryChanged(category_id=str(wanted.category_id))
    return stored.put_category(session, wanted, version=there.version + 1)


def _same(there: Category, wanted: Category) -> bool:
    """They say the same, whatever their ids and versions."""
    return there.saying() == wanted.saying()


def check_category(wanted: Category) -> list[Violation]:
    """What is wrong with a category, field by field."""
    faults = check_texts(wanted.names, field="category.names")
    if not KEY.fullmatch(wanted.key):
        faults.append(Violation("category.key", "MALFORMED"))
    faults += check_texts(wanted.hints, field="category.hints", required=False)
    faults += check_texts(wanted.sentences, field="category.sentences", required=False)
    for place, commodity in enumerate(wanted.commodities):
        if commodity not in COMMODITIES:
            faults.append(Violation(f"category.commodities[{place}]", "MALFORMED"))
        elif commodity in wanted.commodities[:place]:
            faults.append(Violation(f"category.commodities[{place}]", "DUPLICATE"))
    faults += check_keys([field.key for field in wanted.fields], at="category.fields")
    for place, field in enumerate(wanted.fields):
        faults += _check_field(field, at=f"category.fields[{place}]")
    return faults


def _check_field(field: Field, *, at: str) -> list[Violation]:
    faults = check_texts(field.labels, field=f"{at}.labels")
    faults += check_texts(field.hints, field=f"{at}.hints", required=False)
    faults += check_keys([choice.key for choice in field.choices], at=f"{at}.choices")
    for place, choice in enumerate(field.choices):
        faults += check_texts(choice.labels, field=f"{at}.choices[{place}].labels")
    if field.type is FieldType.CHOICE and not field.choices:
        faults.append(Violation(f"{at}.choices", "REQUIRED"))
    return faults


def check_answers(category: Category, answers: Mapping[str, str]) -> None:
    """Refuse, at `answers.<key>`, what was filled in and does not fit its field.

    REQUIRED, MALFORMED, TOO_LONG, OUT_OF_RANGE, NOT_A_CHOICE; UNKNOWN_FIELD for one the category does not have. Whether
    an invoice or a meter is the customer's is not known here: the portal offers own ones alone, and the console asks
    billing when a clerk reads the case.
    """
    known = {field.key for field in category.fields}
    faults = [Violation(f"answers.{key}", "UNKNOWN_FIELD") for key in answers if key not in known]
    for field in category.fields:
        reason = _fault_of(field, answers.get(field.key, ""))
        if reason:
            faults.append(Violation(f"answers.{field.key}", reason))
    refuse_if(faults)


def _fault_of(field: Field, value: str) -> str:
    """The reason why a value does not fit its field; empty when it does."""
    if not value.strip():
        return "REQUIRED" if field.is_required else ""
    if field.type is FieldType.CHOICE:
        return "" if value in {choice.key for choice in field.choices} else "NOT_A_CHOICE"
    return _FAULTS[field.type](value)


def _fault_of_text(value: str) -> str:
    if len(value) > TEXT_LENGTH_MAX:
        return "TOO_LONG"
    return "MALFORMED" if len(value.splitlines()) > 1 else ""


def _fault_of_long_text(value: str) -> str:
    return "TOO_LONG" if len(value) > LONG_TEXT_LENGTH_MAX else ""


def _fault_of_number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        return "MALFORMED"
    return "" if abs(Decimal(value)) < NUMBER_LIMIT else "OUT_OF_RANGE"


def _fault_of_day(value: str) -> str:
    try:
        day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        return "MALFORMED"
    return "" if FIRST_DAY <= day <= LAST_DAY else "OUT_OF_RANGE"


def _fault_of_yes_no(value: str) -> str:
    return "" if value in (YES, NO) else "NOT_A_CHOICE"


def _fault_of_printed_number(value: str) -> str:
    return "" if _PRINTED_NUMBER.fullmatch(value) else "MALFORMED"


_FAULTS: Mapping[FieldType, Callable[[str], str]] = {
    FieldType.TEXT: _fault_of_text,
    FieldType.LONG_TEXT: _fault_of_long_text,
    FieldType.NUMBER: _fault_of_number,
    FieldType.DATE: _fault_of_day,
    FieldType.YES_NO: _fault_of_yes_no,
    FieldType.INVOICE: _fault_of_printed_number,
    FieldType.METER: _fault_of_printed_number,
}
