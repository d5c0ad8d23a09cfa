"""What operators see: JSON log lines with the trace id, and Prometheus metrics
`ebok_<service>_<what>_<unit>`.

No line carries the content of a request, of an event or of a row; a fault is logged by its class and its
place.
"""

import atexit
import logging
import sys
import threading
import time
import traceback
from collections import deque
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from chassis import tracing
from chassis.clock import machine_now

LINES_TOGETHER_S = 0.1
SECONDS_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def configure_logging(part: str, level: str = "INFO") -> None:
    """JSON lines on standard output, for our own loggers and for those of libraries (from WARNING up)."""
    _requests.begin(part if logging.getLevelName(level) <= logging.INFO else "")
    shared: Any = [
        structlog.contextvars.merge_contextvars,
        _add_trace_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_part(part),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_traceback,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelName(level), logging.WARNING))


def logger(name: str) -> Any:
    """A logger; events are plain words, facts are keywords."""
    return structlog.get_logger(source=name)


def describe_fault(fault: BaseException) -> dict[str, str]:
    """The class, the causes' classes and the place, without the message: it may quote what somebody typed."""
    chain: list[str] = []
    current: BaseException | None = fault
    while current is not None and len(chain) < 5:
        chain.append(f"{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or current.__context__
    frames = traceback.extract_tb(fault.__traceback__)[-12:]
    return {
        "fault": chain[0],
        "causes": " < ".join(chain[1:]),
        "place": " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames),
    }


def log_request(method: str, code: str, reason: str, seconds: float) -> None:
    """The line of one request. Written past structlog, which would cost a tenth of a small request's time."""
    if not _requests.part:
        return
    # Every value is a name, a number or an id of our own: none needs escaping.
    more = f', "reason": "{reason}"' if reason else ""
    _requests.add(
        f'{{"part": "{_requests.part}", "level": "info", "timestamp": "{machine_now().isoformat()[:-6]}Z", '
        f'"event": "rpc", "method": "{method}", "code": "{code}", "ms": {seconds * 1000:.2f}, '
        f'"trace_id": "{tracing.current_trace_id()}"{more}}}\n'
    )


class _Requests:
    """Lines of requests, written together a moment later: a write for each makes the other requests wait.

    Nobody's before logging is configured, or above INFO. What a killed process has not written yet is lost.
    """

    def __init__(self) -> None:
        self.part = ""
        self._lines: deque[str] = deque()
        self._waiting = threading.Event()
        self._writing = threading.Lock()
        self._writer: threading.Thread | None = None

    def begin(self, part: str) -> None:
        """From here on lines are written for this part; for an empty name none are."""
        self.part = part
        if part and self._writer is None:
            self._writer = threading.Thread(target=self._write_on, name="request-lines", daemon=True)
            self._writer.start()

    def add(self, line: str) -> None:
        """Have a line written."""
        self._lines.append(line)
        if not self._waiting.is_set():
            self._waiting.set()

    def flush(self) -> None:
        """Write what is waiting."""
        with self._writing:
            sys.stdout.write("".join([self._lines.popleft() for _ in range(len(self._lines))]))
            sys.stdout.flush()

    def _write_on(self) -> None:
        while self._waiting.wait():
            time.sleep(LINES_TOGETHER_S)
            self._waiting.clear()
            self.flush()


_requests = _Requests()


@atexit.register
def write_out_requests() -> None:
    """Write the lines of requests that are waiting."""
    _requests.flush()


def _add_trace_id(_: Any, __: str, event: Any) -> Any:
    trace_id = tracing.current_trace_id()
    if trace_id:
        event["trace_id"] = trace_id
    return event


def _add_part(part: str) -> Any:
    def add(_: Any, __: str, event: Any) -> Any:
        event["part"] = part
        return event

    return add


def _without_traceback(_: Any, __: str, event: Any) -> Any:
    """Libraries log exceptions with their messages; ours is the class and the place."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    fault = info[1] if isinstance(info, tuple) else info
    if isinstance(fault, BaseException):
        event.update(describe_fault(fault))
    return event


class Metrics:
    """The metrics of one part, in a registry of its own."""

    def __init__(self, part: str) -> None:
        self.registry = CollectorRegistry()
        self._prefix = f"ebok_{part}_"
        self._rpc_children: dict[tuple[str, str], Histogram] = {}
        self.rpc_seconds = self.histogram("rpc_seconds", "Time of requests", "method", "code")
        self.rpc_running = self.gauge("rpc_running_requests", "Requests being worked on")
        self.outbox_waiting = self.gauge("outbox_waiting_rows", "Events not yet published")
        self.outbox_oldest = self.gauge("outbox_oldest_seconds", "Age of the oldest event not yet published")
        self.outbox_parked = self.gauge("outbox_parked_rows", "Events given up, waiting for a human")
        self.published = self.counter("events_published_total", "Events published")
        self.handled = self.counter("events_handled_total", "Events handled", "type", "outcome")
        self.events_dead = self.gauge("events_dead_rows", "Events given up, in the dead-letter queue")
        self.job_seconds = self.histogram("job_seconds", "Time of jobs", "job", "outcome")

    def observe_rpc(self, method: str, code: str, seconds: float) -> None:
        """Count one request; finding the labelled child again and again would cost more than counting."""
        child = self._rpc_children.get((method, code))
        if child is None:
            child = self._rpc_children[method, code] = self.rpc_seconds.labels(method, code)
        child.observe(seconds)

    def counter(self, what: str, sentence: str, *labels: str) -> Counter:
        """A count of this part's own."""
        return Counter(self._prefix + what, sentence, labels, registry=self.registry)

    def gauge(self, what: str, sentence: str, *labels: str) -> Gauge:
        """A level of this part's own."""
        return Gauge(self._prefix + what, sentence, labels, registry=self.registry)

    def histogram(self, what: str, sentence: str, *labels: str) -> Histogram:
        """Times of this part's own, in seconds."""
        return Histogram(
            self._prefix + what, sentence, labels, registry=self.registry, buckets=SECONDS_BUCKETS
        )

    def serve(self, listen: str) -> None:
        """Answer Prometheus on host:port, in a thread; nothing for an empty address."""
        if listen:
            host, _, port = listen.rpartition(":")
            start_http_server(int(port), addr=host, registry=self.registry)
