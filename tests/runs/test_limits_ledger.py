"""The arithmetic of a minute's shares."""

import pytest

from runs.limits.ledger import Ask, MinuteLimits, Plan, Spent, grant

TEN_A_SECOND = MinuteLimits(calls=600)


@pytest.mark.parametrize("now_s", [0.0, 1000.25, 65_535.9, 65_536.0, 70_000.3, 131_073.7, 3e7])
def test_share_is_the_same_however_long_the_clock_has_run(now_s: float) -> None:
    share, plan = grant(Ask(20), TEN_A_SECOND, TEN_A_SECOND, Spent(), Plan(now_s, now_s), now_s=now_s, lanes=1)

    assert share.calls == 11
    assert plan.line_until_s == pytest.approx(now_s + 1.1)
