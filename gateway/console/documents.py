"""A document that a service rendered, handed on as a file."""

from typing import Any

from flask import Response

from gateway.web.exports import file_name


def pdf(answer: Any) -> Response:
    """`file_name` and `content` of an answer as a PDF that the browser shows."""
    return pdf_file(answer.file_name, answer.content)


def pdf_file(given_name: str, content: bytes) -> Response:
    """A PDF that the browser shows, under the name that the service gave it."""
    name = file_name(given_name.removesuffix(".pdf"), kind="pdf")
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
