"""The geometry of axes and bars, and what the tags draw."""

import pytest
from django.template import Context, Template

from evalsite.charts import Axis, BarPart, Scale, bar_parts, spread_labels


@pytest.mark.parametrize(
    ("values", "low", "high", "step"),
    [
        ([], 0.0, 1.0, 0.25),
        ([None, float("nan")], 0.0, 1.0, 0.25),
        ([0.842, 0.871, 0.808], 0.8, 0.88, 0.02),
        ([0.5, 0.5], 0.5, 0.51, 0.01),
        ([0.0, 1.0], 0.0, 1.0, 0.25),
        ([0.574, 0.871], 0.5, 0.9, 0.1),
        ([-0.1, 0.3], 0.0, 0.3, 0.1),
    ],
)
def test_axis_around_values_has_round_ends(values: list[float | None], low: float, high: float, step: float) -> None:
    axis = Axis.around(values)

    assert (axis.low, axis.high, axis.step) == pytest.approx((low, high, step))


def test_axis_ticks_go_from_edge_to_edge() -> None:
    axis = Axis(0.5, 0.9, 0.1)

    assert axis.ticks == [0.5, 0.6, 0.7, 0.8, 0.9]


@pytest.mark.parametrize(("value", "x"), [(0.5, 0), (0.7, 50), (0.9, 100), (0.1, 0), (1.0, 100)])
def test_axis_place_stays_within_the_width(value: float, x: float) -> None:
    assert Axis(0.5, 0.9, 0.1).place(value, 100) == pytest.approx(x)


def test_bar_parts_fill_the_bar_in_order() -> None:
    parts = bar_parts(done=50, errors=10, in_flight=20, planned=100)

    assert parts == [
        BarPart("done", 0, 50),
        BarPart("errors", 50, 10),
        BarPart("flight", 60, 20),
        BarPart("left", 80, 20),
    ]


def test_bar_parts_of_nothing_planned_are_all_left() -> None:
    assert bar_parts(done=0, errors=0, in_flight=0, planned=0) == [BarPart("left", 0.0, 100.0)]


def test_bar_parts_beyond_the_plan_stay_within_the_bar() -> None:
    parts = bar_parts(done=150, errors=50, in_flight=0, planned=100)

    assert parts == [BarPart("done", 0, 75), BarPart("errors", 75, 25)]


def drawn(tag: str, **context: object) -> str:
    """Return what a tag of the charts draws."""
    return Template("{% load charts %}" + tag).render(Context(context))


def test_interval_draws_dot_and_whisker_on_the_axis() -> None:
    svg = drawn("{% interval axis 0.7 0.6 0.8 %}", axis=Axis(0.5, 0.9, 0.1))

    assert 'aria-label="70.0, 60.0 to 80.0"' in svg
    assert 'cx="64.0"' in svg
    assert "M35.0 8v8M35.0 12H93.0M93.0 8v8" in svg
    assert "style=" not in svg


def test_interval_without_one_draws_the_dot_alone() -> None:
    svg = drawn("{% interval axis 0.7 None None %}", axis=Axis(0.5, 0.9, 0.1))

    assert "interval__dot" in svg
    assert "interval__whisker" not in svg


def test_progress_bar_says_its_numbers_to_screen_readers() -> None:
    svg = drawn("{% progress_bar done=376 errors=30 in_flight=32 planned=1512 %}")

    assert 'aria-label="406 of 1,512, 30 errors, 32 in flight"' in svg
    assert svg.count("bar__gap") == 3


def test_scale_from_zero_ends_at_a_round_number() -> None:
    scale = Scale.from_zero([0.17, 0.99], 40, 240)

    assert [tick.value for tick in scale.ticks] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert (scale.place(0.0), scale.place(1.0)) == (40, 240)


def test_scale_of_both_ways_has_zero_in_its_middle_and_round_ends() -> None:
    scale = Scale.both_ways([-0.19, 0.0, 0.06], 0, 400)

    assert [tick.value for tick in scale.ticks] == [-0.2, -0.1, 0.0, 0.1, 0.2]
    assert scale.place(0.0) == 200


def test_scale_of_nothing_but_zeros_has_room() -> None:
    assert Scale.from_zero([0.0, 0.0], 0, 100).high == 1.0


def test_scale_that_goes_up_draws_high_values_above() -> None:
    scale = Scale.around([0.4, 0.8], 200, 20)

    assert scale.place(0.8) < scale.place(0.4)


def test_labels_are_pushed_apart_and_keep_their_order() -> None:
    assert spread_labels([50, 10, 12, 51], height=14) == [50, 10, 24, 64]
