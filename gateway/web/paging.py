"""Lists page by key, and where one stands is in the address: `?cursor=…` beside whatever filters the page
has.

page = paging.page_request()                          # into ListInvoicesRequest(page=…)
links = paging.page_links(response.page)              # into {{ navigation.paging(links) }}
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from ebok.common.v1.paging_pb2 import PageRequest, PageResponse
from flask import Flask, current_app, request, url_for

from gateway.web.once import once_a_request

PAGE_SIZE = 20
CURSOR = "cursor"
CURSOR_LENGTH_MAX = 500
FILTERS_MAX = 5_000  # Links of filters on pages without one: the same on everybody's pages.
ADDRESSES_EXTENSION = "ebok_addresses"


@dataclass(frozen=True)
class PageLinks:
    """Addresses of the neighbouring pages; empty where there is none. `first` is empty on the first page."""

    previous: str = ""
    next: str = ""
    first: str = ""

    def __bool__(self) -> bool:
        return bool(self.previous or self.next)


def page_request(size: int = PAGE_SIZE) -> PageRequest:
    """What the address asks for; an overlong cursor is no cursor."""
    cursor = request.args.get(CURSOR, "")
    return PageRequest(page_size=size, cursor=cursor if len(cursor) <= CURSOR_LENGTH_MAX else "")


def page_links(page: PageResponse) -> PageLinks:
    """The links of a list's answer, with the filters of this address kept."""
    return PageLinks(
        previous=here(cursor=page.previous_cursor) if page.previous_cursor else "",
        next=here(cursor=page.next_cursor) if page.next_cursor else "",
        first=here(cursor=None) if request.args.get(CURSOR) else "",
    )


def here(**changes: str | None) -> str:
    """This page's own address with other query arguments; None takes one away, a new filter also the cursor."""
    if not request.query_string and CURSOR not in changes:
        return _filtered(request.path, tuple(changes.items()))
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    if CURSOR not in changes:
        arguments = [(name, value) for name, value in arguments if name != CURSOR]
    arguments += [(name, value) for name, value in changes.items() if value is not None]
    return request.path + ("?" + urlencode(arguments) if arguments else "")


@lru_cache(maxsize=FILTERS_MAX)
def _filtered(path: str, changes: tuple[tuple[str, str | None], ...]) -> str:
    arguments = [(name, value) for name, value in changes if value is not None]
    return path + ("?" + urlencode(arguments) if arguments else "")


def asked(*names: str) -> dict[str, str]:
    """What this address says under these names, for a link that keeps the filters.

    Only names that the page knows: `kind=` or `_scheme=` that somebody puts into an address are words of `url_for`.
    """
    return {name: request.args[name] for name in names if name in request.args}


def row_url(endpoint: str, name: str) -> str:
    """What the addresses of a list's rows begin with, `/faktury/`: a row appends its id. One look-up for all."""
    known, key = _addresses(), (endpoint, name)
    found: str = known.get(key) or known.setdefault(key, _row_url(endpoint, name))
    return found


def _row_url(endpoint: str, name: str) -> str:
    nobody = "00000000-0000-0000-0000-000000000000"
    return url_for(endpoint, _external=False, **{name: nobody}).removesuffix(nobody)


def address(endpoint: str, **values: Any) -> str:
    """`url_for`, also of templates: without values, as in menus and buttons, an address is looked up once."""
    if values:
        return url_for(endpoint, **values)
    known = _addresses()
    found: str = known.get(endpoint) or known.setdefault(endpoint, url_for(endpoint))
    return found


@once_a_request
def _addresses() -> dict[Any, str]:
    """Those known already, where the gateway is mounted for this request."""
    found: dict[Any, str] = current_app.extensions[ADDRESSES_EXTENSION].setdefault(request.script_root, {})
    return found


def init_paging(app: Flask) -> None:
    """Templates build filter links with `here(status="DUE")`, links elsewhere with `**asked("status")`."""
    app.extensions[ADDRESSES_EXTENSION] = {}  # By where the gateway is mounted, then by endpoint.
    app.jinja_env.globals.update(here=here, asked=asked, row_url=row_url, url_for=address)
