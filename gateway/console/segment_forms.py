"""Whom something is for, as a form without JavaScript: all, or those of whom every filled-in condition holds.

Fields: `odbiorcy` (wszyscy, wybrani), then `medium`, `miejscowosc`, `ulica`, `taryfa` (several each), `rodzaj`,
`efaktura`, `zaleglosc` (złoty), `klient` (an id, from a customer's page).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ebok.billing.v1 import audiences_pb2
from ebok.common.v1 import segments_pb2 as pb
from ebok.common.v1.money_pb2 import Money

from gateway.web import reasons
from gateway.web.areas import COMMODITIES
from gateway.web.calls import clients
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

ALL, PICKED = "wszyscy", "wybrani"
LISTS = {
    "medium": pb.SEGMENT_FIELD_COMMODITY,
    "miejscowosc": pb.SEGMENT_FIELD_TOWN,
    "ulica": pb.SEGMENT_FIELD_STREET,
    "taryfa": pb.SEGMENT_FIELD_TARIFF_GROUP,
}
SINGLE = {
    "rodzaj": pb.SEGMENT_FIELD_KIND,
    "efaktura": pb.SEGMENT_FIELD_E_INVOICE,
    "klient": pb.SEGMENT_FIELD_CUSTOMER,
}
KINDS = (("person", _l("persons")), ("company", _l("companies")))
YES_NO = (("yes", _l("by e-mail")), ("no", _l("on paper")))


@dataclass(frozen=True)
class SegmentChoices:
    """What can be chosen: (value, word) by field."""

    lists: Mapping[str, list[tuple[str, Any]]]
    kinds: Any = KINDS
    yes_no: Any = YES_NO


def choices_call() -> tuple[Any, Any]:
    """The call that brings what can be chosen, for `at_once`."""
    return clients().billing.audiences.ListSegmentChoices, audiences_pb2.ListSegmentChoicesRequest()


def choices_of(answer: audiences_pb2.ListSegmentChoicesResponse) -> SegmentChoices:
    """Billing's answer as the form offers it."""

    def plain(values: Any) -> list[tuple[str, Any]]:
        return [(value, value) for value in values]

    return SegmentChoices(
        {
            "medium": [(one, COMMODITIES.get(one, one)) for one in answer.commodities],
            "miejscowosc": plain(answer.towns),
            "ulica": plain(answer.streets),
            "taryfa": plain(answer.tariff_groups),
        }
    )


def initial_of(segment: pb.Segment) -> dict[str, Any]:
    """A segment as values of the form."""
    values: dict[str, Any] = {"odbiorcy": PICKED if segment.conditions else ALL}
    names = {field: name for name, field in {**LISTS, **SINGLE}.items()}
    for condition in segment.conditions:
        if condition.field == pb.SEGMENT_FIELD_ARREARS:
            values["zaleglosc"] = f"{condition.amount.grosze / 100:.2f}".replace(".", ",")
        elif condition.field in names:
            values[names[condition.field]] = list(condition.values)
    return values


def segment_of(form: Form, choices: SegmentChoices) -> pb.Segment:
    """What the form says; picked without a condition is marked: it would be everybody."""
    for_all = form.choice("odbiorcy", (ALL, PICKED)) != PICKED
    conditions = []
    for name, field in LISTS.items():
        picked = form.choices(name, [value for value, _word in choices.lists[name]], required=False)
        if picked:
            conditions.append(_is(field, picked))
    single = {"rodzaj": KINDS, "efaktura": YES_NO}
    for name, options in single.items():
        value = form.choice(name, [key for key, _word in options], required=False)
        if value:
            conditions.append(_is(SINGLE[name], [value]))
    customer_id = form.text("klient", required=False)
    if customer_id:
        conditions.extend(_customer(form, customer_id))
    grosze = form.money("zaleglosc", required=False)
    if grosze:
        conditions.append(
            pb.SegmentCondition(
                field=pb.SEGMENT_FIELD_ARREARS,
                operator=pb.SEGMENT_OPERATOR_ABOVE,
                amount=Money(grosze=grosze),
            )
        )
    if for_all:
        return (
            pb.Segment()
        )  # What stands at conditions was looked at all the same: nothing wrong passes unseen.
    if not conditions and form.ok:
        form.fail("odbiorcy", _("Choose at least one condition, or „all customers”."))
    return pb.Segment(conditions=conditions)


def _is(field: Any, values: list[str]) -> pb.SegmentCondition:
    return pb.SegmentCondition(field=field, operator=pb.SEGMENT_OPERATOR_IS, values=values)


def _customer(form: Form, text: str) -> list[pb.SegmentCondition]:
    try:
        return [_is(pb.SEGMENT_FIELD_CUSTOMER, [str(UUID(text))])]
    except ValueError:
        form.fail("klient", reasons.field_sentence("UNKNOWN"))
        return []
