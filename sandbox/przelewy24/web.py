"""Przelewy24's addresses: the API under /api/v1 and the pay page under /trnRequest."""

import secrets

from flask import Flask, abort, request
from flask.typing import ResponseReturnValue

from sandbox.providers import books as stored
from sandbox.providers.answering import about, answer_json, answering, is_rejecting
from sandbox.providers.books import Payment
from sandbox.providers.pages import show_checkout, take_checkout
from sandbox.providers.provider import Refused
from sandbox.providers.seconds import seconds_now
from sandbox.providers.web import create_base
from sandbox.przelewy24 import checking, refunds
from sandbox.przelewy24.provider import Przelewy24, presented

ALL_DAY = {"mondayToFriday": "00-24", "saturday": "00-24", "sunday": "00-24"}
METHODS = ((154, "BLIK", "Blik"), (25, "mTransfer", "FastTransfers"), (218, "Karta", "Credit Card"))


def create_app(provider: Przelewy24) -> Flask:
    """The whole of it."""
    app = create_base(provider)
    _add_payments(app, provider)
    _add_questions(app, provider)
    _add_refunds(app, provider)
    _add_checkout(app, provider)
    return app


def _check_caller(provider: Przelewy24, status: int = 401) -> None:
    """Basic: posId and the API key. Raises Refused."""
    given = request.authorization
    user, password = (
        (given.username or "", given.password or "") if given and given.type == "basic" else ("", "")
    )
    expected = f"{provider.config.pos_id}:{provider.config.api_key}"
    if not secrets.compare_digest(f"{user}:{password}".encode(), expected.encode()):
        raise Refused(status, checking.UNKNOWN_CALLER, "Basic: not posId and the API key")


def _add_payments(app: Flask, provider: Przelewy24) -> None:
    call = answering(provider)

    @app.get("/api/v1/testAccess")
    @call("access")
    def test_access() -> ResponseReturnValue:
        _check_caller(provider)
        return answer_json({"data": True, "error": ""})

    @app.post("/api/v1/transaction/register")
    @call("register")
    def register() -> ResponseReturnValue:
        _check_caller(provider)
        body = checking.read(request.get_json(silent=True), checking.REGISTER)
        checking.check_register(body)
        with provider.books.transaction() as db:
            payment = provider.register(db, body, seconds_now())
        about(payment.id)
        return answer_json({"data": {"token": payment.token}, "responseCode": 0})

    @app.put("/api/v1/transaction/verify")
    @call("verify")
    def verify() -> ResponseReturnValue:
        _check_caller(provider)
        body = checking.read(request.get_json(silent=True), checking.VERIFY)
        with provider.books.transaction() as db:
            known = stored.find_payment(db, "session", body["sessionId"])
            if known:
                about(known.id)
            provider.verify(db, body)
        return answer_json({"data": {"status": "success"}, "responseCode": 0})


def _add_questions(app: Flask, provider: Przelewy24) -> None:
    call = answering(provider)

    @app.get("/api/v1/transaction/by/sessionId/<session_id>")
    @call("status")
    def get_transaction(session_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        with provider.books.transaction() as db:
            payment = stored.find_payment(db, "session", session_id)
        if payment is None:
            raise Refused(404, {"error": "Transaction not found", "responseCode": 0}, "unknown sessionId")
        about(payment.id)
        return answer_json({"data": presented(payment), "responseCode": 0})

    @app.get("/api/v1/payment/methods/<language>")
    @call("methods")
    def list_methods(language: str) -> ResponseReturnValue:
        _check_caller(provider, 403)
        if language not in ("pl", "en"):
            body = {"data": ["Payment methods not found"], "responseCode": 404}
            raise Refused(404, body, "language: pl or en")
        return answer_json({"data": _methods(), "agreements": [], "responseCode": ""})


def _methods() -> list[dict[str, object]]:
    images = "https://static.przelewy24.pl/payment-form-logo/svg"
    return [
        {
            "name": name,
            "id": number,
            "group": group,
            "subgroup": group,
            "status": True,
            "imgUrl": f"{images}/{number}",
            "mobileImgUrl": f"{images}/mobile/{number}",
            "mobile": True,
            "availabilityHours": ALL_DAY,
        }
        for number, name, group in METHODS
    ]


def _add_refunds(app: Flask, provider: Przelewy24) -> None:
    call = answering(provider)

    @app.post("/api/v1/transaction/refund")
    @call("refund")
    def refund() -> ResponseReturnValue:
        _check_caller(provider)
        body = checking.read(request.get_json(silent=True), checking.REFUND, checking.INVALID_REFUND)
        if "urlStatus" in body and not checking.is_web(str(body["urlStatus"])):
            raise Refused(400, checking.INVALID_REFUND, "urlStatus: http or https")
        with provider.books.transaction() as db:
            taken, payment_id = refunds.ask(provider, db, body, rejecting=is_rejecting(), at=seconds_now())
        about(payment_id)
        return answer_json({"data": taken, "responseCode": 0}, 201)

    @app.get("/api/v1/refund/by/orderId/<order_id>")
    @call("refunds")
    def get_refunds(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        with provider.books.transaction() as db:
            payment = stored.find_payment(db, "order_id", order_id)
            found = refunds.presented(db, payment) if payment else {}
        if payment is None or not found["refunds"]:
            raise Refused(
                404, {"error": "Transaction not found", "responseCode": 0}, "no refund of this orderId"
            )
        about(payment.id)
        return answer_json({"data": found, "responseCode": 0})


def _add_checkout(app: Flask, provider: Przelewy24) -> None:
    def wanted(token: str) -> Payment:
        with provider.books.transaction() as db:
            return stored.find_payment(db, "token", token) or abort(404)

    @app.get("/trnRequest/<token>")
    def show_page(token: str) -> ResponseReturnValue:
        return show_checkout(provider, wanted(token))

    @app.post("/trnRequest/<token>")
    def take_page(token: str) -> ResponseReturnValue:
        return take_checkout(provider, wanted(token))
