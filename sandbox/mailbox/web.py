"""Pages to look at the mails, and the JSON that tests read."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import requests
from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.mailbox.faults import FaultsMalformed, FaultSwitch, read_faults
from sandbox.mailbox.messages import Mail, Mails

PAGE_SIZE = 50
SMS_TIMEOUT_S = 5.0
API_PAGE_SIZE_MAX = 1_000
REQUEST_BYTES_MAX = 256 * 1024
WARSAW = ZoneInfo("Europe/Warsaw")
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# The mail's own HTML: styles written on the elements, nothing from outside, no script, links open beside it.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def create_app(mails: Mails, faults: FaultSwitch, sms_url: str = "") -> Flask:
    """The pages and the JSON over what is kept; `sms_url`: where text messages are, to be shown too."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.add_template_filter(_moment, "moment")
    app.jinja_env.globals["has_sms"] = bool(sms_url)
    _add_pages(app, mails)
    _add_texts(app, sms_url)
    _add_api(app, mails, faults)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.errorhandler(HTTPException)
    def show_error(error: HTTPException) -> tuple[Any, int]:
        code = error.code or 500
        if request.path.startswith("/api/"):
            return jsonify(error=error.description), code
        return render_template("error.html", code=code), code

    return app


def _moment(instant: datetime) -> str:
    return instant.astimezone(WARSAW).strftime("%d.%m.%Y, %H:%M:%S")


def _add_pages(app: Flask, mails: Mails) -> None:
    def wanted(mail_id: int) -> Mail:
        return mails.get(mail_id) or abort(404)

    @app.get("/")
    def list_mails() -> str:
        to = request.args.get("do", "").strip()
        before_id = request.args.get("przed", type=int)
        found = mails.find(to=to, before_id=before_id, limit=PAGE_SIZE + 1)
        older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
        return render_template(
            "list.html",
            mails=found[:PAGE_SIZE],
            to=to,
            older=older,
            before_id=before_id,
            kept=mails.counts()[0],
        )

    @app.get("/wiadomosci/<int:mail_id>")
    def show_mail(mail_id: int) -> str:
        mail = wanted(mail_id)
        return render_template(
            "mail.html", mail=mail, text=mail.text(), html=mail.html(), headers=mail.headers()
        )

    @app.get("/wiadomosci/<int:mail_id>/html")
    def show_html(mail_id: int) -> Response:
        html = wanted(mail_id).html() or abort(404)
        # Links open beside the mail: inside the frame the portal rightly refuses to be shown.
        html = html.replace("<head>", '<head><base target="_blank">', 1)
        return Response(html, mimetype="text/html", headers={"Content-Security-Policy": MAIL_POLICY})

    @app.get("/wiadomosci/<int:mail_id>/zrodlo")
    def show_source(mail_id: int) -> Response:
        return Response(wanted(mail_id).content, content_type="text/plain; charset=utf-8")

    @app.post("/usun")
    def clear() -> Any:
        # A form on a foreign page must not empty the box; browsers say where a request comes from.
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            abort(403)
        mails.clear()
        return redirect(url_for("list_mails"), 303)


def _add_texts(app: Flask, sms_url: str) -> None:
    @app.get("/sms")
    def list_texts() -> ResponseReturnValue:
        """Asked of the simulated SMSAPI at this moment: what it took is kept there and nowhere else."""
        number = request.args.get("do", "").strip()
        if not sms_url:
            abort(404)
        try:
            with requests.Session() as session:
                session.trust_env = False  # It is on this machine.
                answer = session.get(
                    f"{sms_url}/sandbox/messages", params={"to": number}, timeout=SMS_TIMEOUT_S
                )
                answer.raise_for_status()
                texts = answer.json()[:PAGE_SIZE]
        except (requests.RequestException, ValueError):
            return render_template("texts.html", texts=[], number=number, away=True), 503
        shown = [{**text, "taken_at": datetime.fromtimestamp(text["taken_at"], UTC)} for text in texts]
        return render_template("texts.html", texts=shown, number=number, away=False)


def _add_api(app: Flask, mails: Mails, faults: FaultSwitch) -> None:
    @app.get("/health")
    def health() -> Response:
        kept, received = mails.counts()
        return jsonify(status="ok", kept=kept, received=received)

    @app.get("/api/messages")
    def list_messages() -> Response:
        limit = min(request.args.get("limit", API_PAGE_SIZE_MAX, type=int), API_PAGE_SIZE_MAX)
        since = request.args.get("since", "")
        found = mails.find(to=request.args.get("to", ""), since=_instant(since), limit=max(limit, 1))
        return jsonify([_presented(mail) for mail in found])

    @app.delete("/api/messages")
    def delete_messages() -> Response:
        return jsonify(deleted=mails.clear())

    @app.get("/api/faults")
    def get_faults() -> Response:
        return jsonify(faults.current())

    @app.post("/api/faults")
    def set_faults() -> Response:
        try:
            faults.set(read_faults(request.get_json()))
        except FaultsMalformed as fault:
            abort(400, str(fault))
        return jsonify(faults.current())


def _instant(text: str) -> datetime | None:
    """An ISO instant; one without a zone is UTC. In a query a + that was not escaped arrives as a space."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        abort(400, "since: an ISO 8601 instant is needed")
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _presented(mail: Mail) -> dict[str, Any]:
    return {
        "id": str(mail.id),
        "to": list(mail.recipients),
        "from": mail.sender,
        "subject": mail.subject,
        "text": mail.text(),
        "html": mail.html(),
        "headers": mail.headers(),
        "received_at": mail.received_at.isoformat(),
    }
