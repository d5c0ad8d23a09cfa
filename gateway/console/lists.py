"""Lists of the console beyond `gateway.web.paging`: links to an address of their own, and whole lists for files."""

from collections.abc import Iterator
from typing import Any

from ebok.common.v1.paging_pb2 import PageRequest, PageResponse
from flask import request, url_for

from gateway.web.calls import call
from gateway.web.exports import ROWS_MAX
from gateway.web.paging import CURSOR, PageLinks

EXPORT_PAGE_SIZE = 100


def moved(page: PageResponse, endpoint: str, **values: Any) -> PageLinks:
    """The neighbouring pages of a list that has its own address: also right on a page that a form was sent to."""

    def to(cursor: str) -> str:
        return url_for(endpoint, cursor=cursor, **values) if cursor else ""

    first = url_for(endpoint, **values) if request.args.get(CURSOR) else ""
    return PageLinks(previous=to(page.previous_cursor), next=to(page.next_cursor), first=first)


def every(method: Any, asked: Any, field: str, *, rows_max: int = ROWS_MAX) -> Iterator[Any]:
    """The rows of a list, page after page, up to a bound. The request is used up."""
    given, cursor = 0, ""
    while given < rows_max:
        asked.page.CopyFrom(PageRequest(page_size=EXPORT_PAGE_SIZE, cursor=cursor))
        answer = call(method, asked)
        rows = list(getattr(answer, field))[: rows_max - given]
        yield from rows
        given += len(rows)
        cursor = answer.page.next_cursor
        if not cursor:
            return
