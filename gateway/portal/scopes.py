"""What the grant of the selected customer lets somebody do; the services decide, pages only show what can be done."""

from ebok.identity.v1 import grants_pb2
from flask_babel import LazyString

from gateway.portal import portal
from gateway.web.languages import lazy_gettext as _l
from gateway.web.sessions import person

SCOPES: dict[str, tuple["grants_pb2.Scope", LazyString, LazyString]] = {
    "podglad": (grants_pb2.SCOPE_VIEW, _l("look only"), _l("balance, invoices, use, documents")),
    "platnosci": (grants_pb2.SCOPE_PAY, _l("look and pay"), _l("all that, and pay")),
    "wszystko": (
        grants_pb2.SCOPE_MANAGE,
        _l("look, pay and settle matters"),
        _l("all that, and hand in readings, open cases, change contact data and consents"),
    ),
}


def may_manage() -> bool:
    """Whether something of the selected customer can be changed."""
    grant = person().grant
    return grant is not None and grant.scope == grants_pb2.SCOPE_MANAGE


def is_owner() -> bool:
    """Whether the selected customer is held by proof: then others are let in from here."""
    grant = person().grant
    return grant is not None and grant.origin == grants_pb2.GRANT_ORIGIN_PROOF


@portal.app_template_filter()
def scope_sentence(scope: int) -> str:
    """How far a grant goes."""
    return next((str(words) for number, words, _more in SCOPES.values() if number == scope), "–")
