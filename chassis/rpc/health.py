"""The standard health service. Ready means that the database answers; `live` means that the process does."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

LIVE = "live"
REMEMBERED_S = 1.0  # Probes come from many sides; the database is asked at most this often.
WATCH_EVERY_S = 2.0
WATCHERS_MAX = 4

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health(health_pb2_grpc.HealthServicer):
    """Answers for the whole server ("") and for each of its services; `live` does not ask the database."""

    def __init__(self, ready: Callable[[], bool] | None, services: Sequence[str]) -> None:
        self._ready = ready
        self._known = frozenset({"", *services})
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._answer = False
        self._asked_at = float("-inf")
        self._watchers = threading.Semaphore(WATCHERS_MAX)

    def leave(self) -> None:
        """From now on NOT_SERVING: load balancers stop sending before the server stops taking."""
        self._leaving.set()

    def status(self, service: str = "") -> int:
        """The status of a service, "" for the server."""
        if service == LIVE:
            return SERVING
        if service not in self._known:
            return SERVICE_UNKNOWN
        return SERVING if not self._leaving.is_set() and self._is_ready() else NOT_SERVING

    def _is_ready(self) -> bool:
        if self._ready is None:
            return True
        with self._lock:
            if time.monotonic() - self._asked_at >= REMEMBERED_S:
                self._answer = self._ready()
                self._asked_at = time.monotonic()
            return self._answer

    def Check(
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """The status now."""
        status = self.status(request.service)
        if status == SERVICE_UNKNOWN:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return health_pb2.HealthCheckResponse(status=status)

    def Watch(
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> Iterator[health_pb2.HealthCheckResponse]:
        """The status now and whenever it changes. Each watcher holds a thread, so there are only a few."""
        if not self._watchers.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many watchers")
        try:
            last = None
            while context.is_active() and not self._leaving.is_set():
                status = self.status(request.service)
                if status != last:
                    yield health_pb2.HealthCheckResponse(status=status)
                    last = status
                self._leaving.wait(WATCH_EVERY_S)
            if last is not None and last != NOT_SERVING:
                yield health_pb2.HealthCheckResponse(status=NOT_SERVING)
        finally:
            self._watchers.release()
