"""What every page of the gateway has in common. `init_web(app, …)` is called once, before the blueprints.

init_web(app, settings=settings.current, preferences=sessions.preferences, login=sessions.login_url,
clock=clock)
"""

from collections.abc import Callable, Iterable

from ebok.identity.v1.settings_pb2 import Settings
from flask import Flask

from chassis.clock import Clock, SystemClock
from gateway.web.assets import init_assets
from gateway.web.brand import init_brand, provider
from gateway.web.catalogues import compile_catalogues
from gateway.web.chart_drawing import chart_key, draw_chart, draw_year, draw_year_table
from gateway.web.chart_words import in_month
from gateway.web.chips import paid_chip
from gateway.web.consent_words import init_consent_words
from gateway.web.csrf import init_csrf
from gateway.web.days import CLOCK_EXTENSION
from gateway.web.errors import init_errors
from gateway.web.filters import init_filters
from gateway.web.fragments import init_fragments
from gateway.web.headers import init_headers
from gateway.web.languages import LANGUAGES, Preferences, init_languages, language, look
from gateway.web.navigation import init_navigation
from gateway.web.notices import pending
from gateway.web.once import init_once
from gateway.web.paging import init_paging
from gateway.web.qr import qr_svg
from gateway.web.uploads import init_uploads

__all__ = ["Preferences", "init_web"]


def _no_preferences() -> Preferences:
    return Preferences()


def _no_login(_path: str) -> str:
    return ""


def _offered() -> Iterable[str]:
    return list(provider().languages) or LANGUAGES


def init_web(
    app: Flask,
    *,
    settings: Callable[[], Settings],
    preferences: Callable[[], Preferences] = _no_preferences,
    login: Callable[[str], str] = _no_login,
    clock: Clock | None = None,
) -> None:
    """Set up filters, languages, static files, headers, form protection and error pages.

    `settings()` answers the provider (keep it cached), `preferences()` what the person has saved,
    `login(path)` the address of the login page that belongs to a path. `app.secret_key` must be set; it
    signs notices and form tokens.
    """
    compile_catalogues()
    app.extensions[CLOCK_EXTENSION] = clock or SystemClock()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_once(app)
    init_fragments(app)
    init_brand(app, settings)
    init_languages(app, preferences, _offered)
    init_filters(app)
    init_consent_words(app)
    init_assets(app)
    init_paging(app)
    init_navigation(app)
    init_errors(app, login)
    init_uploads(app)
    init_csrf(app)
    init_headers(app)
    app.jinja_env.globals.update(
        language=language,
        look=look,
        languages_by_code=LANGUAGES,
        offered_languages=_offered,
        pending_notices=pending,
        in_month=in_month,
        chart_key=chart_key,
        draw_chart=draw_chart,
        draw_year=draw_year,
        draw_year_table=draw_year_table,
        paid_chip=paid_chip,
        qr=qr_svg,
    )
