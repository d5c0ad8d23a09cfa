"""What staff wrote in several languages, as the page's language has it; Polish where it has not.

{{ category.names|in_language }}          text
{{ page.bodies_html|html_in_language }}   HTML that notify has cleaned
"""

from collections.abc import Mapping

from markupsafe import Markup

from gateway.web.languages import DEFAULT_LANGUAGE, language


def in_language(texts: Mapping[str, str]) -> str:
    """The text of the page's language, else the Polish one; empty when nothing was written."""
    return texts.get(language()) or texts.get(DEFAULT_LANGUAGE, "")


def html_in_language(texts: Mapping[str, str]) -> Markup:
    """As `in_language`, for HTML: only for fields whose comment says that they were cleaned."""
    return Markup(in_language(texts))  # noqa: S704 - notify cleans what staff write (documents/markdown.py)
