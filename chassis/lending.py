"""The connections of a service: kept, lent last used first, and looked at before use after a while of idling."""

import time
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.util.queue import Empty, Full, Queue

IDLE_CHECK_S = 5.0


class _Stack(Queue[Any]):
    """The pool's queue, last in, first out, whose locks are taken only where somebody waits."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = True) -> None:
        super().__init__(maxsize, use_lifo)
        self._waiting = 0

    def put(self, item: Any, block: bool = False, timeout: float | None = None) -> None:  # noqa: ARG002 - its signature
        """Take back; Full, without waiting, where there are enough."""
        if len(self.queue) >= self.maxsize:
            raise Full
        self.queue.append(item)
        if self._waiting:  # Whoever comes to wait after this line looks into the queue before.
            with self.not_empty:
                self.not_empty.notify()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The one put in last; Empty when there is none, at once or for `timeout` seconds."""
        try:
            return self.queue.pop()
        except IndexError:
            if not block:
                raise Empty from None
        ends = None if timeout is None else time.monotonic() + timeout
        with self.not_empty:
            self._waiting += 1
            try:
                while self.not_empty.wait_for(lambda: self.queue, ends and max(0.0, ends - time.monotonic())):
                    with suppress(IndexError):  # Who came just now was faster.
                        return self.queue.pop()
            finally:
                self._waiting -= 1
        raise Empty


class LendingPool(sa.pool.QueuePool):
    """Lends its entries also as they are: what SQLAlchemy puts around one for a Session costs as much as asking."""

    _queue_class = _Stack

    def take(self) -> Any:
        """An entry with a connection; `give` it back. Raises sqlalchemy's TimeoutError when all are lent for long."""
        entry: Any = self._do_get()
        try:
            connection = entry.get_connection()
            try:
                _check_idle(connection, entry)
            except sa.exc.DisconnectionError:
                entry.invalidate()
                entry.get_connection()
        except BaseException:
            entry.invalidate()
            self._do_return_conn(entry)
            raise
        return entry

    def give(self, entry: Any) -> None:
        """Take back what was lent."""
        _note_idle(None, entry)
        self._do_return_conn(entry)


def pooled(url: str, **more: Any) -> sa.Engine:
    """An engine whose connections are kept and lie in AUTOCOMMIT."""
    engine = sa.create_engine(
        url,
        poolclass=LendingPool,
        pool_timeout=5,
        pool_pre_ping=False,
        # The one used last is lent first: it has the statements prepared, and its server process is warm.
        pool_use_lifo=True,
        # Connections lie in the pool as reads want them; a transaction switches its own over and back.
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        pool_recycle=1800,
        **more,
    )
    # A connection that died in the pool is noticed by its first statement; handing out checked ones costs
    # a round trip per request, so only those that lay idle for a while are checked.
    sa.event.listen(engine, "checkout", _check_idle)
    sa.event.listen(engine, "checkin", _note_idle)
    return engine


def _note_idle(dbapi_connection: Any, record: Any) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    record.info["idle_since"] = time.monotonic()


def _check_idle(dbapi_connection: Any, record: Any, proxy: Any = None) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    since = record.info.get("idle_since")
    if since is None or time.monotonic() - since < IDLE_CHECK_S:
        return
    try:
        previous = dbapi_connection.autocommit
        dbapi_connection.autocommit = True
        dbapi_connection.execute("SELECT 1")
        dbapi_connection.autocommit = previous
    except Exception as fault:  # The driver's whole family means the same: throw it away, take another.
        raise sa.exc.DisconnectionError from fault
