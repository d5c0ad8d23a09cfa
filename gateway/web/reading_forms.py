"""A reading being typed, by a customer or by a clerk: what the meter's window shows, the question above the usual.

Above three times the usual the service asks back. The page then shows a box to tick; it stands for the value and the
day that were asked about, so that another value is asked about anew.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from ebok.billing.v1 import readings_pb2

from chassis.errors import NotFound, PermissionDenied, Refusal, Unauthenticated
from gateway.web import reasons
from gateway.web.amounts import decimal_of, digits_grouped, quantity
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.languages import ngettext

CONFIRM = "unusual_confirmed"
UNUSUAL = "READING_UNUSUAL"

reasons.say(
    {
        "METER_NOT_FOUND": _l("We cannot find this meter. It may belong to another account."),
        "METER_REMOTE": _l("This meter sends its readings by itself."),
        "READING_WINDOW_CLOSED": _l("We are not taking readings of this meter now."),
        "READING_NOT_FOUND": _l("We cannot find this reading. It may belong to another account."),
        "PHOTO_NOT_FOUND": _l("There is no photo of this reading, or it is no longer kept."),
        "ALREADY_READ": _l("We have a reading of our own of this day."),
        "READING_BILLED": _l("An invoice stands on this reading, so it can no longer be changed."),
        UNUSUAL: _l("This is more than three times the usual use."),
        "UNUSUAL": _l("More than three times the usual use"),
    }
)
reasons.say_fields(
    {
        "BEFORE_WINDOW": _l("We take readings of this meter from a later day only."),
        "OUTSIDE_CONTRACT": _l("The contract does not hold on this day."),
        "ABOVE_NEXT": _l("A later reading is lower than this."),
    }
)


def intention(value: Decimal, read_on: date) -> str:
    """What a tick stands for."""
    return f"{value.normalize():f}@{read_on.isoformat()}"


def is_confirmed(form: Form, value: Decimal, read_on: date) -> bool:
    """Whether just this was asked about and confirmed."""
    return form.value(CONFIRM) == intention(value, read_on)


def refuse_reading(
    form: Form,
    refusal: Refusal,
    one: readings_pb2.ReadableMeter | None,
    value: str,
    *,
    fields: Mapping[str, str],
) -> None:
    """Take over a refusal: the question to its box, a value below the last one with that one beside it.

    `fields`: the names that the form has for those of the message.
    """
    if isinstance(refusal, PermissionDenied | NotFound | Unauthenticated):
        raise refusal
    if refusal.reason == UNUSUAL:
        form.fail(CONFIRM, _unusual_sentence(refusal))
        return
    said = {fault.reason for fault in refusal.violations}
    if "TOO_PRECISE" in said:
        form.fail(fields.get("value", "value"), _("At most three decimal places."))
    previous = decimal_of(one.previous.value) if one is not None else None
    if "BELOW_PREVIOUS" in said and one is not None and previous is not None and Decimal(value) < previous:
        form.fail(fields.get("value", "value"), _lower_sentence(one, Decimal(value), previous))
    form.refuse(refusal, fields=fields)


def _lower_sentence(one: readings_pb2.ReadableMeter, value: Decimal, previous: Decimal) -> str:
    """Who copied the black digits, as asked, of a meter that has hardly moved is told to add the red ones."""
    last = quantity(one.previous.value, one.meter.unit)
    if value == previous.to_integral_value(ROUND_FLOOR):
        return _(
            "The black digits are those of the last reading, %(previous)s. Add the red ones, after a comma.",
            previous=last,
        )
    return _(
        "%(value)s is lower than the last reading, %(previous)s. Check that it is the meter no. %(number)s.",
        value=quantity(format(value, "f")),
        previous=last,
        number=digits_grouped(one.meter.serial_number),
    )


def _unusual_sentence(refusal: Refusal) -> str:
    facts = refusal.metadata
    unit, days = facts.get("unit", ""), int(facts.get("days", "0"))
    return ngettext(
        "This is %(used)s in %(num)d day; usually it is about %(usual)s. Look at the digits once more.",
        "This is %(used)s in %(num)d days; usually it is about %(usual)s. Look at the digits once more.",
        days,
        used=quantity(facts.get("used"), unit),
        usual=quantity(facts.get("usual"), unit, places=1),
    )


def window_digits(one: readings_pb2.ReadableMeter) -> tuple[str, str]:
    """What the window of a meter showed last: `00038` in black and `412` in red."""
    value = decimal_of(one.previous.value) or Decimal(0)
    whole, _point, fraction = format(value, ".3f").partition(".")
    return whole.zfill(one.meter.digits), fraction
