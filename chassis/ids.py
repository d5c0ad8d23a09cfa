"""Ids are born in the application (UUID version 7): an event and its row know each other before the flush."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A new id; later ones sort after earlier ones, which keeps indexes compact."""
    return uuid7()
