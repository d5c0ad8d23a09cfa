"""What staff wrote in several languages, as the page's language has it; Polish where it has not.

{{ category.names|in_language }}          text, for attributes, options and titles
{{ category.names|said }}                 the same in the page's text: words that are Polish on another page say so
{{ state.names|said("uncapital") }}       with a small first letter; `said("lower")` all of it
{{ page.bodies_html|html_in_language }}   HTML that notify has cleaned
"""

from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from gateway.web.languages import DEFAULT_LANGUAGE, language
from gateway.web.typography import bind_spaces


def in_language(texts: Mapping[str, str]) -> str:
    """The text of the page's language, else the Polish one; empty when nothing was written."""
    return texts.get(language()) or texts.get(DEFAULT_LANGUAGE, "")


def said(texts: Mapping[str, str], letters: str = "") -> Markup:
    """As `in_language`, with spaces bound; marked as Polish where the page is not."""
    words = escape(bind_spaces(LETTERS[letters](in_language(texts)), _language_of(texts)))
    return Markup('<span lang="{}">{}</span>').format(DEFAULT_LANGUAGE, words) if falls_back(texts) else words


def html_in_language(texts: Mapping[str, str]) -> Markup:
    """As `in_language`, for HTML: only for fields whose comment says that they were cleaned. Marked as `said` does."""
    words = Markup(in_language(texts))  # noqa: S704 - notify cleans what staff write (documents/markdown.py)
    return Markup('<div lang="{}">{}</div>').format(DEFAULT_LANGUAGE, words) if falls_back(texts) else words


def falls_back(texts: Mapping[str, str]) -> bool:
    """Whether the page's language has no text of its own, so that the Polish one is shown."""
    return language() != DEFAULT_LANGUAGE and not texts.get(language()) and bool(texts.get(DEFAULT_LANGUAGE))


def uncapital(text: object) -> str:
    """The first letter small."""
    plain = str(text)
    return plain[:1].lower() + plain[1:]


def _language_of(texts: Mapping[str, str]) -> str:
    return DEFAULT_LANGUAGE if falls_back(texts) else language()


LETTERS: Mapping[str, Callable[[str], str]] = {"": str, "uncapital": uncapital, "lower": str.lower}
