"""How a call of the API is answered: as it is, or wrongly when a test asked for it; kept either way."""

import json
import time
from collections.abc import Callable
from functools import wraps

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue

from sandbox.providers import calls
from sandbox.providers.faults import DONE_FIRST, Fault, How
from sandbox.providers.provider import Provider, Refused

View = Callable[..., ResponseReturnValue]


def answer_json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON as the providers send it: compact, UTF-8 unescaped, keys in the order given."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json; charset=utf-8")


def answering(provider: Provider) -> Callable[[str], Callable[[View], View]]:
    """`@call("register")` on a view: takes its faults, turns a Refused into its answer, keeps what was said."""

    def call(name: str) -> Callable[[View], View]:
        if name not in provider.calls:
            raise ValueError(f"{provider.name} knows no call {name}")

        def decorate(view: View) -> View:
            @wraps(view)
            def answered(**parameters: object) -> Response:
                started = time.monotonic()
                fault = provider.faults.take(name)
                response = _answer(provider, view, parameters, fault)
                _keep(provider, name, response, fault, started)
                return response

            return answered

        return decorate

    return call


def about(payment_id: int) -> None:
    """The call under way is about this payment."""
    g.payment_id = payment_id


def is_rejecting() -> bool:
    """Whether the refund that is asked for is to be refused later."""
    return bool(g.get("fault") is How.REJECTED)


def _answer(provider: Provider, view: View, parameters: dict[str, object], fault: Fault | None) -> Response:
    g.fault = fault.how if fault else None
    response = None
    if fault is None or fault.how in DONE_FIRST:
        try:
            response = make_response(view(**parameters))
        except Refused as refused:
            g.why = refused.why
            response = answer_json(refused.body, refused.status)
        provider.notifier.wake()
    if fault is not None and fault.seconds and fault.how in {How.TIMEOUT, How.TIMEOUT_AFTER, How.SLOW}:
        provider.faults.hold(fault.seconds)
    return _spoilt(provider, response, fault)


def _spoilt(provider: Provider, response: Response | None, fault: Fault | None) -> Response:
    if response is None or (fault and fault.how in {How.AFTER, How.TIMEOUT_AFTER}):
        status = 504 if fault and fault.how in {How.TIMEOUT, How.TIMEOUT_AFTER} else 500
        return answer_json(provider.error(status), status)
    if fault and fault.how is How.MALFORMED:
        text = response.get_data(as_text=True)
        response.set_data(text[: max(len(text) // 2, 1)])
    return response


def _keep(provider: Provider, name: str, response: Response, fault: Fault | None, started: float) -> None:
    row = {
        "called_at": provider.now().isoformat(),
        "payment_id": g.get("payment_id"),
        "call": name,
        "method": request.method,
        "path": request.full_path.rstrip("?"),
        "request": request.get_data(as_text=True),
        "status": response.status_code,
        "answer": response.get_data(as_text=True),
        "fault": fault.how if fault else "",
        "why": g.get("why", ""),
        "took_ms": round((time.monotonic() - started) * 1000),
    }
    with provider.books.transaction() as db:
        calls.keep(db, row)
