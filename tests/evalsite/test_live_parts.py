"""Live parts in pieces: what a page shows already is not sent again, and no answer is large."""

import re
from collections.abc import Callable, Iterable

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory

from evalsite.live_parts import MOST_BYTES, LivePart, Piece, live_answer

TEMPLATE = Template("""{% load live %}{% live_part %}<section id="board"><ul>
{% for name, text in rows %}{% piece %}<li id="{{ name }}">{{ text }}</li>{% end_piece %}{% endfor %}
</ul></section>{% end_live_part %}""")
LARGE = "x" * (MOST_BYTES // 3)


def part_of(token: str = "", **rows: str) -> LivePart:
    """Return a part with these rows, as a template makes it."""
    found: list[LivePart] = []
    context = {"rows": rows.items(), "live_parts": found, "csrf_token": token}
    assert TEMPLATE.render(Context(context)) == ""
    return found[0]


def digests(part: LivePart, *names: str) -> frozenset[str]:
    """Return what a page names that shows a part, or some pieces of it only."""
    known = {piece.id: piece.digest for piece in part.pieces}
    return frozenset([part.digest, *(known[name] for name in names or known)])


def place(name: str) -> str:
    """Return what is sent for a row that the page has."""
    return f'<li id="{name}" hx-preserve></li>'


def test_part_is_shown_whole_with_its_digests() -> None:
    part = part_of(one="1", two="2")

    shown = TEMPLATE.render(Context({"rows": [("one", "1"), ("two", "2")]}))

    assert shown == part.whole()
    assert shown.startswith(f'<section id="board" data-digest="{part.digest}"><ul>')
    assert f'<li id="two" data-digest="{part.pieces[1].digest}">2</li>' in shown


def test_page_that_shows_all_is_told_nothing() -> None:
    part = part_of(one="1", two="2")

    assert part.news(digests(part)) is None


def test_only_what_changed_is_sent_and_the_rest_keeps_its_place() -> None:
    before, now = part_of(one="1", two="2", three="3"), part_of(three="3", one="1", two="new")

    news = now.news(digests(before))

    assert news is not None
    assert news.index(place("three")) < news.index(place("one")) < news.index(">new</li>")
    assert "data-live-more" not in news


def test_other_order_is_news_without_any_piece() -> None:
    before, now = part_of(one="1", two="2"), part_of(two="2", one="1")

    news = now.news(digests(before))

    assert news is not None
    assert news.index(place("two")) < news.index(place("one"))
    assert "data-digest" not in news.replace(f'data-digest="{now.digest}"', "")


def test_what_does_not_fit_comes_with_the_answers_that_follow() -> None:
    part = part_of(**dict.fromkeys(("a", "b", "c", "d"), LARGE))

    first = part.news(frozenset())
    second = part.news(digests(part, "a", "b"), "c")

    assert first is not None
    assert second is not None
    assert max(len(first.encode()), len(second.encode())) < 20_000
    assert 'data-live-more="c"' in first
    assert [first.count(LARGE), second.count(LARGE)] == [2, 2]
    assert "data-live-more" not in second


def test_answer_that_goes_on_leaves_what_changed_above_for_later() -> None:
    before, now = part_of(a="1", b="2", c="3"), part_of(a="new", b="2", c="3")

    assert 'data-live-more=""' in str(now.news(digests(before), "c"))
    assert ">new</li>" in str(now.news(digests(before)))


def test_piece_that_alone_is_too_large_is_sent() -> None:
    part = part_of(a="x" * 2 * MOST_BYTES, b="2")

    assert 'data-live-more="b"' in str(part.news(frozenset()))


def test_unknown_start_is_the_beginning() -> None:
    part = part_of(a="1", b="2")

    assert part.news(frozenset(), "gone") == part.whole()


@pytest.mark.parametrize("text", ["words", "<li>without an id</li>", " <li id='odd'></li>"])
def test_piece_is_an_element_with_an_id(text: str) -> None:
    with pytest.raises(ValueError, match="one element with an id"):
        Piece.of(text, "")


def test_text_of_a_person_is_no_attribute_of_ours() -> None:
    part = part_of(one=' id="board" <li id="two">')

    assert part.whole().count("data-digest") == 2
    assert part.whole().index("data-digest") < part.whole().index("<ul>")


def test_token_of_a_form_is_no_news() -> None:
    form = '<form id="a">{}<b></b></form>'
    token = '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'

    pieces = [Piece.of(form.format(token.format(mine)), mine) for mine in ("one", "two")]

    assert pieces[0].digest == pieces[1].digest


@pytest.fixture
def asked(rf: RequestFactory) -> Callable[..., HttpRequest]:
    def ask(shown: Iterable[str] | None = None) -> HttpRequest:
        names = {} if shown is None else {"HX-Request": "true", "Live-Shown": " ".join(shown)}
        return rf.get("/", headers=names)

    return ask


def test_who_reads_without_htmx_gets_all(asked: Callable[..., HttpRequest]) -> None:
    part = part_of(a=LARGE, b=LARGE, c=LARGE)

    assert live_answer(asked(), part).content.decode() == part.whole()


def test_nothing_new_is_an_answer_without_a_body(asked: Callable[..., HttpRequest]) -> None:
    part = part_of(a="1")

    same, other = live_answer(asked(digests(part)), part), live_answer(asked(["odd", ""]), part)

    assert (same.status_code, same.content) == (204, b"")
    assert (other.status_code, other.content.decode()) == (200, part.whole())


def test_piece_outside_of_a_part_is_plain() -> None:
    bare = Template('{% load live %}{% piece %}<li id="a">1</li>{% end_piece %}')

    assert bare.render(Context()) == '<li id="a">1</li>'


def test_rank_that_changes_is_told_without_the_row() -> None:
    row = Template(
        '{% load live %}{% live_part %}<ul id="all">{% for name, rank in rows %}{% piece %}'
        '<li id="{{ name }}"><b data-aside>{% aside %}{{ rank }}{% end_aside %}</b></li>'
        "{% end_piece %}{% endfor %}</ul>{% end_live_part %}"
    )
    found: list[LivePart] = []
    shown = row.render(Context({"rows": [("a", 1), ("b", 2)]}))
    row.render(Context({"rows": [("b", 1), ("a", 1)], "live_parts": found}))

    news = found[0].news(frozenset(re.findall(r'data-digest="([^"]+)"', shown)))

    assert "<b data-aside>2</b>" in shown
    assert news is not None
    assert 'data-asides="b:1 a:1"' in news
    assert f"{place('b')}{place('a')}</ul>" in news


def test_part_inside_another_is_shown_whole() -> None:
    inner = '{% live_part %}<b id="in">{% piece %}<i id="deep">1</i>{% end_piece %}</b>{% end_live_part %}'
    outer = f'{{% load live %}}{{% live_part %}}<p id="out">{inner}</p>{{% end_live_part %}}'
    found: list[LivePart] = []

    Template(outer).render(Context({"live_parts": found}))

    assert len(found) == 1
    assert found[0].pieces == ()
    assert '<i id="deep"' in found[0].whole()
