"""Bezpieczeństwo of the provider's people: the pages that customers have; a colleague helps who lost app and codes."""

from uuid import UUID

from ebok.identity.v1 import staff_pb2
from flask import redirect, url_for
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.console import console
from gateway.web import notices, security
from gateway.web.calls import call, clients
from gateway.web.errors import lead_to_step_up
from gateway.web.forms import STEP_UP_REQUIRED
from gateway.web.languages import gettext as _

security.add_views(console)


@console.post("/pracownicy/<uuid:staff_id>/aplikacja")
def reset_factor(staff_id: UUID) -> Response:
    """A colleague has lost app and codes: at the next log-in they set an app up."""
    back = url_for("console.colleague", staff_id=staff_id)
    try:
        call(clients().identity.staff.ResetFactor, staff_pb2.ResetFactorRequest(staff_id=str(staff_id)))
    except Refusal as refusal:
        if refusal.reason == STEP_UP_REQUIRED:
            return lead_to_step_up(back)
        raise
    notices.ok(
        _("The app and the recovery codes are taken away."), _("At the next log-in a new app is set up.")
    )
    return redirect(back, code=303)
