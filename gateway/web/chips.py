"""The chip of an invoice's state, which lists print by the dozen: icon and word together, never colour alone.

All other chips are macros, in `parts/chips.html`; this one is drawn once for each state and language.
"""

from functools import cache

from ebok.billing.v1 import invoices_pb2 as pb
from flask_babel import LazyString
from markupsafe import Markup

from gateway.web.languages import language
from gateway.web.languages import lazy_gettext as _l

PAID_STATES: dict[int, tuple[LazyString, str, str]] = {
    pb.PAID_STATE_DUE: (_l("To pay"), "due", "clock"),
    pb.PAID_STATE_PAID: (_l("Paid"), "ok", "check2"),
    pb.PAID_STATE_PART_PAID: (_l("Paid in part"), "warn", "circle-half"),
    pb.PAID_STATE_OVERDUE: (_l("Overdue"), "bad", "exclamation-circle"),
}
CHIP = Markup('<span class="eb-chip eb-chip-{}"><i class="bi bi-{}" aria-hidden="true"></i>{}</span>')


def paid_chip(state: int) -> Markup:
    """How an invoice stands; a state without words prints its name, so nothing disappears."""
    return _drawn(state, language())


@cache
def _drawn(state: int, _language: str) -> Markup:
    found = PAID_STATES.get(state)
    if found is None:
        known = pb.PaidState.DESCRIPTOR.values_by_number.get(state)
        return Markup('<span class="eb-chip">{}</span>').format(known.name if known else state)
    word, kind, icon = found
    return CHIP.format(kind, icon, word)
