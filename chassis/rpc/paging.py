"""Cursors: the key of a row, readable by nobody but the service that made it, and never trusted."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ebok.common.v1 import paging_pb2

from chassis.keyset import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Key, Page, Window
from chassis.wire import fault

CURSOR_FIELD = "page.cursor"
_READERS: dict[type, Callable[[Any], Any]] = {
    str: str,
    int: int,
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def unpack_window(request: paging_pb2.PageRequest, *, of: str, kinds: Sequence[type]) -> Window:
    """The window asked for. `of` names the list and its order, `kinds` are the types of its key.

    Refuses MALFORMED for a cursor that is not of this list.
    """
    size = min(request.page_size, PAGE_SIZE_MAX) or PAGE_SIZE_DEFAULT
    if not request.cursor:
        return Window(size=size)
    try:
        name, forward, *parts = json.loads(base64.urlsafe_b64decode(request.cursor.encode()))
        if name != of or type(forward) is not bool or len(parts) != len(kinds):
            raise fault(CURSOR_FIELD, "MALFORMED")
        key = tuple(_READERS[kind](part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, binascii.Error, AttributeError, OverflowError):
        raise fault(CURSOR_FIELD, "MALFORMED") from None
    if any("\x00" in part for part in key if isinstance(part, str)) or not _instants_aware(key):
        raise fault(CURSOR_FIELD, "MALFORMED")
    return Window(size=size, after=key) if forward else Window(size=size, before=key)


def pack_page(page: Page, *, of: str, key_of: Callable[[Any], Key]) -> paging_pb2.PageResponse:
    """Cursors on both sides of a page; `key_of` answers the key of one of its rows."""
    if not page.rows:
        return paging_pb2.PageResponse()
    return paging_pb2.PageResponse(
        next_cursor=_cursor(of, True, key_of(page.rows[-1])) if page.more_after else "",
        previous_cursor=_cursor(of, False, key_of(page.rows[0])) if page.more_before else "",
    )


def _cursor(of: str, forward: bool, key: Key) -> str:
    parts = [part.isoformat() if isinstance(part, date) else part for part in key]
    plain = [str(part) if isinstance(part, UUID) else part for part in parts]
    text = json.dumps([of, forward, *plain], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _instants_aware(key: Key) -> bool:
    return all(part.tzinfo is not None for part in key if isinstance(part, datetime))
