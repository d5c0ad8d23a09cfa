"""How long requests took, by endpoint and status, for Prometheus.

gunicorn's workers are processes of their own: each writes what it counts into files that all of them read
(`PROMETHEUS_MULTIPROC_DIR`, set by deploy/gunicorn.py), and all listen on the one port, so whichever is asked answers
for the whole gateway.
"""

import threading
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from chassis.telemetry import SECONDS_BUCKETS

EXTENSION = "ebok_metrics"
NAME = "ebok_gateway_request_seconds"
NOWHERE = "none"  # The endpoint of an address that is none.


def init_metrics(app: Flask) -> None:
    """Time each request; the first of the hooks, so that it sees what all others took."""
    registry = CollectorRegistry()
    seconds = Histogram(
        NAME, "Time of requests", ("endpoint", "code"), registry=registry, buckets=SECONDS_BUCKETS
    )
    known: dict[tuple[str, int], Histogram] = {}  # To find a labelled one costs more than to count.

    def begin() -> None:
        g.ebok_began = time.perf_counter()

    def end(response: Response) -> Response:
        began = g.get("ebok_began")
        if began is not None:
            key = (request.endpoint or NOWHERE, response.status_code)
            child = known.get(key)
            if child is None:
                child = known[key] = seconds.labels(*key)
            child.observe(time.perf_counter() - began)
        return response

    app.before_request(begin)
    app.after_request(end)
    app.extensions[EXTENSION] = registry


class _Server(ThreadingMixIn, WSGIServer):
    allow_reuse_port = True  # Of all workers.
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: Prometheus asks every few seconds."""


def serve_metrics(app: Flask, listen: str) -> None:
    """Answer Prometheus on host:port, in a thread; nothing for an empty address."""
    if not listen:
        return
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry)
    except ValueError:  # There is no such directory: one process alone.
        registry = app.extensions[EXTENSION]
    host, _, port = listen.rpartition(":")
    server = make_server(
        host, int(port), make_wsgi_app(registry), server_class=_Server, handler_class=_Silent
    )
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
