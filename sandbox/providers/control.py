"""The switches and the books for tests: JSON under /sandbox."""

import math

from flask import Flask, Response, abort, jsonify, request

from sandbox.providers import books as stored
from sandbox.providers import notifications
from sandbox.providers.books import Payment
from sandbox.providers.config import SECONDS_MAX, SPEED_MAX
from sandbox.providers.faults import FaultMalformed, read_fault
from sandbox.providers.provider import Provider


def add_control(app: Flask, provider: Provider) -> None:
    """`/health`, `/sandbox/books`, `/sandbox/behaviour`, `/sandbox/settle`, `/sandbox/pace`."""

    @app.get("/health")
    def health() -> Response:
        with provider.books.transaction() as db:
            waiting = notifications.count_waiting(db)
        return jsonify(status="ok", notifications_waiting=waiting)

    @app.get("/sandbox/books")
    def read_books() -> Response:
        with provider.books.transaction() as db:
            rows = stored.read_books(db)
            waiting = notifications.count_waiting(db)
        payments = [_presented(provider, payment, refunded) for payment, refunded in rows]
        return jsonify(payments=payments, notifications_waiting=waiting)

    @app.get("/sandbox/behaviour")
    def get_behaviour() -> Response:
        return jsonify(provider.faults.current())

    @app.post("/sandbox/behaviour")
    def set_behaviour() -> Response:
        try:
            provider.faults.add(read_fault(request.get_json(), provider.calls))
        except FaultMalformed as fault:
            abort(400, str(fault))
        return jsonify(provider.faults.current())

    @app.delete("/sandbox/behaviour")
    def clear_behaviour() -> Response:
        provider.faults.clear()
        return jsonify([])

    @app.post("/sandbox/settle")
    def settle() -> Response:
        payment, how = _read_wish(provider, request.get_json())
        after, was_open = provider.settle(payment.id, how)
        shown = _presented(provider, after, _refunded(provider, after))
        return jsonify(**shown, changed=was_open, return_url=provider.return_url(after))

    @app.post("/sandbox/pace")
    def set_pace() -> Response:
        """`speed` of the retry schedule; `late_s`, `refund_s` in seconds; what is not named stays."""
        given = request.get_json()
        bounds = {"speed": (0.001, SPEED_MAX), "late_s": (0, SECONDS_MAX), "refund_s": (0, SECONDS_MAX)}
        if not isinstance(given, dict) or not given or set(given) - set(bounds):
            abort(400, f"an object with some of {', '.join(bounds)} is needed")
        for name, value in given.items():
            least, most = bounds[name]
            is_number = (
                isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            )
            if not is_number or not least <= value <= most:
                abort(400, f"{name}: a number from {least:g} to {most:g}")
        provider.notifier.speed = float(given.get("speed", provider.notifier.speed))
        provider.late_s = float(given.get("late_s", provider.late_s))
        provider.refund_s = float(given.get("refund_s", provider.refund_s))
        return jsonify(speed=provider.notifier.speed, late_s=provider.late_s, refund_s=provider.refund_s)


def _read_wish(provider: Provider, given: object) -> tuple[Payment, str]:
    """`{"session": …, "how": …}`; the merchant's own id under the provider's name for it, or the order's number."""
    if not isinstance(given, dict):
        abort(400, "an object is needed")
    hows = [way.how for way in provider.ways]
    if given.get("how") not in hows:
        abort(400, f"how: one of {', '.join(hows)}")
    for key, column in (("session", "session"), (provider.session_key, "session"), ("order_id", "order_id")):
        if key in given:
            with provider.books.transaction() as db:
                payment = stored.find_payment(db, column, str(given[key]))
            return payment or abort(404, f"no payment has this {key}"), str(given["how"])
    abort(400, f"session (also {provider.session_key}) or order_id is needed")


def _refunded(provider: Provider, payment: Payment) -> int:
    with provider.books.transaction() as db:
        return stored.sum_refunds(db, payment.id)[0]


def _presented(provider: Provider, payment: Payment, refunded: int) -> dict[str, object]:
    return {
        provider.session_key: payment.session,
        "order_id": payment.order_id,
        "amount": payment.amount,
        "currency": payment.currency,
        "status": payment.status,
        "paid": payment.paid,
        "refunded": refunded,
        "how": payment.how,
    }
