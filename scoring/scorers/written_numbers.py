"""Reading numbers as people and models write them: 1,234.5 and 1.234,5, ½, 50%, $18, −5, 1e3, 3/4, 2 × 10^3.

A comma before groups of three digits parts thousands ("1,234" is 1234), any other single comma is a decimal mark
("1,5" is 1.5). A single point is always a decimal mark ("1.234" is 1.234); several points part thousands, and so do
points before a decimal comma ("1.234,5"). Words ("twelve") are no numbers.
"""

import unicodedata
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, localcontext

import regex

from scoring.scorers.extraction import TookTooLong, time_allowed

PRECISION = Context(prec=50, Emax=9999, Emin=-9999)
"""More digits than a float holds; what an exponent carries beyond it is no number, and 1e999999999 costs nothing."""
TAILS = (120, 4000)
"""Characters at the end of an answer where its last number is looked for first."""
MINUS = "-−–"
PLAIN_MINUS = str.maketrans(MINUS, "---")
SPACE = "'’\u00a0\u2009\u202f"
NO_SPACE = str.maketrans("", "", SPACE)
NUMBER = regex.compile(
    rf"""
    (?<! [\p{{L}}\d] ) (?<! \d[.,] )                  # not within a word or another number
    (?P<sign> (?<! [)\d\p{{L}}] ) [{MINUS}+] )?
    (?: \p{{Sc}}\s? (?P<sign> [{MINUS}+] )? )?
    (?: (?P<digits> \d+ (?: [.,{SPACE}]\d+ )* | \.\d+ )
        (?: [eE] (?P<exponent> [{MINUS}+]?\d+ ) (?! \d )
          | \s? [×*] \s? 10\^ \{{? (?P<exponent> [{MINUS}+]?\d+ ) \}}?
          | / (?<! /\d{{1,9}}/ ) (?P<divisor> \d+ ) (?! [\d/] )
        )?
        (?: \s? (?P<fraction> [¼-¾⅐-⅞] ) )?
      | (?P<fraction> [¼-¾⅐-⅞] )
    )
    (?P<percent> \s?% )?
    """,
    regex.VERBOSE,
)
ANY_DIGIT = regex.compile(r"[\d¼-¾⅐-⅞]")
WELL_FORMED = regex.compile(
    rf"""
    \d* \.? \d+ | \d+ , \d+
    | [1-9]\d{{0,2}} (?: ,\d{{3}} )+ (?: \.\d+ )?
    | [1-9]\d? (?: ,\d{{2}} )+ ,\d{{3}} (?: \.\d+ )?
    | [1-9]\d{{0,2}} (?: \.\d{{3}} )+ ,\d+
    | [1-9]\d{{0,2}} (?: \.\d{{3}} ){{2,}}
    | [1-9]\d{{0,2}} (?: [{SPACE}]\d{{3}} )+ (?: [.,]\d+ )?
    """,
    regex.VERBOSE,
)
THOUSANDS = regex.compile(r"[1-9]\d{0,2},\d{3}")
CURRENCY_BEHIND = regex.compile(r"\s*(?:\p{Sc}|\p{Lu}{3})?\s*\.?")


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number as it stood in a text."""

    value: Decimal
    """The per cent sign left out: 50 for "50%"."""
    is_percentage: bool
    text: str


def last_number(text: str) -> WrittenNumber | None:
    """Return the last number in a text; None: there is none. Raises TookTooLong for a very long text.

    Digits with marks that form no number ("3,4,5") are a list, of which the last part counts.
    """
    if not ANY_DIGIT.search(text):
        return None
    starts = [len(text) - tail for tail in TAILS if tail < len(text)]
    found = (_last_number_from(start, text) for start in [*starts, 0])
    return next(filter(None, found), None)


def _last_number_from(start: int, text: str) -> WrittenNumber | None:
    try:
        matches = list(NUMBER.finditer(text, start, **time_allowed()))
    except TimeoutError:
        raise TookTooLong from None
    return next(filter(None, map(_read, reversed(matches))), None)


def number_alone(text: str) -> WrittenNumber | None:
    """Return the number that a text is, with at most a currency around it; None: it is something else."""
    stripped = text.strip()
    match = NUMBER.match(stripped)
    if match is None or not CURRENCY_BEHIND.fullmatch(stripped, match.end()):
        return None
    return _read(match) if WELL_FORMED.fullmatch(match["digits"] or "0") else None


def _read(match: "regex.Match[str]") -> WrittenNumber | None:
    """Return what was matched as a number; None where its value is beyond all measure, or divided by 0."""
    text, digits = match[0].strip(), match["digits"] or "0"
    if not WELL_FORMED.fullmatch(digits):
        digits = regex.split(r"\D", digits)[-1]
        text = text[text.rindex(digits) :]
    with localcontext(PRECISION):
        try:
            value = _magnitude(match, Decimal(_with_point(digits)))
        except DecimalException:
            return None
    is_negative = (match["sign"] or "+") in MINUS
    return WrittenNumber(value.copy_negate() if is_negative else value, match["percent"] is not None, text)


def _magnitude(match: "regex.Match[str]", value: Decimal) -> Decimal:
    if match["exponent"]:
        value = value.scaleb(Decimal(match["exponent"].translate(PLAIN_MINUS)))
    if match["divisor"]:
        value = value / Decimal(match["divisor"])
    return value + _vulgar(match["fraction"]) if match["fraction"] else +value


def _with_point(digits: str) -> str:
    """Return well-formed digits with a point before the decimals and nothing between thousands."""
    bare = digits.translate(NO_SPACE)
    if bare.isdecimal():
        return bare
    commas, points = bare.count(","), bare.count(".")
    if commas and points:
        decimal_mark = max(",", ".", key=bare.rfind)
    elif commas:
        decimal_mark = "." if commas > 1 or THOUSANDS.fullmatch(bare) else ","
    else:
        decimal_mark = "." if points == 1 else ","
    thousands_mark = "," if decimal_mark == "." else "."
    return bare.replace(thousands_mark, "").replace(",", ".")


def _vulgar(fraction: str) -> Decimal:
    numerator, _, denominator = unicodedata.normalize("NFKC", fraction).partition("⁄")
    return Decimal(numerator) / Decimal(denominator)
