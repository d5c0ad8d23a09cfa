"""Answers: JSON with an ETag, pages with links to their neighbours, files."""

import json
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from ebok.common.v1.paging_pb2 import PageRequest, PageResponse
from flask import Response, request

from gateway.api.shapes import Page, Shape
from gateway.web.exports import download

JSON = "application/json"
PAGE_SIZE = 20


def write(body: Any, status: int = 200) -> Response:
    """A body as JSON."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, mimetype=JSON)


def one(shape: Shape, message: Any, status: int = 200, *, location: str = "") -> Response:
    """One thing; 201 with the address of what was made."""
    response = tagged(write(shape.present(message), status))
    if location:
        response.headers["Location"] = location
    return response


def page(kind: Page, messages: Any, where: PageResponse | None = None) -> Response:
    """A part of a list; the addresses of its neighbours stand in Link (RFC 8288) too."""
    present = kind.of.present
    body: dict[str, Any] = {"items": [present(message) for message in messages]}
    links = []
    if where is not None:
        body["next_cursor"] = where.next_cursor or None
        body["previous_cursor"] = where.previous_cursor or None
        for cursor, name in ((where.next_cursor, "next"), (where.previous_cursor, "prev")):
            if cursor:
                links.append(f'<{_here(cursor)}>; rel="{name}"')
    response = tagged(write(body))
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def page_request(query: dict[str, Any]) -> PageRequest:
    """Which part of a list the query asks for."""
    return PageRequest(page_size=query.get("page_size", PAGE_SIZE), cursor=query.get("cursor", ""))


def pdf(name: str, content: bytes) -> Response:
    """A PDF; the name is the service's own."""
    return tagged(download(content, name, "application/pdf"))


def nothing() -> Response:
    """It is done, and there is nothing to say."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def tagged(response: Response) -> Response:
    """The answer with its ETag; without its body for whoever says to have that very one."""
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        tag = blake2b(response.get_data(), digest_size=12).hexdigest()
        response.set_etag(tag)
        if request.if_none_match.contains(tag):
            response.status_code = 304
            response.set_data(b"")
            del response.headers["Content-Type"]
    return response


def _here(cursor: str) -> str:
    """This address with another cursor."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f"{request.path}?{urlencode([*arguments, ('cursor', cursor)])}"
