"""Ids are born in the application (UUID version 7): an event and its row know each other before the flush."""

import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    """A new id; later ones sort after earlier ones, which keeps indexes compact."""
    return uuid.UUID(int=uuid_utils.uuid7().int)
