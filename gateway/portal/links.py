"""Mailed links: opening one shows a button, pressing it uses the link. Mail programs that open links change nothing."""

from typing import Any

from flask import request

from chassis.errors import Refusal
from gateway.web.calls import as_gateway
from gateway.web.forms import Form

TOKEN_LENGTH_MAX = 100


def link_form() -> Form:
    """A form that carries the token of the link that was opened."""
    return Form.of_request(initial={"token": request.args.get("token", "")[:TOKEN_LENGTH_MAX]})


def use_link(method: Any, request_class: Any) -> tuple[Form, Any]:
    """The form, and what the service answered to its token; None before the button is pressed and when it refuses."""
    form = link_form()
    if form.sent:
        token = form.text("token", length_max=TOKEN_LENGTH_MAX)
        if form.ok:
            try:
                return form, as_gateway(method, request_class(token=token))
            except Refusal as refusal:
                form.refuse(refusal)
    return form, None
