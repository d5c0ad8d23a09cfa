"""Which language and which look a page has: the person's saved choice, else the cookie, else what the
browser asks for.

The cookie holds a choice made before login (or by somebody without a profile); it names a language or a
look and nothing else. A page that changes the profile calls `remember` as well, so that the choice outlives
the session.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, has_request_context, redirect, request
from flask_babel import Babel, LazyString, get_translations, refresh
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import NotFound
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as BaseResponse

from gateway.web.once import forget, once_a_request

LANGUAGES = {"pl": "Polski", "en": "English", "uk": "Українська"}
LOOKS = ("auto", "light", "dark")
DEFAULT_LANGUAGE = "pl"
LANGUAGE_COOKIE = "ebok_language"
LOOK_COOKIE = "ebok_look"
TEXTS_MAX = 8_000  # Of templates, in three languages.
CHOICES_MAX = 2_000  # Browsers send a few hundred different lists of languages.
ACCEPTED_LENGTH_MAX = 200
COOKIE_AGE_S = 365 * 24 * 3600
PREFERENCES_EXTENSION = "ebok_preferences"
OFFERED_EXTENSION = "ebok_languages_offered"


@dataclass(frozen=True)
class Preferences:
    """What a logged-in person has saved; empty means not chosen."""

    language: str = ""
    look: str = ""


@once_a_request
def language() -> str:
    """The language of the page being made: pl, en or uk."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    offered: Callable[[], Iterable[str]] = current_app.extensions[OFFERED_EXTENSION]
    header = request.headers.get("Accept-Language", "")[:ACCEPTED_LENGTH_MAX]
    cookie = request.cookies.get(LANGUAGE_COOKIE, "")
    return _chosen(_preferences().language, cookie, header, tuple(offered()))


@once_a_request
def _catalogue() -> Any:
    return _catalogue_of(language()) if has_request_context() else get_translations()


@cache
def _catalogue_of(_code: str) -> Any:
    return get_translations()  # Of the request's language, which this is.


def gettext(text: str, **values: Any) -> str:
    """A text in the language of the page, `%(name)s` filled in. As Flask-Babel's, with the catalogue at hand."""
    words: str = _catalogue().ugettext(text)
    return words % values if values else words


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """The form of a text that goes with a number, which is `%(num)d` in it."""
    words: str = _catalogue().ungettext(one, many, count)
    return words % {"num": count, **values}


def lazy_gettext(text: str, **values: Any) -> LazyString:
    """A text that is looked up when it is printed: for what is defined before there is a request."""
    return LazyString(gettext, text, **values)


@lru_cache(maxsize=CHOICES_MAX)
def _chosen(saved: str, cookie: str, header: str, offered: tuple[str, ...]) -> str:
    accepted = parse_accept_header(header, LanguageAccept)
    return choose_language(saved, cookie, accepted.values(), offered)


def choose_language(
    saved: str, cookie: str, accepted: Iterable[str], offered: Iterable[str] = LANGUAGES
) -> str:
    """The first of profile, cookie and the browser's list that is offered; the provider's first language otherwise."""
    choices = [code for code in offered if code in LANGUAGES] or [DEFAULT_LANGUAGE]
    for wish in (saved, cookie, *(code.split("-")[0].lower() for code in accepted)):
        if wish in choices:
            return wish
    return choices[0]


def look() -> str:
    """The look of the page being made: auto, light or dark."""
    saved = _preferences().look
    # "As the system" is what a profile holds when nobody chose, so it gives way to this browser's choice.
    wish = saved if saved in LOOKS[1:] else request.cookies.get(LOOK_COOKIE, "")
    return wish if wish in LOOKS else LOOKS[0]


def remember(response: BaseResponse, *, language: str = "", look: str = "") -> None:
    """Keep a choice in the browser; what is not one of ours is ignored."""
    for name, value, known in ((LANGUAGE_COOKIE, language, LANGUAGES), (LOOK_COOKIE, look, LOOKS)):
        if value in known:
            response.set_cookie(
                name, value, max_age=COOKIE_AGE_S, secure=request.is_secure, httponly=True, samesite="Lax"
            )


def local_path(wish: str | None, *, otherwise: str = "/") -> str:
    """A path of this site, never another host's: what a `next=` parameter may lead to."""
    if not wish or not wish.startswith("/") or wish.startswith("//") or "\\" in wish:
        return otherwise
    if any(ord(character) < 32 for character in wish):
        return otherwise
    parts = urlsplit(wish)
    return otherwise if parts.scheme or parts.netloc else wish


@once_a_request
def _preferences() -> Preferences:
    ask: Callable[[], Preferences] = current_app.extensions[PREFERENCES_EXTENSION]
    return ask()


def forget_preferences() -> None:
    """After login, logout or a change of profile within a request: ask again."""
    refresh()
    forget(_preferences, language, _catalogue)


def _choose_language_view(code: str) -> BaseResponse:
    if code not in LANGUAGES:
        raise NotFound
    response = redirect(local_path(request.args.get("next")), code=303)
    remember(response, language=code)
    return response


def _choose_look_view(look: str) -> BaseResponse:
    if look not in LOOKS:
        raise NotFound
    response = redirect(local_path(request.args.get("next")), code=303)
    remember(response, look=look)
    return response


def _tell_language(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = language()
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def init_languages(
    app: Flask, preferences: Callable[[], Preferences], offered: Callable[[], Iterable[str]]
) -> None:
    """Set up Flask-Babel, the two choice routes and the header that tells the language."""
    app.extensions.update({PREFERENCES_EXTENSION: preferences, OFFERED_EXTENSION: offered})
    Babel(app, default_locale=DEFAULT_LANGUAGE, locale_selector=language, default_timezone="Europe/Warsaw")
    app.add_url_rule("/jezyk/<code>", "web.language", _choose_language_view, methods=["GET"])
    app.add_url_rule("/wyglad/<look>", "web.look", _choose_look_view, methods=["GET"])
    app.after_request(_tell_language)
    _install(app)


def _install(app: Flask) -> None:
    """Texts in templates. A page prints dozens, most of them without values: those are made markup once."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, count: _catalogue().ungettext(one, many, count),
        pgettext=lambda context, text: _catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, count: _catalogue().unpgettext(context, one, many, count),
        newstyle=True,
    )
    app.jinja_env.globals.update(_=_text, gettext=_text)


def _text(text: str, /, **values: Any) -> Markup:
    """As Jinja's own `gettext`: the text is markup, the values are escaped, `%%` is a percent sign."""
    if values:
        return Markup(_catalogue().ugettext(text)) % values  # noqa: S704 - texts are ours
    return _plain_text(_catalogue(), text)


@lru_cache(maxsize=TEXTS_MAX)
def _plain_text(catalogue: Any, text: str) -> Markup:
    return Markup(catalogue.ugettext(text)) % ()  # noqa: S704 - texts are ours
