"""The trace: one id from the browser's request to the last event it caused (W3C trace context).

It travels as `traceparent` in rpc metadata, in the outbox and in message headers, and is in each log line.
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "traceparent"
_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)
_current: ContextVar[str] = ContextVar("traceparent", default="")


def new_traceparent() -> str:
    """A trace that starts here."""
    return f"00-{_hex(128)}-{_hex(64)}-01"


def child_of(traceparent: str) -> str:
    """A new span of the same trace; of a new trace when the given one is missing or malformed."""
    found = _FORM.fullmatch(traceparent)
    return f"00-{found[1]}-{_hex(64)}-01" if found else new_traceparent()


def _hex(bits: int) -> str:
    """Nobody's secret: asking the system for randomness would be a call to the kernel for each request."""
    return f"{random.getrandbits(bits):0{bits // 4}x}"


def current_traceparent() -> str:
    """The trace context of this thread; empty outside a request, an event and a job."""
    return _current.get()


def current_trace_id() -> str:
    """The trace's id alone, as printed in logs and on error pages."""
    return _current.get()[3:35]


def enter(traceparent: str) -> None:
    """Set the trace context of this thread; an empty one leaves it."""
    _current.set(traceparent)


@contextmanager
def trace(parent: str = "") -> Iterator[str]:
    """Work under a span of the parent's trace, or of a new one."""
    before = _current.get()
    span = child_of(parent)
    _current.set(span)
    try:
        yield span
    finally:
        _current.set(before)
