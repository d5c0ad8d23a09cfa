"""Reconciling: asks providers about every payment and refund that is under way, until it is known how it ended."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from chassis import tracing
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Refusal
from chassis.jobs import Jobs
from chassis.telemetry import Metrics, describe_fault, logger
from services.payments.clients.desk import Desk
from services.payments.domain import refunds, settling, waits
from services.payments.domain.providers import ProviderAway
from services.payments.storage import payment_search
from services.payments.storage import payments as stored
from services.payments.storage import refunds as stored_refunds

RUN_S_MAX = 8.0  # A run ends in time for a process that is told to stop.
BATCH = 200
PAYMENT, REFUND = "payment", "refund"

jobs = Jobs()


class Reconciling:
    """What reconciling needs and keeps between runs."""

    def __init__(self, desk: Desk, clock: Clock, metrics: Metrics, *, workers: int) -> None:
        self.desk = desk
        self.clock = clock
        self.workers = workers
        self.log = logger("payments")
        self.checks = metrics.counter(
            "checks_total", "Questions to providers how something stands", "of", "outcome"
        )
        self.by_status = metrics.gauge("unfinished_payments", "Payments under way by status", "status")
        self.oldest = metrics.gauge("unfinished_oldest_seconds", "Age of the oldest payment under way")
        self.stuck = metrics.gauge("stuck_payments", "Payments that somebody should look at")


@jobs.job("payments.reconcile", every_s=1.0)
def reconcile_payments(database: Database, *, now: datetime, reconciling: Reconciling) -> None:
    """Ask about everything that is due, with several workers."""
    with database.reading() as session:
        payments = stored.list_due(session, now=now, limit=BATCH)
        due_refunds = stored_refunds.list_due(session, now=now, limit=BATCH)
    if not payments and not due_refunds:
        return
    ends_at = time.monotonic() + RUN_S_MAX

    # In threads of their own also when there is one: a payment has its own record, and none in the audit log.
    with ThreadPoolExecutor(reconciling.workers, thread_name_prefix="reconcile") as workers:
        for payment_id in payments:
            workers.submit(_check, PAYMENT, payment_id, database, reconciling, ends_at)
        for refund_id in due_refunds:
            workers.submit(_check, REFUND, refund_id, database, reconciling, ends_at)


@jobs.job("payments.measure", every_s=15)
def measure_payments(database: Database, *, now: datetime, reconciling: Reconciling) -> None:
    """Set the gauges."""
    with database.reading() as session:
        levels = stored.get_levels(session)
        stuck = payment_search.count_stuck(session, still_since=now - waits.STILL)
    for status, count in levels.by_status.items():
        reconciling.by_status.labels(status.value).set(count)
    oldest = levels.oldest_started_at
    reconciling.oldest.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))
    reconciling.stuck.set(stuck)


@jobs.job("methods.remember", every_s=120)
def remember_methods(database: Database, *, now: datetime, desk: Desk) -> None:
    """Keep the providers' names of ways to pay at hand: while a message is judged nobody is asked for them."""
    for provider in desk.providers.values():
        provider.methods("pl")


def _check(of: str, subject_id: UUID, database: Database, reconciling: Reconciling, ends_at: float) -> None:
    """Ask about one. What the provider does not answer waits by itself; a fault of ours is put off."""
    if time.monotonic() > ends_at:
        return
    desk = reconciling.desk
    with tracing.trace():
        try:
            if of == PAYMENT:
                desk.check(subject_id)
            else:
                desk.check_refund(subject_id)
            outcome = "asked"
        except ProviderAway:
            outcome = "away"
        except Exception as fault:  # noqa: BLE001 - one that cannot be asked about must not stop the others
            outcome = "failed"
            _note_fault(reconciling, of, subject_id, fault)
            _put_off(of, subject_id, database, reconciling)
    reconciling.checks.labels(of, outcome).inc()


def _note_fault(reconciling: Reconciling, of: str, subject_id: UUID, fault: Exception) -> None:
    reconciling.log.error("not checked", of=of, id=str(subject_id), **describe_fault(fault))


def _put_off(of: str, subject_id: UUID, database: Database, reconciling: Reconciling) -> None:
    put_off = settling.put_off if of == PAYMENT else refunds.put_off
    try:
        with database.transaction() as session:
            put_off(session, subject_id, now=reconciling.clock.now())
    except Refusal as refusal:  # The database is away or busy: it stays due.
        reconciling.log.warning("not put off", of=of, id=str(subject_id), reason=refusal.reason)
