"""How often a caller may ask: counted by identity for all gateways, leased in batches, told in every answer.

`RateLimit` and `RateLimit-Policy` are those of the IETF draft: `q` requests in `w` seconds, `r` of them left, the next
window in `t` seconds. What this gateway knows to be left is what it holds and what nobody had taken when it last asked.
"""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

from ebok.identity.v1 import limits_pb2
from flask import Flask, Response, current_app, g

from chassis.clock import Clock
from chassis.errors import RateLimited
from gateway.api.callers import Caller
from gateway.web.calls import as_gateway, clients

LEASE = 20  # Permits taken at once: a twentieth of a call for each request.
WINDOW_S = 60
CALLERS_MAX = 10_000
EXTENSION = "ebok_api_limits"


class TooManyRequests(RateLimited):
    """The window's requests are used up."""

    reason = "TOO_MANY_REQUESTS"


@dataclass
class Lease:
    """What this gateway holds of a caller's window."""

    held: int = 0
    limit: int = 0
    elsewhere: int = 0  # Left in the window and held by nobody, when last asked.
    ends_at: float = 0.0

    @property
    def left(self) -> int:
        """Requests that can still be made, as far as is known here."""
        return self.held + self.elsewhere


class Limits:
    """The leases of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._leases: OrderedDict[tuple[int, str], Lease] = OrderedDict()

    def spend(self, caller: Caller) -> None:
        """One request of the caller. Refuses TOO_MANY_REQUESTS."""
        now = self._clock.now().timestamp()
        key = (caller.kind, caller.subject)
        with self._lock:
            lease = self._leases.setdefault(key, Lease())
            self._leases.move_to_end(key)
            if len(self._leases) > CALLERS_MAX:
                self._leases.popitem(last=False)
            spent = self._take(lease, now)
        if not spent and (now >= lease.ends_at or lease.elsewhere):
            granted = self._ask(caller)
            with self._lock:
                if granted.ends_at != lease.ends_at:
                    lease.held = 0
                lease.held += granted.held
                lease.limit, lease.elsewhere, lease.ends_at = (
                    granted.limit,
                    granted.elsewhere,
                    granted.ends_at,
                )
                spent = self._take(lease, now)
        wait = max(1, math.ceil(lease.ends_at - now))
        g.api_limit = (lease.limit, lease.left, wait)
        if not spent:
            raise TooManyRequests(retry_after_s=wait)

    @staticmethod
    def _take(lease: Lease, now: float) -> bool:
        if lease.held and now < lease.ends_at:
            lease.held -= 1
            return True
        return False

    @staticmethod
    def _ask(caller: Caller) -> Lease:
        answer = as_gateway(
            clients().identity.limits.LeasePermits,
            limits_pb2.LeasePermitsRequest(kind=caller.kind, subject=caller.subject, wanted=LEASE),
        )
        ends_at = answer.window_ends_at
        return Lease(
            answer.granted, answer.limit, answer.remaining, ends_at.seconds + ends_at.nanos / 1_000_000_000
        )


def spend(caller: Caller) -> None:
    """One request of the caller. Refuses TOO_MANY_REQUESTS."""
    limits: Limits = current_app.extensions[EXTENSION]
    limits.spend(caller)


def tell(response: Response) -> Response:
    """Say in the answer's headers where the caller stands."""
    if "api_limit" in g:
        limit, left, wait = g.api_limit
        response.headers["RateLimit-Policy"] = f'"default";q={limit};w={WINDOW_S}'
        response.headers["RateLimit"] = f'"default";r={left};t={wait}'
    return response


def init_limits(app: Flask, clock: Clock) -> None:
    """No leases yet."""
    app.extensions[EXTENSION] = Limits(clock)
