"""The judge: takes up what providers sent, one message in one transaction, and accepts the money it finds.

What its own words condemn, as a wrong sign does, is sifted out before, many in one transaction: a flood of it holds up
neither the true messages nor those who receive them. A message is judged and its payment moved in the same
transaction. Accepting is a call, so it comes after: a process that ends between the two leaves a received payment,
which the reconciling job accepts.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.orm import Session

from chassis import tracing
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Refusal
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
SIFT_ROWS = 200
SIFT_AGAIN_S = 0.1
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
    _ = now
    ends_at = time.monotonic() + RUN_S_MAX
    begun: dict[UUID, Future[None]] = {}
    # In threads of their own, the sifting too: a payment has its own record, and none in the audit log.
    with (
        ThreadPoolExecutor(1, thread_name_prefix="sift") as sifting,
        ThreadPoolExecutor(judge.workers, thread_name_prefix="judge") as workers,
    ):
        while time.monotonic() < ends_at:
            believable, all_seen = sifting.submit(sift, database, judge).result()
            for exchange_id in believable:
                if exchange_id not in begun:
                    begun[exchange_id] = workers.submit(_work, database, judge, exchange_id, ends_at)
            if all_seen and not wait(begun.values(), timeout=SIFT_AGAIN_S).not_done:
                break
    for one in begun.values():
        one.result()


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


def sift(database: Database, judge: Judge) -> tuple[list[UUID], bool]:
    """Judge what its words alone condemn; answers what is left to judge, and whether no more waits behind it."""
    with database.asking() as reader:
        waiting = exchanges.list_waiting(reader, now=judge.clock.now(), limit=SIFT_ROWS)
    believable: list[UUID] = []
    condemned: dict[UUID, Verdict] = {}
    for exchange in waiting:
        verdict = _condemn(exchange, judge)
        if verdict is None:
            believable.append(exchange.exchange_id)
        else:
            condemned[exchange.exchange_id] = verdict
    if condemned:
        with database.asking() as reader:
            given = exchanges.give_verdicts(reader, condemned)
        alike: dict[tuple[str, Verdict], list[UUID]] = {}
        for exchange in waiting:
            if exchange.exchange_id in given:
                key = (exchange.provider, condemned[exchange.exchange_id])
                alike.setdefault(key, []).append(exchange.exchange_id)
        for (provider, verdict), exchange_ids in alike.items():
            _note_verdict(judge, provider, verdict, exchange_ids)
    return believable, len(waiting) < SIFT_ROWS or len(believable) == SIFT_ROWS


def _condemn(exchange: Any, judge: Judge) -> Verdict | None:
    """The verdict that a message's own words speak; None when they may be true, or cannot be read at all."""
    try:
        said = judge.desk.provider(exchange.provider).read_notification(
            exchange.body, exchange.headers, exchange.kind
        )
    except Exception as fault:  # noqa: BLE001 - it is judged by itself, where the same fault puts it off
        judge.log.debug(
            "notification not read", exchange_id=str(exchange.exchange_id), **describe_fault(fault)
        )
        return None
    return said.verdict


def _note_verdict(judge: Judge, provider: str, verdict: Verdict, exchange_ids: Sequence[UUID]) -> None:
    """Count them, and say of those that are not believed where to look: a line for all that are alike."""
    judge.verdicts.labels(provider, verdict.value).inc(len(exchange_ids))
    if verdict not in (Verdict.ACCEPTED, Verdict.REPEATED):
        judge.log.warning(
            "notification not believed",
            exchange_id=str(exchange_ids[0]),
            count=len(exchange_ids),
            provider=provider,
            verdict=verdict.value,
        )


def _work(database: Database, judge: Judge, exchange_id: UUID, ends_at: float) -> None:
    if time.monotonic() < ends_at:
        judge_one(database, judge, exchange_id)


def judge_one(database: Database, judge: Judge, exchange_id: UUID) -> None:
    """Judge one message and do what follows from it; nothing, when somebody else does."""
    with tracing.trace():
        try:
            with database.transaction() as session:
                exchange = exchanges.lock_waiting(session, exchange_id)
                if exchange is None:
                    return
                found = _judge(session, exchange, judge)
                exchange.verdict = found.verdict
        except Exception as fault:  # noqa: BLE001 - one message that cannot be judged must not stop the others
            _put_off(database, judge, exchange_id, fault)
            return
        _note_verdict(judge, exchange.provider, found.verdict, [exchange_id])
        if found.to_accept is not None:
            _accept(judge, found.to_accept)


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


def _put_off(database: Database, judge: Judge, exchange_id: UUID, fault: Exception) -> None:
    judge.log.error("notification not judged", exchange_id=str(exchange_id), **describe_fault(fault))
    try:
        with database.transaction() as session:
            exchanges.put_off(
                session, exchange_id, now=judge.clock.now(), longest=timedelta(seconds=AGAIN_S_MAX)
            )
    except Refusal as refusal:  # The database is away or busy: it waits as it is.
        judge.log.warning("not put off", exchange_id=str(exchange_id), reason=refusal.reason)
