"""Markdown of the staff as HTML that does no harm: no HTML of their own, no pictures, no scripts, known schemes."""

from collections.abc import Mapping
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h2", "h3", "h4", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
SCHEMES = {"http", "https", "mailto", "tel"}
REMEMBERED = 512

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=REMEMBERED)
def render_markdown(text: str) -> str:
    """The HTML of a text; its first heading stands below the page's own.

    What the parser lets pass goes through the cleaner once more: either alone would do, and neither is trusted alone.
    """
    tokens = _parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 4)}"
    html = _parser.renderer.render(tokens, _parser.options, {})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    ).strip()


def render_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The HTML of texts by language."""
    return {language: render_markdown(text) for language, text in texts.items()}
