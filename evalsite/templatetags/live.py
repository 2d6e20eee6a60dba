"""Marking live parts in templates, and the pieces of which they consist (evalsite/live_parts.py)."""

from django import template
from django.template import Context, Node, NodeList
from django.template.base import Parser, Token
from django.utils.safestring import SafeString, mark_safe

from evalsite.live_parts import ASIDE, MARK, LivePart, Piece

register = template.Library()


class LivePartNode(Node):
    """A live part: shown whole, as it is inside another one, or handed to who cuts it (`live_parts` in the context)."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Return the part with all its pieces; "" where it is handed on."""
        pieces: list[Piece] = []
        with context.push(live_pieces=pieces):
            text = self.nodelist.render(context)
        part = LivePart.of(text, pieces, _token(context, text))
        found: list[LivePart] | None = context.get("live_parts")
        if found is None or "live_pieces" in context:
            return mark_safe(part.whole())  # noqa: S308 - made by a template
        found.append(part)
        return mark_safe("")


class PieceNode(Node):
    """One piece of a live part; elsewhere plain text."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Return the mark of the piece, which is noted for the part around it."""
        text = self.nodelist.render(context)
        pieces: list[Piece] | None = context.get("live_pieces")
        if pieces is None:
            return text
        pieces.append(Piece.of(text, _token(context, text)))
        return mark_safe(MARK)  # noqa: S308 - letters and digits


class AsideNode(Node):
    """A word in a piece that is no change of it; elsewhere plain text."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Return the word, marked for the piece around it."""
        text = self.nodelist.render(context)
        return mark_safe(f"{ASIDE}{text}{ASIDE}") if "live_pieces" in context else text  # noqa: S308 - escaped by now


@register.tag
def live_part(parser: Parser, _token: Token) -> LivePartNode:
    """Mark a live part: one element with an id, and what is swapped together with it."""
    return LivePartNode(_until(parser, "end_live_part"))


@register.tag
def piece(parser: Parser, _token: Token) -> PieceNode:
    """Mark a piece: one element with an id, which stands in no other piece."""
    return PieceNode(_until(parser, "end_piece"))


@register.tag
def aside(parser: Parser, _token: Token) -> AsideNode:
    """Mark a word of a piece that changes with others, all that an element with `data-aside` holds; one of a piece."""
    return AsideNode(_until(parser, "end_aside"))


def _until(parser: Parser, end: str) -> NodeList:
    nodelist = parser.parse((end,))
    parser.delete_first_token()
    return nodelist


def _token(context: Context, text: str) -> str:
    """Return the token that the forms of a text bear, which differs each time; "" where there are none."""
    return str(context.get("csrf_token", "")) if "csrfmiddlewaretoken" in text else ""
