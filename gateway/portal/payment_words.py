"""What a payment says to people: how it stands in one word, and its way step by step."""

from collections.abc import Iterable
from urllib.parse import urlencode

from ebok.identity.v1 import grants_pb2
from ebok.payments.v1 import payments_pb2 as pb
from flask import url_for

from gateway.portal import portal
from gateway.web.amounts import zloty_plain
from gateway.web.days import moment_short
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.sessions import person

PROVIDERS = {"przelewy24": "Przelewy24", "payu": "PayU"}
UNDER_WAY = frozenset(
    {
        pb.PAYMENT_STATUS_STARTED,
        pb.PAYMENT_STATUS_PENDING,
        pb.PAYMENT_STATUS_UNKNOWN,
        pb.PAYMENT_STATUS_RECEIVED,
    }
)
PAYING_SCOPES = frozenset({grants_pb2.SCOPE_PAY, grants_pb2.SCOPE_MANAGE})
TimelineItem = tuple[str, str, str] | tuple[str, str, str, str]

# Why a payment came to nothing, or why nobody knows yet.
BECAUSE = {
    "REFUSED_BY_PROVIDER": _l("The operator or the bank refused it."),
    "CANCELLED": _l("It was given up before it was paid."),
    "EXPIRED": _l("The time to pay ran out."),
    "NO_ANSWER": _l("The operator did not answer."),
    "PROVIDER_FAULT": _l("The operator answered with something we do not understand."),
}


def may_pay() -> bool:
    """Whether the person may pay for the selected customer. The service decides; pages only leave the button out."""
    grant = person().grant
    return grant is not None and grant.scope in PAYING_SCOPES


def provider_word(provider: str) -> str:
    """The operator's name."""
    return PROVIDERS.get(provider, provider)


def method_word(payment: pb.Payment) -> str:
    """How it is paid, `BLIK, Przelewy24`; the operator alone until it has told."""
    operator = provider_word(payment.provider)
    return f"{payment.method_name}, {operator}" if payment.method_name else operator


def payment_state(payment: pb.Payment) -> str:
    """The name of a payment's state for its chip: its status, and what came after it was settled."""
    if payment.status != pb.PAYMENT_STATUS_SETTLED:
        return pb.PaymentStatus.Name(payment.status)
    if payment.refunded.grosze >= payment.amount.grosze:
        return "REFUNDED"
    if payment.refunded.grosze:
        return "PART_REFUNDED"
    return "BOOKED" if payment.HasField("booked_at") else "SETTLED"


def because(reason: str) -> str:
    """Why a payment came to nothing, or why nobody knows yet; a reason without words prints as it is."""
    words = BECAUSE.get(reason)
    return reason if words is None else str(words)


def is_under_way(payment: pb.Payment) -> bool:
    """Whether it is not known yet what becomes of it."""
    return payment.status in UNDER_WAY


def unused_of(payment: pb.Payment) -> int:
    """Grosze that are meant for no invoice: they stay as credit."""
    return int(payment.amount.grosze - sum(share.amount.grosze for share in payment.shares))


def again_url(payment: pb.Payment) -> str:
    """The pay page filled in as this payment was, with a new intention."""
    query = [("nowa", "1"), *(("faktura", share.invoice_id) for share in payment.shares)]
    query.append(("kwota", f"{payment.amount.grosze // 100},{payment.amount.grosze % 100:02}"))
    return f"{url_for('portal.pay')}?{urlencode(query)}"


def payment_timeline(payment: pb.Payment, steps: Iterable[pb.PaymentStep]) -> list[TimelineItem]:
    """What happened, what is happening, what comes next."""
    return [*(_past(payment, step) for step in steps), *_ahead(payment)]


def _past(payment: pb.Payment, step: pb.PaymentStep) -> TimelineItem:
    when, operator = moment_short(step.happened_at), provider_word(payment.provider)
    amount = zloty_plain(step.amount) if step.HasField("amount") else ""
    why = f"{when}. {because(step.reason)}" if step.reason else when
    items: dict[str, TimelineItem] = {
        "STARTED": ("done", _("Started"), f"{when}, {method_word(payment)}, {zloty_plain(payment.amount)}"),
        "AT_PROVIDER": ("done", _("At %(operator)s", operator=operator), when),
        "NO_ANSWER": ("next", _("%(operator)s did not answer", operator=operator), why, "question-lg"),
        "RECEIVED": ("done", _("Your bank confirmed it"), when),
        "SETTLED": ("done", _("Money received"), when),
        "BOOKED": ("done", _("Booked"), when),
        "FAILED": ("bad", _("Not paid"), why),
        "REFUND_STARTED": ("done", _("Refund ordered"), f"{when}, {amount}", "arrow-counterclockwise"),
        "REFUNDED": ("done", _("Money given back"), f"{when}, {amount}", "arrow-counterclockwise"),
        "REFUND_FAILED": ("bad", _("Refund refused"), f"{when}, {amount}"),
    }
    return items.get(step.step, ("done", step.step, when))


def _ahead(payment: pb.Payment) -> list[TimelineItem]:
    received: TimelineItem = ("next", _("Money received"), "")
    booked: TimelineItem = ("next", _("Booked"), _("then the balance here changes"))
    operator = provider_word(payment.provider)
    if payment.status == pb.PAYMENT_STATUS_STARTED:
        return [("now", _("We are asking %(operator)s", operator=operator), ""), received, booked]
    if payment.status == pb.PAYMENT_STATUS_PENDING:
        wait = _("usually a moment; an ordinary transfer up to one working day")
        return [("now", _("Waiting for your bank"), wait), received, booked]
    if payment.status == pb.PAYMENT_STATUS_UNKNOWN:
        asking = _("We are asking %(operator)s until it is known", operator=operator)
        return [("now", asking, _("Do not pay twice.")), received, booked]
    if payment.status == pb.PAYMENT_STATUS_RECEIVED:
        return [("now", _("Waiting for the money"), _("usually up to 15 minutes. Do not pay twice.")), booked]
    if payment.status == pb.PAYMENT_STATUS_SETTLED and not payment.HasField("booked_at"):
        return [("now", _("Being booked"), _("usually less than a minute"))]
    return []


for _function in (may_pay, payment_state, is_under_way, unused_of, again_url, payment_timeline):
    portal.add_app_template_global(_function)
portal.add_app_template_filter(provider_word)
portal.add_app_template_filter(method_word)
portal.add_app_template_filter(because)
