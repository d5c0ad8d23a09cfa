"""All that the pay page puts before the payer: what is open, the ways to pay, payments that are under way already."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from ebok.billing.v1 import invoices_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.payments.v1 import payments_pb2 as pb
from flask_login import current_user

from chassis.errors import NotFound
from gateway.portal.payment_words import is_under_way, provider_word, unused_of
from gateway.web.calls import ahead, at_once, call, clients
from gateway.web.days import date_of, today
from gateway.web.languages import gettext as _
from gateway.web.languages import language

INVOICES_MAX = 50  # As many as one payment takes.
PAGE_SIZE = 100
RECENT = 20
OPEN_STATES = (
    invoices_pb2.PAID_STATE_OVERDUE,
    invoices_pb2.PAID_STATE_PART_PAID,
    invoices_pb2.PAID_STATE_DUE,
)
HALF_WAY = (pb.PAYMENT_STATUS_STARTED, pb.PAYMENT_STATUS_PENDING)
# Sent again, these answer the same payment; a settled one has a page of its own.
REPEATABLE = (*HALF_WAY, pb.PAYMENT_STATUS_UNKNOWN)


@dataclass(frozen=True)
class Way:
    """A row of the choice: its value `provider:method_id`, a title, a line below it."""

    value: str
    title: str
    sub: str


@dataclass(frozen=True)
class PayDesk:
    """What is on the pay page. Invoices are in the order in which money is used: the oldest due first."""

    invoices: list[invoices_pb2.Invoice]
    more_invoices: bool
    methods: list[pb.PaymentMethod]
    payments: list[pb.Payment]
    payments_away: bool

    @cached_property
    def by_id(self) -> dict[str, invoices_pb2.Invoice]:
        """The open invoices."""
        return {one.invoice_id: one for one in self.invoices}

    @property
    def under_way(self) -> list[pb.Payment]:
        """Payments that have not come to an end: not known yet, or paid and not booked.

        Without those that nobody has to finish any more, as what they were for was paid otherwise.
        """
        return [
            one
            for one in self.payments
            if (is_under_way(one) or _waits_to_be_booked(one)) and not self._is_paid_otherwise(one)
        ]

    def _is_paid_otherwise(self, payment: pb.Payment) -> bool:
        half_way = payment.status in HALF_WAY and not self.more_invoices and unused_of(payment) <= 0
        return half_way and not any(share.invoice_id in self.by_id for share in payment.shares)

    @property
    def repeatable(self) -> set[str]:
        """Payments that the same form leads to again."""
        return {one.payment_id for one in self.payments if one.status in REPEATABLE}

    @property
    def ended(self) -> set[str]:
        """Payments of which it is known what became of them."""
        return {one.payment_id for one in self.payments if not is_under_way(one)}

    @cached_property
    def on_the_way(self) -> set[str]:
        """Invoices that money is on its way for, as far as anybody knows: they are not ticked at first."""
        sure = [one for one in self.under_way if one.status not in HALF_WAY]
        return {share.invoice_id for one in sure for share in one.shares}

    @cached_property
    def banks(self) -> list[tuple[str, str]]:
        """Banks to choose from, when the operator lists them one by one; else nothing."""
        first = next((one.provider for one in self.methods if one.kind == "BANK"), "")
        banks = [one for one in self.methods if one.kind == "BANK" and one.provider == first]
        return [(_value(one), one.name) for one in banks] if len(banks) > 1 else []

    @property
    def banks_choice(self) -> str:
        """The row that stands for all banks: the value of the first."""
        return self.banks[0][0] if self.banks else ""

    @cached_property
    def ways(self) -> list[Way]:
        """The rows of the choice: each kind once, through whoever offers it first, then each operator's own page."""
        first: dict[str, pb.PaymentMethod] = {}
        for method in self.methods:
            first.setdefault(method.kind, method)
        at_operators = [one for one in self.methods if one.kind == "ANY"]
        rows = [first[kind] for kind in ("BLIK", "BANK", "CARD") if kind in first]
        return [_way(one) for one in [*rows, *at_operators]]

    @property
    def choices(self) -> list[str]:
        """The values of the rows."""
        return [one.value for one in self.ways]

    def first_method(self, wish: str) -> str:
        """What is chosen at first: the wish when it is offered, else the first row, else an ordinary transfer."""
        return wish if wish in self.choices else next(iter(self.choices), "przelew")

    def check_named(self, invoice_ids: Iterable[str]) -> None:
        """Refuse what is not the customer's; one's own paid invoice is no fault. Raises NotFound."""
        others = [one for one in invoice_ids if one not in self.by_id][:INVOICES_MAX]
        if not all(_is_id(one) for one in others):
            raise NotFound
        if not others:
            return
        asked = invoices_pb2.ListInvoicesRequest(
            customer_id=current_user.customer_id, invoice_ids=others, page=PageRequest(page_size=PAGE_SIZE)
        )
        own = call(clients().billing.invoices.ListInvoices, asked).invoices
        if len(own) < len(set(others)):
            raise NotFound


def open_desk() -> PayDesk:
    """Ask billing and payments at once; without payments one can still pay by an ordinary transfer."""
    customer_id = current_user.customer_id
    service = clients().payments.payments
    methods = ahead(
        service.ListPaymentMethods,
        pb.ListPaymentMethodsRequest(customer_id=customer_id, language=language()),
    )
    recent = ahead(
        service.ListPayments,
        pb.ListPaymentsRequest(customer_id=customer_id, page=PageRequest(page_size=RECENT)),
    )
    listed = at_once(
        *(
            (
                clients().billing.invoices.ListInvoices,
                invoices_pb2.ListInvoicesRequest(
                    customer_id=customer_id, paid_state=state, page=PageRequest(page_size=PAGE_SIZE)
                ),
            )
            for state in OPEN_STATES
        )
    )
    found = {
        one.invoice_id: one for answer in listed for one in answer.invoices if one.open_amount.grosze > 0
    }
    invoices = sorted(found.values(), key=lambda one: (date_of(one.due_on) or today(), one.number))
    offered, known = methods(), recent()
    return PayDesk(
        invoices=invoices[:INVOICES_MAX],
        more_invoices=len(invoices) > INVOICES_MAX,
        methods=list(offered.methods) if offered else [],
        payments=list(known.payments) if known else [],
        payments_away=offered is None,
    )


def _waits_to_be_booked(payment: pb.Payment) -> bool:
    return payment.status == pb.PAYMENT_STATUS_SETTLED and not payment.HasField("booked_at")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _value(method: pb.PaymentMethod) -> str:
    return f"{method.provider}:{method.method_id}"


def _way(method: pb.PaymentMethod) -> Way:
    operator = provider_word(method.provider)
    titles = {
        "BLIK": ("BLIK", _("The money arrives at once")),
        "BANK": (_("Transfer from my bank"), _("You choose the bank and log in there")),
        "CARD": (_("Card"), _("You give the card's data on the operator's page")),
        "ANY": (_("Choose at %(operator)s", operator=operator), _("All ways that the operator offers")),
    }
    title, sub = titles.get(method.kind, (method.name, ""))
    return Way(_value(method), title, sub)
