"""Consents in words, for customers and staff."""

from ebok.identity.v1 import consents_pb2 as pb
from flask import Flask
from flask_babel import LazyString

from gateway.web.languages import language
from gateway.web.languages import lazy_gettext as _l

KINDS: dict[int, LazyString] = {
    pb.CONSENT_KIND_E_INVOICE: _l("E-invoice"),
    pb.CONSENT_KIND_MARKETING_EMAIL: _l("Offers by e-mail"),
    pb.CONSENT_KIND_MARKETING_SMS: _l("Offers by SMS"),
    pb.CONSENT_KIND_MARKETING_PHONE: _l("Offers by telephone"),
}
CHANNELS: dict[int, LazyString] = {
    pb.CONSENT_CHANNEL_PORTAL: _l("in the portal"),
    pb.CONSENT_CHANNEL_PAPER: _l("on paper"),
    pb.CONSENT_CHANNEL_DESK: _l("at the desk"),
    pb.CONSENT_CHANNEL_PHONE: _l("on the telephone"),
    pb.CONSENT_CHANNEL_LINK: _l("by the link of a message"),
}


def consent_kind(kind: int) -> str:
    """What a consent is about."""
    return str(KINDS.get(kind, "–"))


def consent_channel(channel: int) -> str:
    """By which way it was said."""
    return str(CHANNELS.get(channel, "–"))


def consent_text(texts: dict[str, str]) -> str:
    """The text in the language of the page."""
    return texts.get(language()) or texts["pl"]


def init_consent_words(app: Flask) -> None:
    """Filters for templates."""
    for function in (consent_kind, consent_channel, consent_text):
        app.jinja_env.filters[function.__name__] = function
