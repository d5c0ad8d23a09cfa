"""The gateway as a WSGI application: two blueprints for people, one for other systems, one for payment providers."""

from collections.abc import Callable
from typing import Any

from apiflask import APIFlask
from ebok.identity.v1.settings_pb2 import GetSettingsRequest
from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from chassis import tracing
from chassis.clock import Clock, SystemClock
from gateway.api import api
from gateway.api.callers import init_callers
from gateway.api.document import TITLE, VERSION, init_document
from gateway.api.limits import init_limits
from gateway.clients import Clients, connect
from gateway.config import GatewayConfig
from gateway.console import console
from gateway.portal import portal
from gateway.web import init_web
from gateway.web.board import init_board
from gateway.web.metrics import init_metrics
from gateway.web.remembered import Remembered
from gateway.web.sessions import init_sessions, login_url, preferences
from gateway.webhooks import webhooks


class Gateway(APIFlask):
    """Flask whose hooks and views are plain functions: it would ask each of them at each request whether it is one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(config: GatewayConfig, clients: Clients | None = None, clock: Clock | None = None) -> Flask:
    """The whole gateway. `clients` and `clock` are given by tests; else they follow from the configuration."""
    clock = clock or SystemClock(config.clock_offset_file)
    clients = clients or connect(config, clock)
    # Static files: web.assets. Paths of the document, of its page and errors: gateway.api.
    app = Gateway(
        "gateway",
        title=TITLE,
        version=VERSION,
        spec_path=None,
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type] # Flask's own None.
        template_folder="templates",
    )
    app.secret_key = config.secret_key.get_secret_value()
    app.config.update(
        MAX_CONTENT_LENGTH=config.form_bytes_max, MAX_FORM_PARTS=200, PUBLIC_URL=config.public_url
    )
    app.extensions.update(ebok_clients=clients, ebok_config=config, ebok_clock=clock)
    if config.proxies:
        proxies = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    init_metrics(app)
    app.before_request(_enter_trace)
    init_sessions(app, secure=config.secure)
    identity, seconds = clients.identity, config.settings_seconds
    settings = Remembered(
        lambda: identity.settings.GetSettings(GetSettingsRequest()).settings, seconds=seconds
    )
    init_board(app, clients, seconds=seconds)
    init_web(app, settings=settings.current, preferences=preferences, login=login_url, clock=clock)
    init_callers(app, config, clock)
    init_limits(app, clock)
    app.register_blueprint(portal)
    app.register_blueprint(console)
    app.register_blueprint(api)
    app.register_blueprint(webhooks)
    init_document(app)
    app.add_url_rule("/zdrowie", "health", _answer_health)
    return app


def _enter_trace() -> None:
    tracing.enter(tracing.child_of(request.headers.get(tracing.HEADER, "")))


def _answer_health() -> Response:
    """For probes: this process answers. It says nothing of the services behind it."""
    return Response("ok\n", mimetype="text/plain")
