"""Markdown that people and models wrote, as HTML that is safe to show: parsed without HTML, then sanitized."""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

MOST = 20_000
"""Characters that are rendered; what is longer is shown as it is."""
LEVELS_DOWN = 2
"""A page has a heading of its own: what Markdown calls level 1 is level 3 there."""
LOWEST = 6
TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}

ABSOLUTE = ("http://", "https://", "mailto:")
"""What the address of a link begins with: a relative one would lead into the site."""

_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def as_html(text: str) -> str:
    """Return Markdown as HTML of few tags, without images, scripts, styles and ids; "" for what is too long."""
    if len(text) > MOST:
        return ""
    tokens = _PARSER.parse(text)
    for token in tokens:
        _lower(token)
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def _kept(_tag: str, name: str, value: str) -> str | None:
    return None if name == "href" and not value.lower().startswith(ABSOLUTE) else value


def _lower(token: Token) -> None:
    """Set a heading below those of the page."""
    if token.type.startswith("heading"):
        token.tag = f"h{min(LOWEST, int(token.tag[1:]) + LEVELS_DOWN)}"
