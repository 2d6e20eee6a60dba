"""Markdown: what is rendered, and what hostile texts come to."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsite.markdown import ATTRIBUTES, MOST, TAGS, as_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x09;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "![x](https://example.test/pixel.png)",
    '[x](https://example.test "onmouseover=alert(1)")',
    '[x](https://example.test/" onmouseover="alert(1))',
    "<a href='javascript:alert(1)'>x</a>",
    '<https://example.test/?" onclick=alert(1)>',
    "<style>body{display:none}</style>",
    "<form action=//example.test><input name=password>",
    "<math><mtext></p><style><!--</style><img title='--><img src onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "| a |\n|:-:|\n| <script>x</script> |",
    "```<script>\nx\n```",
    "# <h1 id=x onclick=y>",
    "[a]: javascript:alert(1)\n\n[a]",
]


class Seen(HTMLParser):
    """Collects tags and attributes as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update((tag, name, value or "") for name, value in attrs)


def is_allowed(tag: str, name: str, value: str) -> bool:
    if name == "rel":
        return tag == "a"
    if name == "href":
        return re.match(r"https?://|mailto:", value, re.IGNORECASE) is not None
    return name in ATTRIBUTES.get(tag, set())


def stray(html: str) -> list[object]:
    """Return the tags and attributes that must not be there."""
    seen = Seen(html)
    return [*seen.tags.difference(TAGS), *(one for one in seen.attributes if not is_allowed(*one))]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    assert stray(as_html(text)) == []


@given(st.text(alphabet="<>\"'`[]()!#*_-|:&;=/ \n\tajscriptonclickhref\0", max_size=200))
def test_no_text_brings_other_tags_or_attributes(text: str) -> None:
    assert stray(as_html(text)) == []


def test_markdown_is_rendered_below_the_headings_of_the_page() -> None:
    html = as_html("# One\n\n**bold** `code` ~~gone~~\n\n- a\n\n[site](https://example.test)\n\n|h|\n|-|\n|c|")

    assert "<h3>One</h3>" in html
    assert "<strong>bold</strong> <code>code</code> <s>gone</s>" in html
    assert '<a href="https://example.test" rel="noopener noreferrer nofollow">site</a>' in html
    assert "<td>c</td>" in html


def test_text_that_is_too_long_is_not_rendered() -> None:
    assert as_html("x" * (MOST + 1)) == ""


@pytest.mark.parametrize("text", [">" * MOST, "- " * (MOST // 2), "[" * MOST, "*" * MOST, "`" * MOST, "|" * MOST])
def test_text_made_to_be_slow_comes_to_an_end(text: str) -> None:
    assert stray(as_html(text)) == []
