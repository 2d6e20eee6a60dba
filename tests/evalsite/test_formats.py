"""One format each: scores, differences, money, time, counts, names."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from evalsite.templatetags import formats

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.842, "84.2"),
        (0, "0.0"),
        (1, "100.0"),
        (0.8125, "81.2"),
        (-0.05, "−5.0"),
        (-0.0001, "0.0"),
        (None, "—"),
        (NAN, "—"),
    ],
)
def test_score_is_written_out_of_a_hundred(value: float | None, text: str) -> None:
    assert formats.score(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.034, "+3.4"), (-0.008, "−0.8"), (0.0, "0.0"), (-0.0002, "0.0"), (0.0002, "0.0"), (None, "—")]
)
def test_points_carry_their_sign(value: float | None, text: str) -> None:
    assert formats.points(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        pytest.param([4.5, 3.625, None], ["4.50", "3.62", "—"], id="ratings"),
        pytest.param([4.0, 3.0], ["4", "3"], id="whole"),
        pytest.param([1234.5, 820.25], ["1,234", "820"], id="milliseconds"),
        pytest.param([0.04561, 0.0012], ["0.0456", "0.0012"], id="cents"),
        pytest.param([0.0, -2.5], ["0.0", "−2.5"], id="zero-and-below"),
    ],
)
def test_numbers_of_a_column_have_the_same_decimals(values: list[float | None], texts: list[str]) -> None:
    decimals = formats.column_decimals(values)

    assert [formats.number(value, decimals) for value in values] == texts


def test_column_without_a_number_has_no_decimals() -> None:
    assert formats.column_decimals([None, float("nan")]) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.5, "3.5"), (0.0127, "0.0127"), (12480, "12,480"), (-2, "−2"), (0, "0"), (1.23456, "1.235"), (None, "—")],
)
def test_number_keeps_four_significant_digits(value: float | None, text: str) -> None:
    assert formats.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(12480, "12,480"), (0, "0"), (-1200, "−1,200"), (None, "—")])
def test_count_parts_thousands(value: int | None, text: str) -> None:
    assert formats.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.43, "43 %"), (0, "0 %"), (1, "100 %"), (0.001, "<1 %"), (0.9999, "99 %"), (None, "—")],
)
def test_share_is_whole_only_when_it_is(value: float | None, text: str) -> None:
    assert formats.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.0042"), "$0.0042"),
        (Decimal("0.000042"), "$0.000042"),
        (0.001, "$0.0010"),
        (0.0003, "$0.00030"),
        (0.1, "$0.10"),
        (0.00996, "$0.01"),
        (0.5, "$0.50"),
        (1.84, "$1.84"),
        (999.994, "$999.99"),
        (999.996, "$1,000"),
        (1204.4, "$1,204"),
        (0, "$0.00"),
        (-1.5, "−$1.50"),
        (None, "—"),
    ],
)
def test_money_has_as_many_digits_as_its_size_needs(value: float | Decimal | None, text: str) -> None:
    assert formats.money(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 ms"),
        (0.4, "<1 ms"),
        (820, "820 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (1840, "1.84 s"),
        (9996, "10.0 s"),
        (12_400, "12.4 s"),
        (59_960, "1 min 00 s"),
        (130_000, "2 min 10 s"),
        (11_100_000, "3 h 05 min"),
        (187_200_000, "2 d 4 h"),
        (None, "—"),
    ],
)
def test_duration_changes_its_unit_with_its_size(value: float | None, text: str) -> None:
    assert formats.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(14, "0:14"), (725, "12:05"), (3729, "1:02:09"), (-1, "0:00"), (None, "—")]
)
def test_countdown_is_a_clock(value: float | None, text: str) -> None:
    assert formats.countdown(value) == text


def test_moment_names_the_year_of_another_one_than_this() -> None:
    this_year = datetime.now(UTC).replace(month=3, day=5, hour=9, minute=7)

    assert formats.moment(this_year) == "5 Mar 09:07"
    assert formats.moment(this_year.replace(year=2019)) == "5 Mar 2019 09:07"


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 10, "short"),
        ("meta-llama-3.3-70b", 11, "meta-…3-70b"),
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdef", 5, "ab…ef"),
    ],
)
def test_middle_cut_keeps_both_ends(text: str, length: int, expected: str) -> None:
    assert formats.middle_cut(text, length) == expected
