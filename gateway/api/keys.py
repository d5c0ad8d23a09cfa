"""`Idempotency-Key`: a write that is sent again does its work once and answers the same.

The key becomes the id that the service knows the request by; what a key was first used for is kept by identity for
all gateways, so that another request under the same key is refused and not taken for a repeat.
"""

import re
from hashlib import sha256
from uuid import UUID, uuid5

from ebok.identity.v1 import kept_requests_pb2
from flask import g, request

from gateway.api.callers import Caller
from gateway.api.problems import Malformed
from gateway.web.calls import as_gateway, clients

HEADER = "Idempotency-Key"
PATTERN = "^[!-~]{1,200}$"
NAMESPACE = UUID("6f1d0c1e-8a40-4f0e-9d5b-5f1f2b8d7c11")  # Of ids that are made of keys; never another.
_KEY = re.compile(PATTERN)


class KeyMissing(Malformed):
    """A write without the header."""

    reason = "IDEMPOTENCY_KEY_REQUIRED"


class KeyMalformed(Malformed):
    """Not 1 to 200 visible ASCII characters."""

    reason = "IDEMPOTENCY_KEY_MALFORMED"


def claim(caller: Caller) -> None:
    """Take the key of this request for it. Refuses IDEMPOTENCY_KEY_REQUIRED, _MALFORMED, REQUEST_DIFFERS."""
    key = request.headers.get(HEADER, "")
    if not key:
        raise KeyMissing
    if not _KEY.fullmatch(key):
        raise KeyMalformed
    said = f"{request.method} {request.path}\n".encode() + request.get_data()
    as_gateway(
        clients().identity.kept_requests.KeepRequest,
        kept_requests_pb2.KeepRequestRequest(
            subject=caller.subject, key=key, fingerprint=sha256(said).digest()
        ),
    )
    g.api_request_id = str(uuid5(NAMESPACE, f"{caller.subject}\n{key}"))


def request_id() -> str:
    """The id that a service knows this write by."""
    found: str = g.api_request_id
    return found
