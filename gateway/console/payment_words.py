"""Words of payments for the staff: statuses, steps, messages to and from an operator and what became of them."""

from collections.abc import Iterable

from ebok.payments.v1 import payments_pb2 as pb
from flask_babel import LazyString

from gateway.console import console
from gateway.console.words import word_of
from gateway.portal.payment_words import because, payment_state, provider_word
from gateway.web.amounts import zloty_plain
from gateway.web.days import moment_short
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

STATUS_OPTIONS = {
    "rozpoczete": pb.PAYMENT_STATUS_STARTED,
    "w-toku": pb.PAYMENT_STATUS_PENDING,
    "nieznane": pb.PAYMENT_STATUS_UNKNOWN,
    "otrzymane": pb.PAYMENT_STATUS_RECEIVED,
    "zaplacone": pb.PAYMENT_STATUS_SETTLED,
    "nieudane": pb.PAYMENT_STATUS_FAILED,
}
STATUSES: dict[str, LazyString] = {
    "PAYMENT_STATUS_STARTED": _l("started, the operator is being asked"),
    "PAYMENT_STATUS_PENDING": _l("at the operator, waits for the payer or the bank"),
    "PAYMENT_STATUS_UNKNOWN": _l("unknown, the operator is asked until it is known"),
    "PAYMENT_STATUS_RECEIVED": _l("confirmed by the bank, not accepted by us yet"),
    "PAYMENT_STATUS_FAILED": _l("not paid"),
    "SETTLED": _l("paid, waits to be booked"),
    "BOOKED": _l("paid and booked"),
    "PART_REFUNDED": _l("paid, given back in part"),
    "REFUNDED": _l("paid, given back whole"),
}
FILTERS: dict[str, LazyString] = {
    "rozpoczete": _l("started"),
    "w-toku": _l("at the operator"),
    "nieznane": _l("unknown"),
    "otrzymane": _l("confirmed by the bank"),
    "zaplacone": _l("paid ones"),
    "nieudane": _l("not paid"),
}
EXCHANGES: dict[str, LazyString] = {
    "register": _l("registration"),
    "verify": _l("acceptance"),
    "status": _l("question about the status"),
    "refund": _l("refund"),
    "refund_status": _l("question about the refund"),
    "notification": _l("notification of the payment"),
    "refund_notification": _l("notification of the refund"),
    "methods": _l("list of ways to pay"),
}
# Word, kind of chip, icon.
VERDICTS: dict[str, tuple[LazyString, str, str]] = {
    "ACCEPTED": (_l("accepted"), "ok", "check2"),
    "REPEATED": (_l("repeated, known already"), "", "arrow-repeat"),
    "SIGN_WRONG": (_l("wrong signature"), "bad", "shield-x"),
    "AMOUNT_WRONG": (_l("another amount"), "bad", "exclamation-circle"),
    "CURRENCY_WRONG": (_l("another currency"), "bad", "exclamation-circle"),
    "MERCHANT_WRONG": (_l("another merchant"), "bad", "exclamation-circle"),
    "NOT_OURS": (_l("no payment of ours"), "bad", "question-circle"),
    "MALFORMED": (_l("unreadable"), "bad", "file-earmark-x"),
    "NO_ANSWER": (_l("no answer"), "warn", "hourglass-split"),
    "PROVIDER_FAULT": (_l("fault of the operator"), "warn", "exclamation-triangle"),
    "REFUSED": (_l("refused"), "bad", "x-circle"),
    "": (_l("waits"), "due", "clock"),
}
STEP_ICONS = {
    "STARTED": "play-circle",
    "AT_PROVIDER": "box-arrow-up-right",
    "NO_ANSWER": "question-circle",
    "RECEIVED": "bank",
    "SETTLED": "check-circle",
    "BOOKED": "journal-check",
    "FAILED": "x-circle",
    "REFUND_STARTED": "arrow-counterclockwise",
    "REFUNDED": "arrow-counterclockwise",
    "REFUND_FAILED": "x-circle",
}


def status_words(payment: pb.Payment) -> str:
    """How a payment stands, in a few words."""
    return word_of(STATUSES, payment_state(payment))


def payment_steps(payment: pb.Payment, steps: Iterable[pb.PaymentStep]) -> list[tuple[str, str, str]]:
    """The timeline, the newest first: icon, what, when and why."""
    return [_step(payment, step) for step in reversed(list(steps))]


def _step(payment: pb.Payment, step: pb.PaymentStep) -> tuple[str, str, str]:
    operator = provider_word(payment.provider)
    titles = {
        "STARTED": _("Started by the customer"),
        "AT_PROVIDER": _("At %(operator)s", operator=operator),
        "NO_ANSWER": _("%(operator)s did not answer", operator=operator),
        "RECEIVED": _("Confirmed by the bank"),
        "SETTLED": _("Accepted: the money is ours"),
        "BOOKED": _("Booked"),
        "FAILED": _("Not paid"),
        "REFUND_STARTED": _("Refund ordered"),
        "REFUNDED": _("Money given back"),
        "REFUND_FAILED": _("Refund refused"),
    }
    parts = [moment_short(step.happened_at)]
    if step.HasField("amount"):
        parts.append(zloty_plain(step.amount))
    if step.reason:
        parts.append(because(step.reason))
    return STEP_ICONS.get(step.step, "dot"), titles.get(step.step, step.step), " · ".join(parts)


@console.app_template_filter("exchange_word")
def exchange_word(kind: str) -> str:
    """What a message to or from the operator was."""
    return word_of(EXCHANGES, kind)


@console.app_template_filter("verdict_chip")
def verdict_chip(verdict: str) -> tuple[str, str, str]:
    """Word, kind and icon of what became of a message; one without words prints as it is."""
    word, kind, icon = VERDICTS.get(verdict, (verdict, "", ""))
    return str(word), kind, icon


@console.app_template_global()
def status_filters() -> list[tuple[str, str]]:
    """For the filter of the list."""
    return [(value, str(word)) for value, word in FILTERS.items()]


@console.app_template_global()
def operator_filters() -> list[tuple[str, str]]:
    """For the filter of the list."""
    return [(name, provider_word(name)) for name in ("przelewy24", "payu")]
