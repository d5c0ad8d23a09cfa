"""The provider on every page: its name, telephone and one colour, from identity's settings.

`/brand.css` carries the colour and, for browsers without relative colours, the same roles reckoned here.
`/favicon.svg` is the mark in that colour. When identity is away, pages keep the settings last seen.
"""

from collections.abc import Callable
from typing import Any

from ebok.identity.v1.settings_pb2 import Settings
from flask import Flask, Response, current_app, request

from chassis.errors import Refusal
from gateway.web import colours
from gateway.web.once import once_a_request
from gateway.web.paging import address

DEFAULT_COLOUR = "#0068b8"
SETTINGS_EXTENSION = "ebok_settings"
SEEN_EXTENSION = "ebok_settings_seen"
BRAND_AGE_S = 365 * 24 * 3600

MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">'
    '<rect width="36" height="36" rx="11" fill="{accent}"/><g fill="none" stroke="#fff">'
    '<path d="M18 7c4.6 5.2 7 8.9 7 12.2a7 7 0 0 1-14 0C11 15.9 13.4 12.2 18 7Z" '
    'stroke-width="2.4" stroke-linejoin="round"/>'
    '<path d="M14.5 20.5c1.2-1 2.3-1 3.5 0s2.3 1 3.5 0" stroke-width="2.2" stroke-linecap="round"/></g></svg>'
)


@once_a_request
def provider() -> Settings:
    """The provider's settings for this request; the last ones seen when they cannot be had."""
    ask: Callable[[], Settings] = current_app.extensions[SETTINGS_EXTENSION]
    try:
        settings = current_app.extensions[SEEN_EXTENSION] = ask()
    except Refusal as refusal:
        current_app.logger.warning("settings are away, showing the last ones: %s", refusal.reason)
        settings = current_app.extensions.get(SEEN_EXTENSION, Settings(provider_name="eBOK"))
    return settings


def brand_colour() -> str:
    """The provider's colour, or ours when theirs is none."""
    colour = provider().brand_colour
    return colour if colours.is_colour(colour) else DEFAULT_COLOUR


def brand_css(colour: str) -> str:
    """The style sheet of one colour."""
    return (
        f":root{{--provider:{colour}}}\n"
        "@supports not (color:oklch(from red l c h)){\n"
        f':root,[data-bs-theme="light"]{{{_declarations(colours.roles(colour))}}}\n'
        f'[data-bs-theme="dark"]{{{_declarations(colours.roles(colour, dark=True))}}}\n'
        "}\n"
    )


def _declarations(palette: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in palette.items())


def brand_url() -> str:
    """The address of the style sheet; it names the colour, so it may be kept for ever."""
    return f"{address('web.brand')}?c={brand_colour()[1:]}"


def mark_url() -> str:
    """The address of the favicon; it names the colour, so it may be kept for ever."""
    return f"{address('web.favicon')}?c={brand_colour()[1:]}"


def _brand_view() -> Response:
    return _kept(Response(brand_css(brand_colour()), mimetype="text/css"))


def _favicon_view() -> Response:
    accent = colours.roles(brand_colour())["accent"]
    return _kept(Response(MARK.format(accent=accent), mimetype="image/svg+xml"))


def _kept(response: Response) -> Response:
    # An address that names another colour than today's is an old page's: it is answered, and not kept.
    current = request.args.get("c") == brand_colour()[1:]
    response.headers["Cache-Control"] = f"public, max-age={BRAND_AGE_S if current else 0}"
    return response


def init_brand(app: Flask, settings: Callable[[], Settings]) -> None:
    """Register the source of the settings, the two addresses and what templates use of them."""
    app.extensions[SETTINGS_EXTENSION] = settings
    app.add_url_rule("/brand.css", "web.brand", _brand_view, methods=["GET"])
    app.add_url_rule("/favicon.svg", "web.favicon", _favicon_view, methods=["GET"])
    app.add_url_rule("/favicon.ico", "web.favicon_ico", _favicon_view, methods=["GET"])
    globals_: dict[str, Any] = {"brand_url": brand_url, "mark_url": mark_url, "provider_settings": provider}
    app.jinja_env.globals.update(globals_)
