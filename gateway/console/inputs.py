"""Reading what addresses and forms of the console give, beyond what `gateway.web.forms` reads."""

from collections.abc import Mapping
from uuid import UUID

from chassis.errors import NotFound, PermissionDenied, Refusal, Unauthenticated
from gateway.web import reasons
from gateway.web.forms import Form


def id_of(form: Form, name: str) -> str:
    """An id from the address, empty when there is none; anything else is marked and left out."""
    value = form.text(name, required=False)
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        form.fail(name, reasons.field_sentence("UNKNOWN"))
        return ""


def refuse_at(form: Form, refusal: Refusal, places: Mapping[str, str], *, fields: Mapping[str, str]) -> None:
    """Take over a refusal: a reason that belongs to one field is said there, the rest as forms do it.

    What is wrong with the person or the address, not with what was typed, becomes an error page.
    """
    if isinstance(refusal, PermissionDenied | NotFound | Unauthenticated):
        raise refusal
    place = places.get(refusal.reason)
    if place:
        form.fail(place, reasons.sentence(refusal))
    else:
        form.refuse(refusal, fields=fields)
