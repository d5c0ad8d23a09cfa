"""`sms.do` as SMSAPI answers it, and the switches and the list for tests and the mailbox."""

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.providers.config import SECONDS_MAX
from sandbox.providers.faults import DONE_FIRST, Fault, FaultMalformed, How, read_fault
from sandbox.smsapi import books as stored
from sandbox.smsapi.books import Text
from sandbox.smsapi.provider import CALLS, FINAL, SmsApiProvider
from sandbox.smsapi.reading import Refused, read_wish

REQUEST_BYTES_MAX = 256 * 1024
LISTED_MAX = 1000
ERRORS_MAX = 1000


def create_app(provider: SmsApiProvider) -> Flask:
    """Everything that is asked over HTTP."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _add_api(app, provider)
    _add_control(app, provider)
    _add_manners(app, provider)

    @app.errorhandler(HTTPException)
    def show_error(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500

    return app


@dataclass(frozen=True)
class _Answer:
    body: Mapping[str, object]
    status: int = 200


def _add_api(app: Flask, provider: SmsApiProvider) -> None:
    @app.route("/sms.do", methods=["GET", "POST"])
    def sms() -> ResponseReturnValue:
        given = {**request.args.to_dict(), **request.form.to_dict()}
        name = "status" if "status" in given else "send"
        fault = provider.faults.take(name)
        if fault is not None and fault.how not in DONE_FIRST:
            return _spoilt(provider, fault, _Answer({}))
        try:
            _check_token(provider)
            done = _where(provider, given) if name == "status" else _send(provider, given)
        except Refused as refused:
            done = _Answer(_error(refused))
        return jsonify(done.body) if fault is None else _spoilt(provider, fault, done)


def _check_token(provider: SmsApiProvider) -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not hmac.compare_digest(token.encode(), provider.config.token.encode()):
        raise Refused(101, "Authorization failed")


def _send(provider: SmsApiProvider, given: Mapping[str, str]) -> _Answer:
    wish = read_wish(given, provider.config)
    taken = provider.send(wish)
    answer: dict[str, object] = {"count": len(taken), "list": [_presented(one) for one in taken]}
    if given.get("details") == "1":
        answer |= {"message": wish.message, "length": len(wish.message), "parts": wish.parts}
    return _Answer(answer)


def _where(provider: SmsApiProvider, given: Mapping[str, str]) -> _Answer:
    return _Answer({"count": 1, "list": [_presented(provider.find(given["status"]))]})


def _presented(text: Text) -> dict[str, object]:
    return {
        "id": text.id,
        "points": text.points,
        "number": text.number,
        "date_sent": int(text.taken_at),
        "submitted_number": text.submitted_number,
        "status": text.status,
        "error": None,
        "idx": text.idx or None,
        "parts": text.parts,
    }


def _error(refused: Refused) -> dict[str, object]:
    about = {"invalid_numbers": refused.invalid_numbers} if refused.invalid_numbers else {}
    return {**about, "error": refused.code, "message": refused.message}


def _spoilt(provider: SmsApiProvider, fault: Fault, done: _Answer) -> ResponseReturnValue:
    if fault.seconds and fault.how in {How.TIMEOUT, How.TIMEOUT_AFTER, How.SLOW}:
        provider.faults.hold(fault.seconds)
    response = jsonify(done.body)
    if fault.how is How.SLOW:
        return response
    if fault.how is How.MALFORMED:
        response.set_data(response.get_data()[:10])
        return response
    return jsonify(error=999, message="Internal error"), 500


def _add_control(app: Flask, provider: SmsApiProvider) -> None:
    @app.get("/health")
    def health() -> Response:
        with provider.books.transaction() as db:
            waiting = len(stored.select(db, "report_at IS NOT NULL OR moves_at IS NOT NULL"))
        return jsonify(status="ok", waiting=waiting)

    @app.get("/sandbox/messages")
    def list_messages() -> Response:
        number = request.args.get("to", "").removeprefix("+")
        with provider.books.transaction() as db:
            found = stored.select(db, "? IN ('', number)", number, limit=LISTED_MAX)
        return jsonify([asdict(one) for one in found])

    @app.delete("/sandbox/messages")
    def delete_messages() -> Response:
        with provider.books.transaction() as db:
            return jsonify(deleted=stored.forget(db))

    @app.get("/sandbox/behaviour")
    def get_behaviour() -> Response:
        return jsonify(provider.faults.current())

    @app.post("/sandbox/behaviour")
    def set_behaviour() -> Response:
        """A fault of a call, `{"call": "send", "how": "after"}`; a report is lost on its way, whatever is said."""
        try:
            provider.faults.add(read_fault(request.get_json(), CALLS))
        except FaultMalformed as fault:
            abort(400, str(fault))
        return jsonify(provider.faults.current())

    @app.delete("/sandbox/behaviour")
    def clear_behaviour() -> Response:
        provider.faults.clear()
        provider.errors.clear()
        provider.fates.clear()
        return jsonify([])


def _add_manners(app: Flask, provider: SmsApiProvider) -> None:
    @app.post("/sandbox/errors")
    def set_errors() -> Response:
        """`{"code": 103, "times": 2}`: so many of the next messages are refused with that code."""
        given = _object("code", "times")
        code, times = given.get("code"), given.get("times", 1)
        if not isinstance(code, int) or not isinstance(times, int) or not 1 <= times <= ERRORS_MAX:
            abort(400, f"code: a number; times: 1 to {ERRORS_MAX}")
        provider.errors += [code] * times
        return jsonify(provider.errors)

    @app.post("/sandbox/fates")
    def set_fate() -> Response:
        """`{"number": "48600100200", "status": "UNDELIVERED"}`: how messages to a number end."""
        given = _object("number", "status")
        number, status = str(given.get("number", "")).removeprefix("+"), given.get("status")
        if not number.isdecimal() or status not in (*FINAL, "SENT"):
            abort(400, f"number: digits; status: one of {', '.join((*FINAL, 'SENT'))}")
        provider.fates[number] = str(status)
        return jsonify(provider.fates)

    @app.post("/sandbox/pace")
    def set_pace() -> Response:
        """`deliver_s` until a message arrives; `reports`: whether anything is reported; `points` that are left."""
        given = _object("deliver_s", "reports", "points")
        seconds = given.get("deliver_s", provider.manners.deliver_s)
        points, reports = given.get("points", provider.manners.points), given.get("reports", True)
        for value in (seconds, points):
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                abort(400, "deliver_s, points: numbers from 0 upwards")
        if seconds > SECONDS_MAX or not isinstance(reports, bool):
            abort(400, f"deliver_s: at most {SECONDS_MAX:g}; reports: true or false")
        provider.manners.deliver_s, provider.manners.points = float(seconds), float(points)
        provider.manners.reports = reports
        return jsonify(asdict(provider.manners))


def _object(*names: str) -> dict[str, Any]:
    given = request.get_json()
    if not isinstance(given, dict) or set(given) - set(names):
        abort(400, f"an object with some of {', '.join(names)} is needed")
    return given
