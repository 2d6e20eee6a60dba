"""A 429 lowers the pace, success raises it, a 5xx does neither."""

import pytest

from runs.limits.throttling import LOWEST, Ear, Heard, Pressure
from tests.fakes import FakeClock

JAM = Heard(answers=10, throttled=10, is_too_fast=True)
WELL = Heard(answers=10)


def test_pressure_after_too_many_429s_is_lower() -> None:
    assert Pressure().after(JAM, 100.0).share == 0.7


def test_pressure_is_lowered_once_for_all_lanes_that_hear_of_one_jam() -> None:
    lowered = Pressure().after(JAM, 100.0)

    assert lowered.after(JAM, 100.4).share == 0.7
    assert lowered.after(JAM, 101.0).share == 0.7 * 0.7


def test_pressure_after_success_rises_to_the_limit_and_no_further() -> None:
    pressure = Pressure(share=0.95, raised_at_s=99.0)

    shares = [(pressure := pressure.after(WELL, 100.0 + second)).share for second in range(5)]

    assert shares == sorted(shares)
    assert (round(shares[0], 3), shares[-1]) == (0.97, 1.0)


def test_pressure_without_answers_stays() -> None:
    assert Pressure(share=0.5, raised_at_s=90.0).after(Heard(), 100.0).share == 0.5


def test_pressure_never_falls_to_nothing() -> None:
    pressure = Pressure()

    for second in range(60):
        pressure = pressure.after(JAM, 100.0 + second)

    assert pressure.share == LOWEST


def test_pressure_keeps_the_longest_time_that_the_provider_asked_for() -> None:
    held = Pressure().after(Heard(throttled=1, is_too_fast=True, held_for_s=30.0), 100.0)

    assert held.after(Heard(throttled=1, is_too_fast=True, held_for_s=5.0), 101.0).held_until_s == 130.0


def test_ear_reports_what_was_heard_since_the_last_report() -> None:
    ear = Ear(FakeClock())
    ear.answered()
    _ = [ear.throttled(None) for _ in range(3)]

    first, second = ear.report(), ear.report()

    assert (first.answers, first.throttled, first.is_too_fast) == (1, 3, True)
    assert (second.answers, second.throttled, second.is_too_fast) == (0, 0, False)


@pytest.mark.parametrize(("answers", "throttled", "is_too_fast"), [(20, 3, False), (20, 7, True), (0, 2, False)])
def test_ear_of_few_answers_takes_some_more_429s_for_chance(answers: int, throttled: int, is_too_fast: bool) -> None:
    ear = Ear(FakeClock())
    _ = [ear.answered() for _ in range(answers)]
    _ = [ear.throttled(None) for _ in range(throttled)]

    assert ear.report().is_too_fast == is_too_fast


def test_ear_holds_the_line_when_the_provider_asks_for_it() -> None:
    clock = FakeClock()
    ear = Ear(clock)

    assert [ear.throttled(7.0) for _ in range(3)] == [0.0, 0.0, 7.0]

    clock.pass_by(2.0)
    assert ear.report().held_for_s == 5.0


def test_ear_takes_one_429_among_many_answers_as_that_calls_own_affair() -> None:
    ear = Ear(FakeClock())
    _ = [ear.answered() for _ in range(20)]

    assert ear.throttled(7.0) == 0.0

    heard = ear.report()
    assert (heard.throttled, heard.is_too_fast, heard.held_for_s) == (1, False, 0.0)
