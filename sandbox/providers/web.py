"""The application under both providers: their look, their headers, the pages and the switches."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

import sandbox.mailbox
from sandbox.providers.control import add_control
from sandbox.providers.pages import add_filters, add_pages, page_policy
from sandbox.providers.provider import Provider

REQUEST_BYTES_MAX = 256 * 1024
LOOK = Path(sandbox.mailbox.__file__).parent / "static"
"""The sandbox has one look: the mailbox's."""


def create_base(provider: Provider) -> Flask:
    """Everything but the provider's own API and the address of its pay page."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_blueprint(Blueprint("look", __name__, static_folder=LOOK, static_url_path="/look"))
    app.jinja_env.globals["provider"] = provider
    add_filters(app)
    add_pages(app, provider)
    add_control(app, provider)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", page_policy())
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.errorhandler(HTTPException)
    def show_error(error: HTTPException) -> tuple[Any, int]:
        code = error.code or 500
        if request.is_json or request.path.startswith("/api/"):
            return jsonify(error=error.description, code=code), code
        return render_template("providers/error.html", code=code), code

    return app
