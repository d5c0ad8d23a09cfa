"""PayU's addresses: OAuth, the API under /api/v2_1 and the pay page under /pay."""

import hmac
import uuid

from flask import Flask, Response, abort, request
from flask.typing import ResponseReturnValue

from sandbox.payu import checking, refunds
from sandbox.payu.provider import COMPLETED, TOKEN_S, Payu, payment_number, presented
from sandbox.providers import books as stored
from sandbox.providers.answering import about, answer_json, answering, is_rejecting
from sandbox.providers.books import Payment
from sandbox.providers.pages import show_checkout, take_checkout
from sandbox.providers.provider import Refused
from sandbox.providers.seconds import seconds_now
from sandbox.providers.web import create_base

SUCCESS = {"statusCode": "SUCCESS"}
METHODS = (("m", "mTransfer"), ("blik", "BLIK"), ("c", "Karta płatnicza"))


def create_app(provider: Payu) -> Flask:
    """The whole of it."""
    app = create_base(provider)
    _add_oauth(app, provider)
    _add_orders(app, provider)
    _add_changes(app, provider)
    _add_refunds(app, provider)
    _add_checkout(app, provider)

    @app.after_request
    def add_correlation(response: Response) -> Response:
        response.headers["Correlation-Id"] = str(uuid.uuid4())
        return response

    return app


def _check_caller(provider: Payu) -> None:
    """Bearer: a token that was given out. Raises Refused 401."""
    given = request.authorization
    token = (given.token or "") if given and given.type == "bearer" else ""
    with provider.books.transaction() as db:
        if not provider.knows_token(db, token, seconds_now()):
            raise checking.error(401, "UNAUTHORIZED", "Incorrect authentication", codeLiteral="UNAUTHORIZED")


def _wanted(provider: Payu, order_id: str) -> Payment:
    with provider.books.transaction() as db:
        payment = stored.find_payment(db, "order_id", order_id)
    if payment is None:
        raise checking.not_found()
    about(payment.id)
    return payment


def _add_oauth(app: Flask, provider: Payu) -> None:
    call = answering(provider)

    @app.post("/pl/standard/user/oauth/authorize")
    @call("oauth")
    def authorize() -> ResponseReturnValue:
        request.get_data()  # Kept for the page; reading the form first would use the body up.
        grant = request.form.get("grant_type", "")
        if grant not in ("client_credentials", "trusted_merchant"):
            raise _oauth_error(400, "unsupported_grant_type", f"Unsupported grant type: {grant}")
        if grant == "trusted_merchant" and not (
            request.form.get("email") and request.form.get("ext_customer_id")
        ):
            raise _oauth_error(400, "invalid_request", "email and ext_customer_id are needed")
        given = f"{request.form.get('client_id')}:{request.form.get('client_secret')}"
        expected = f"{provider.config.client_id}:{provider.config.client_secret}"
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise _oauth_error(401, "invalid_client", "Bad client credentials")
        with provider.books.transaction() as db:
            token = provider.make_token(db, seconds_now())
        return answer_json(
            {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_S, "grant_type": grant}
        )


def _oauth_error(status: int, error: str, description: str) -> Refused:
    return Refused(status, {"error": error, "error_description": description}, description)


def _add_orders(app: Flask, provider: Payu) -> None:
    call = answering(provider)

    @app.post("/api/v2_1/orders")
    @call("order")
    def create_order() -> ResponseReturnValue:
        _check_caller(provider)
        body = checking.read_order(request.get_json(silent=True))
        with provider.books.transaction() as db:
            payment = provider.create(db, body, seconds_now())
        about(payment.id)
        address = request.host_url.rstrip("/") + provider.pay_path(payment)
        answer = {"status": SUCCESS, "redirectUri": address, "orderId": payment.order_id}
        if payment.session:
            answer["extOrderId"] = payment.session
        return answer_json(answer, 302, {"Location": address})

    @app.get("/api/v2_1/orders/<order_id>")
    @call("status")
    def get_order(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        answer: dict[str, object] = {
            "orders": [presented(payment, payment.status)],
            "status": {**SUCCESS, "statusDesc": "Request processing successful"},
        }
        if payment.paid:
            answer["properties"] = [{"name": "PAYMENT_ID", "value": payment_number(payment)}]
        return answer_json(answer)

    @app.get("/api/v2_1/orders/<order_id>/transactions")
    @call("transactions")
    def list_transactions(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        made = [{"payMethod": {"value": payment.method}, "paymentFlow": "PBL"}] if payment.paid else []
        return answer_json({"transactions": made})

    @app.get("/api/v2_1/paymethods")
    @call("methods")
    def list_methods() -> ResponseReturnValue:
        _check_caller(provider)
        links = [
            {
                "value": value,
                "name": name,
                "brandImageUrl": f"https://static.payu.com/images/mobile/logos/pbl_{value}.png",
                "status": "ENABLED",
                "minAmount": 1,
                "maxAmount": 99_999_999,
            }
            for value, name in METHODS
        ]
        return answer_json({"cardTokens": [], "payByLinks": links, "blikTokens": [], "status": SUCCESS})


def _add_changes(app: Flask, provider: Payu) -> None:
    call = answering(provider)
    changed = {"status": {**SUCCESS, "statusDesc": "Status was updated"}}

    @app.post("/api/v2_1/orders/<order_id>/captures")
    @call("capture")
    def capture(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        body = request.get_json(silent=True) if request.get_data().strip() else None
        amount = payment.amount
        if body is not None:
            part = checking.read_object(body)
            amount = checking.read_amount(part.get("amount"), "amount")
            if part.get("currencyCode") != payment.currency:
                raise checking.error(400, "ERROR_INCONSISTENT_CURRENCIES", "currencyCode is not the order's")
        with provider.books.transaction() as db:
            provider.capture(db, stored.get_payment(db, payment.id), amount, seconds_now())
        return answer_json(changed)

    @app.put("/api/v2_1/orders/<order_id>/status")
    @call("capture")
    def set_status(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        body = checking.read_object(request.get_json(silent=True))
        if (body.get("orderId"), body.get("orderStatus")) != (order_id, COMPLETED):
            raise checking.invalid("orderId must be the order's, orderStatus COMPLETED")
        with provider.books.transaction() as db:
            provider.capture(db, stored.get_payment(db, payment.id), payment.amount, seconds_now())
        return answer_json(changed)

    @app.delete("/api/v2_1/orders/<order_id>")
    @call("cancel")
    def cancel(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        with provider.books.transaction() as db:
            provider.cancel(db, stored.get_payment(db, payment.id), seconds_now())
        answer: dict[str, object] = {"orderId": order_id, "status": SUCCESS}
        return answer_json(answer | ({"extOrderId": payment.session} if payment.session else {}))


def _add_refunds(app: Flask, provider: Payu) -> None:
    call = answering(provider)

    @app.post("/api/v2_1/orders/<order_id>/refunds")
    @call("refund")
    def refund(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        wish = checking.read_refund(request.get_json(silent=True))
        with provider.books.transaction() as db:
            payment = stored.get_payment(db, payment.id)
            taken = refunds.ask(provider, db, payment, wish, rejecting=is_rejecting(), at=seconds_now())
        status = {**SUCCESS, "statusDesc": "Refund queued for processing"}
        return answer_json(
            {"orderId": order_id, "refund": refunds.presented(payment, taken), "status": status}
        )

    @app.get("/api/v2_1/orders/<order_id>/refunds")
    @call("refunds")
    def list_refunds(order_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        with provider.books.transaction() as db:
            found = stored.list_refunds(db, payment.id)
        return answer_json([refunds.presented(payment, one) for one in found])

    @app.get("/api/v2_1/orders/<order_id>/refunds/<refund_id>")
    @call("refunds")
    def get_refund(order_id: str, refund_id: str) -> ResponseReturnValue:
        _check_caller(provider)
        payment = _wanted(provider, order_id)
        with provider.books.transaction() as db:
            found = stored.find_refund(db, "refund_id", refund_id)
        if found is None or found.payment_id != payment.id:
            raise checking.not_found()
        return answer_json(refunds.presented(payment, found))


def _add_checkout(app: Flask, provider: Payu) -> None:
    def wanted() -> Payment:
        with provider.books.transaction() as db:
            payment = stored.find_payment(db, "token", request.args.get("token", ""))
        if payment is None or payment.order_id != request.args.get("orderId"):
            abort(404)
        return payment

    @app.get("/pay/")
    def show_page() -> ResponseReturnValue:
        return show_checkout(provider, wanted())

    @app.post("/pay/")
    def take_page() -> ResponseReturnValue:
        return take_checkout(provider, wanted())
