"""The pages: where the customer pays, and what the provider did, newest first."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chassis.clock import WARSAW
from sandbox.providers import books as stored
from sandbox.providers import calls, notifications
from sandbox.providers.books import Payment
from sandbox.providers.provider import Provider

PAGE_SIZE = 50
STATUS_WORDS = {
    "NEW": "czeka na klienta",
    "DECLINED": "odrzucona",
    "CANCELLED": "klient zrezygnował",
    "EXPIRED": "czas minął",
    "ADVANCE": "wpłacona, niepotwierdzona przez sklep",
    "PAID": "zapłacona",
    "RETURNED": "zwrócona",
    "PENDING": "w toku",
    "WAITING_FOR_CONFIRMATION": "czeka na odbiór przez sklep",
    "COMPLETED": "zapłacona",
    "CANCELED": "anulowana",
    "FINALIZED": "oddany",
}
REFUND_WORDS = {"PENDING": "w drodze", "FINALIZED": "oddany", "CANCELED": "odrzucony"}
SENDING_WORDS = {"WAITING": "czeka na następną próbę", "DONE": "dotarło", "GIVEN_UP": "zaniechane"}


def page_policy(*form_targets: str) -> str:
    """Nothing from outside; forms go here and, where a page redirects after one, to the shop."""
    targets = " ".join(["'self'", *form_targets])
    return f"default-src 'none'; style-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"


def add_filters(app: Flask) -> None:
    """How money, moments and bodies are printed."""
    app.add_template_filter(_zloty, "zloty")
    app.add_template_filter(_moment, "moment")
    app.add_template_filter(_tidy, "tidy")
    app.jinja_env.globals["STATUS_WORDS"] = STATUS_WORDS
    app.jinja_env.globals["REFUND_WORDS"] = REFUND_WORDS
    app.jinja_env.globals["SENDING_WORDS"] = SENDING_WORDS


def _zloty(grosze: int, currency: str = "PLN") -> str:
    whole, part = divmod(grosze, 100)
    return f"{whole:,}".replace(",", "\u00a0") + f",{part:02d}\u00a0{'zł' if currency == 'PLN' else currency}"


def _moment(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(WARSAW).strftime("%d.%m.%Y, %H:%M:%S")


def _tidy(content: str | bytes) -> str:
    """JSON on lines of its own; anything else as it is."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def show_checkout(provider: Provider, payment: Payment) -> ResponseReturnValue:
    """Whom, what for, how much, and the buttons."""
    page = render_template(
        "providers/pay.html",
        payment=payment,
        can_pay=provider.can_pay(payment),
        back=provider.return_url(payment),
    )
    response = make_response(page)
    # Browsers hold a redirect after a form to the form's rule as well.
    response.headers["Content-Security-Policy"] = page_policy(_origin(payment.return_url))
    return response


def take_checkout(provider: Provider, payment: Payment) -> ResponseReturnValue:
    """A button of the pay page was pressed; the browser goes back to the shop."""
    # A form on a foreign page must not pay; browsers say where a request comes from.
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(403)
    how = request.form.get("how", "")
    if how not in {way.how for way in provider.ways}:
        abort(400)
    after, _ = provider.settle(payment.id, how)
    target = provider.return_url(after)
    response = redirect(target, 303)
    response.headers["Content-Security-Policy"] = page_policy(_origin(target))
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def add_pages(app: Flask, provider: Provider) -> None:
    """`/sandbox` and what hangs below it."""

    @app.get("/")
    def start() -> ResponseReturnValue:
        return redirect(url_for("list_payments"))

    @app.get("/sandbox")
    def list_payments() -> str:
        before_id = request.args.get("przed", type=int)
        wanted = request.args.get("szukaj", "").strip()
        with provider.books.transaction() as db:
            found = stored.list_payments(db, before_id=before_id, session=wanted, limit=PAGE_SIZE + 1)
            backs = {payment.id: stored.sum_refunds(db, payment.id)[0] for payment in found}
            waiting = notifications.count_waiting(db)
        older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
        return render_template(
            "providers/payments.html",
            payments=found[:PAGE_SIZE],
            backs=backs,
            wanted=wanted,
            older=older,
            before_id=before_id,
            waiting=waiting,
            faults=provider.faults.current(),
        )

    @app.get("/sandbox/payments/<int:payment_id>")
    def show_payment(payment_id: int) -> str:
        with provider.books.transaction() as db:
            payment = stored.find_payment(db, "id", payment_id)
            if payment is None:
                abort(404)
            told: dict[str, Any] = {
                "refunds": stored.list_refunds(db, payment_id),
                "notifications": notifications.list_of_payment(db, payment_id),
                "calls": calls.list_newest(db, payment_id=payment_id, limit=PAGE_SIZE),
            }
        return render_template("providers/payment.html", payment=payment, **told)

    @app.get("/sandbox/calls")
    def list_calls() -> str:
        before_id = request.args.get("przed", type=int)
        with provider.books.transaction() as db:
            found = calls.list_newest(db, before_id=before_id, limit=PAGE_SIZE + 1)
        older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
        return render_template(
            "providers/calls.html", calls=found[:PAGE_SIZE], older=older, before_id=before_id
        )

    @app.get("/sandbox/notifications")
    def list_notifications() -> str:
        with provider.books.transaction() as db:
            found = notifications.list_newest(db, limit=PAGE_SIZE)
        return render_template("providers/notifications.html", notifications=found)
