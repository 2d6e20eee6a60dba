"""How numbers, times and names are written on pages: one format each. None, NaN and infinity are written as a dash."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.dateformat import format as format_date
from django.utils.timezone import now

from experiments.wording import MINUS, THOUSAND, dollars

register = template.Library()

Number = int | float | Decimal | None

DASH = "—"
ELLIPSIS = "…"
SIGNIFICANT = 4


def _is_known(value: Number) -> bool:
    """Return whether there is a number: templates give "" for a part of what is None."""
    return value not in (None, "") and math.isfinite(float(value or 0))


def _with_minus(text: str) -> str:
    is_zero = not any(digit in text for digit in "123456789")
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


@register.filter
def score(value: Number, decimals: int = 1) -> str:
    """Return a score of 0..1 out of 100: 84.2."""
    return _with_minus(f"{float(value or 0) * 100:.{decimals}f}") if _is_known(value) else DASH


@register.filter
def points(value: Number) -> str:
    """Return a difference of two scores of 0..1 in points, with its sign: +3.4, −0.8, 0.0."""
    if not _is_known(value):
        return DASH
    text = _with_minus(f"{float(value or 0) * 100:+.1f}")
    return "0.0" if text == "+0.0" else text


@register.filter
def p_value(value: Number) -> str:
    """Return a p-value: 0.25, 0.031, below 0.001."""
    if not _is_known(value):
        return DASH
    share = float(value or 0)
    return "below 0.001" if share < 0.001 else f"{share:.2g}"


@register.filter
def number(value: Number, decimals: int | None = None) -> str:
    """Return a value of any other range with at most four significant digits: 3.5, 0.0127, 12,480.

    With `decimals` it has so many, as all in its column.
    """
    if not _is_known(value):
        return DASH
    amount = float(value or 0)
    if isinstance(decimals, int):
        return _with_minus(f"{amount:,.{decimals}f}")
    if abs(amount) >= THOUSAND:
        return _with_minus(f"{amount:,.0f}")
    return _with_minus(f"{Decimal(f'{amount:.{SIGNIFICANT}g}'):f}")


def column_decimals(values: Iterable[Number]) -> int | None:
    """Return the decimals for all numbers of a column: three significant digits of the largest; None: no number."""
    known = [float(value or 0) for value in values if _is_known(value)]
    if not known:
        return None
    largest = max(map(abs, known))
    most = SIGNIFICANT - 2 - (math.floor(math.log10(largest)) if largest else 0)
    return max(0, min(most, max(map(_decimals, known))))


def _decimals(amount: float) -> int:
    """Return how many decimals a number has with four significant digits."""
    exponent = Decimal(f"{amount:.{SIGNIFICANT}g}").normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@register.filter
def count(value: Number) -> str:
    """Return a count with its thousands parted: 12,480."""
    return _with_minus(f"{int(value or 0):,}") if _is_known(value) else DASH


@register.filter
def share(value: Number) -> str:
    """Return a share of 0..1 in whole per cent: 43 %. Only nothing is 0 %, only everything is 100 %."""
    if not _is_known(value):
        return DASH
    percent = float(value or 0) * 100
    if 0 < percent < 1:
        return "<1 %"
    return "99 %" if 99 < percent < 100 else f"{_with_minus(f'{percent:.0f}')} %"


@register.filter
def money(value: Number) -> str:
    """Return US dollars: $0.0042, $1.84, $1,204."""
    return dollars(value or 0) if _is_known(value) else DASH


@register.filter
def duration(value: Number) -> str:
    """Return milliseconds in readable units: 820 ms, 1.84 s, 12.4 s, 2 min 10 s, 3 h 05 min, 2 d 4 h."""
    if not _is_known(value):
        return DASH
    milliseconds = max(0.0, float(value or 0))
    if round(milliseconds) < THOUSAND:
        return "<1 ms" if 0 < milliseconds < 1 else f"{milliseconds:.0f} ms"
    return _seconds(milliseconds / 1000)


def _seconds(seconds: float) -> str:
    if round(seconds, 2) < 10:
        return f"{seconds:.2f} s"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


@register.filter
def moment(time: datetime) -> str:
    """Return a day and a time in UTC: 21 Nov 19:47; of another year than this 21 Nov 2025 19:47."""
    return format_date(time, "j M H:i" if time.year == now().year else "j M Y H:i")


@register.filter
def countdown(value: Number) -> str:
    """Return the seconds that are left as a clock: 0:14, 12:05, 1:02:09."""
    if not _is_known(value):
        return DASH
    minutes, seconds = divmod(max(0, round(float(value or 0))), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


@register.filter
def middle_cut(text: str, length: int = 32) -> str:
    """Return the text with its middle left out when it is longer; the ends of names tell them apart."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}{ELLIPSIS}{text[len(text) - (length - 1 - head) :]}"


@register.filter
def words(name: str) -> str:
    """Return a name of the code as words: `provider_error` is "provider error"."""
    return str(name).replace("_", " ")
