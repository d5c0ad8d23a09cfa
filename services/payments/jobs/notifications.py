"""The judge: takes up what providers sent, one message in one transaction, and accepts the money it finds.

A message is judged and its payment moved in the same transaction. Accepting is a call, so it comes after: a process
that ends between the two leaves a received payment, which the reconciling job accepts.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.orm import Session

from chassis import tracing
from chassis.clock import Clock
from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import Metrics, describe_fault, logger
from services.payments.clients.desk import Desk
from services.payments.config import PaymentsConfig
from services.payments.domain import refunds, settling
from services.payments.domain.providers import OrderState
from services.payments.domain.settling import Judged
from services.payments.storage import exchanges
from services.payments.storage.exchanges import Exchange, Verdict

RUN_S_MAX = 8.0  # A run ends in time for a process that is told to stop.
AGAIN_S_MAX = 3600.0
ERASE_ROWS = 1_000

jobs = Jobs()


class Judge:
    """What judging needs and keeps between runs."""

    def __init__(self, desk: Desk, clock: Clock, metrics: Metrics, *, workers: int) -> None:
        self.desk = desk
        self.clock = clock
        self.workers = workers
        self.log = logger("notifications")
        self.verdicts: Counter = metrics.counter(
            "notifications_total", "Messages of providers by what was made of them", "provider", "verdict"
        )


@jobs.job("notifications.judge", every_s=0.2)
def judge_notifications(database: Database, *, now: datetime, judge: Judge) -> None:
    """Judge until nothing waits, with several workers: accepting one's money must not hold up the others."""
    with database.reading() as session:
        if not exchanges.is_any_waiting(session, now=now):
            return
    ends_at = time.monotonic() + RUN_S_MAX
    # In threads of their own also when there is one: a payment has its own record, and none in the audit log.
    with ThreadPoolExecutor(judge.workers, thread_name_prefix="judge") as workers:
        for worker in [workers.submit(_work, database, judge, ends_at) for _ in range(judge.workers)]:
            worker.result()


@jobs.job("exchanges.forget", every_s=3600)
def forget_exchanges(database: Database, *, now: datetime, config: PaymentsConfig) -> None:
    """Forget what was said long ago, a bounded number at a time."""
    while True:
        with database.transaction() as session:
            gone = exchanges.erase_old(
                session,
                before=now - timedelta(days=config.exchanges_kept_days),
                strangers_before=now - timedelta(days=config.strangers_kept_days),
                count_max=ERASE_ROWS,
            )
        if gone < ERASE_ROWS:
            return


def _work(database: Database, judge: Judge, ends_at: float) -> None:
    while time.monotonic() < ends_at and judge_next(database, judge):
        pass


def judge_next(database: Database, judge: Judge) -> bool:
    """Judge one message and do what follows from it; false when none waits."""
    taken: list[UUID] = []
    with tracing.trace():
        try:
            with database.transaction() as session:
                exchange = exchanges.lock_waiting(session, now=judge.clock.now())
                if exchange is None:
                    return False
                taken.append(exchange.exchange_id)
                found = _judge(session, exchange, judge)
                exchange.verdict = found.verdict
        except Exception as fault:  # noqa: BLE001 - one message that cannot be judged must not stop the others
            _put_off(database, judge, taken, fault)
            return bool(taken)
        judge.verdicts.labels(exchange.provider, found.verdict.value).inc()
        if found.verdict not in (Verdict.ACCEPTED, Verdict.REPEATED):
            judge.log.warning(
                "notification not believed",
                exchange_id=str(exchange.exchange_id),
                provider=exchange.provider,
                verdict=found.verdict.value,
            )
        if found.to_accept is not None:
            _accept(judge, found.to_accept)
    return True


def _judge(session: Session, exchange: Exchange, judge: Judge) -> Judged:
    provider = judge.desk.provider(exchange.provider)
    said = provider.read_notification(exchange.body, exchange.headers, exchange.kind)
    if said.verdict is not None:
        return Judged(said.verdict)
    now = judge.clock.now()
    if said.refund_key:
        exchange.kind = exchanges.REFUND_NOTIFICATION
        return refunds.judge(session, exchange, said, now=now)
    paid = said.order in (OrderState.TO_ACCEPT, OrderState.PAID)
    name = provider.method_name(said.method_id, known=True) if paid else ""
    return settling.judge(session, exchange, said, method_name=name, now=now)


def _accept(judge: Judge, payment_id: UUID) -> None:
    """What goes wrong here the reconciling job makes good."""
    try:
        judge.desk.accept(payment_id)
    except Exception as fault:  # noqa: BLE001 - one payment must not stop the others
        _note_fault(judge, payment_id, fault)


def _note_fault(judge: Judge, payment_id: UUID, fault: Exception) -> None:
    judge.log.error("money not accepted", payment_id=str(payment_id), **describe_fault(fault))


def _put_off(database: Database, judge: Judge, taken: list[UUID], fault: Exception) -> None:
    judge.log.error("notification not judged", exchanges=[str(one) for one in taken], **describe_fault(fault))
    if not taken:
        time.sleep(0.5)  # The database is away or busy.
        return
    with database.transaction() as session:
        exchanges.put_off(session, taken[0], now=judge.clock.now(), longest=timedelta(seconds=AGAIN_S_MAX))
