"""What every operation has in common: who may, how often, once only, how large; and what the document says of it.

::

    @api.get("/customers/<uuid:customer_id>/invoices")
    @operation("invoices:read", INVOICES, refuses=[404])
    @query(InvoiceFilter)
    def list_invoices(customer_id: UUID, query_data: Query) -> Response:
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from flask import Response, request
from marshmallow import Schema

from chassis.errors import Unauthenticated, Violation
from gateway.api import api, bodies, callers, keys, limits
from gateway.api.problems import Malformed
from gateway.api.shapes import Page, Shape

BODY_BYTES_MAX = 64 * 1024
PDF = "application/pdf"
READS = ("GET", "HEAD")  # All others need an Idempotency-Key.
Answers = Shape | Page | str | None
View = Callable[..., Response]


@dataclass(frozen=True)
class Operation:
    """What the document says of a view beside its summary: kept at the view as `operation`."""

    scope: str
    answers: Answers
    status: int
    personal: bool
    refuses: tuple[int, ...]


def operation(
    scope: str,
    answers: Answers,
    *,
    status: int = 200,
    personal: bool = False,
    refuses: Sequence[int] = (),
    body_bytes_max: int = BODY_BYTES_MAX,
) -> Callable[[View], View]:
    """Guard a view and describe it. `answers`: a shape, a page of them, a media type, or nothing.

    `personal`: for a customer's personal token instead of an API client's.
    """
    said = Operation(scope, answers, status, personal, tuple(refuses))

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **values: Any) -> Response:
            caller = _admit(personal=personal)
            callers.need(scope)
            _check_query()
            if request.method not in READS:
                bodies.read(body_bytes_max)
                keys.claim(caller)
            return view(*arguments, **values)

        guarded.operation = said  # type: ignore[attr-defined]
        described: View = api.doc(tags=[_tag(scope)], operation_id=view.__name__)(guarded)
        return described

    return guard


def query(schema: type[Schema]) -> Callable[[View], View]:
    """The view takes `query_data`, which is as the schema says."""
    return cast(Callable[[View], View], api.input(cast(Any, schema), location="query", unknown=None))


def body(schema: type[Schema]) -> Callable[[View], View]:
    """The view takes `json_data`, which is as the schema says."""
    return cast(Callable[[View], View], api.input(cast(Any, schema)))


def _admit(*, personal: bool) -> callers.Caller:
    """Who calls, counted; who has no good token is counted by address."""
    try:
        caller = callers.identify(personal=personal)
    except Unauthenticated:
        limits.spend(callers.by_address())
        raise
    limits.spend(caller)
    return caller


def _check_query() -> None:
    twice = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if twice:
        raise Malformed(violations=[Violation(name, "DUPLICATE") for name in twice])


def _tag(scope: str) -> str:
    return scope.split(":", maxsplit=1)[0].replace("_", " ")
