"""The provider's own pages, as its people wrote them."""

from ebok.notify.v1 import pages_pb2
from flask import render_template

from gateway.portal import portal
from gateway.web.calls import as_gateway, clients


@portal.get("/strony/<slug>")
def page(slug: str) -> str:
    """A published page; anybody may read it."""
    found = as_gateway(clients().notify.pages.GetPage, pages_pb2.GetPageRequest(slug=slug)).page
    return render_template("portal/pages/page.html", page=found)
