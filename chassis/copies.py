"""Small copies of what other services announce: events come in any order, the newest version stays."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session


def keep_newest(session: Session, model: Any, values: dict[str, Any]) -> bool:
    """Write a row unless a later `version` of it is known; true when it was written.

    `values` names every column of the model, its primary key too.
    """
    keys = [column.name for column in inspect(model).primary_key]
    statement = insert(model).values(**values)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in values if name not in keys},
            where=model.version < statement.excluded.version,
        ).returning(model.version)
    )
    return written.first() is not None
