"""Templates: texts that staff write once. What a text may say is checked where it is rendered, in documents."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, NotFound
from services.notify.storage import templates as stored
from services.notify.storage.templates import Template


class TemplateNotFound(NotFound):
    """There is none of that id."""

    reason = "TEMPLATE_NOT_FOUND"


class TemplateChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "TEMPLATE_CHANGED"


class TemplateNameTaken(Conflict):
    """Another one is called so."""

    reason = "TEMPLATE_NAME_TAKEN"


def get(session: Session, template_id: UUID) -> Template:
    """One of them."""
    found = stored.get_template(session, template_id)
    if found is None:
        raise TemplateNotFound(template_id=str(template_id))
    return found


def save(
    session: Session,
    template_id: UUID,
    *,
    name: str,
    texts: dict[str, Any],
    version: int,
    by: Actor,
    now: datetime,
) -> Template:
    """Keep it as it is wanted; `version` is the one it began from. Saying the same again changes nothing."""
    there = stored.lock_template(session, template_id)
    if there is not None and (there.name, there.texts) == (name, texts):
        return there
    if (there.version if there else 0) != version:
        raise TemplateChanged(template_id=str(template_id))
    if stored.find_by_name(session, name) not in (None, template_id):
        raise TemplateNameTaken(name=name)
    if there is None:
        there = Template(template_id=template_id, version=0)
        session.add(there)
    there.name, there.texts = name, texts
    there.version += 1
    there.written_by, there.written_at = by.name, now
    session.flush()
    return there


def remove(session: Session, template_id: UUID) -> None:
    """Take it away."""
    there = stored.lock_template(session, template_id)
    if there is None:
        raise TemplateNotFound(template_id=str(template_id))
    session.delete(there)
