"""The bare webhook: a Flask route that puts the body into a table and answers."""

import os
import threading
from typing import Any

import psycopg
from flask import Flask, Response, request

app = Flask(__name__)
_threads = threading.local()


@app.post("/webhook")
def webhook() -> Response:
    """One insert, committed."""
    if not hasattr(_threads, "connection"):
        _threads.connection = psycopg.connect(os.environ["BARE_URL"], autocommit=True, prepare_threshold=1)
    connection: psycopg.Connection[Any] = _threads.connection
    connection.execute("INSERT INTO bare_message (body) VALUES (%s)", (request.get_data(),))
    return Response("OK", mimetype="text/plain")
