"""Pages of running text: help, accessibility, privacy. Each language has its own file."""

from flask import render_template

from gateway.portal import portal
from gateway.web.languages import gettext as _
from gateway.web.languages import language


@portal.get("/pomoc")
def help() -> str:
    """Answers to what people ask at the counter."""
    return _text("help", _("Help"))


@portal.get("/dostepnosc")
def accessibility() -> str:
    """The statement of accessibility."""
    return _text("accessibility", _("Accessibility statement"))


@portal.get("/prywatnosc")
def privacy() -> str:
    """Which data are kept, why, how long, and what one may ask for."""
    return _text("privacy", _("Privacy"))


def _text(name: str, title: str) -> str:
    return render_template(
        "portal/texts/page.html", title=title, text=f"portal/texts/{name}.{language()}.html"
    )
