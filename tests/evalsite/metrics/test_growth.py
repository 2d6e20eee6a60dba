"""Counters that never fall."""

from evalsite.metrics.growth import Growth


def test_growth_first_look_counts_everything() -> None:
    growth = Growth()

    assert growth.look({7: {"ok": 3}, 9: {"ok": 2, "cost": 0.5}}) == {7, 9}
    assert growth.totals == {"ok": 5, "cost": 0.5}


def test_growth_later_looks_add_what_came() -> None:
    growth = Growth()
    growth.look({7: {"ok": 3}})

    assert growth.look({7: {"ok": 5}, 8: {"ok": 1}}) == {7, 8}
    assert growth.totals == {"ok": 6}


def test_growth_without_change_names_no_run() -> None:
    growth = Growth()
    growth.look({7: {"ok": 3}})

    assert growth.look({7: {"ok": 3}}) == set()


def test_growth_results_taken_out_take_nothing_away() -> None:
    growth = Growth()
    growth.look({7: {"ok": 3, "timeout": 4}})
    growth.look({7: {"ok": 3}})
    growth.look({7: {"ok": 5, "timeout": 1}})

    assert growth.totals == {"ok": 5, "timeout": 5}


def test_growth_run_that_is_gone_takes_nothing_away() -> None:
    growth = Growth()
    growth.look({7: {"ok": 3}, 8: {"ok": 1}})
    growth.look({8: {"ok": 2}})

    assert growth.totals == {"ok": 5}


def test_growth_old_run_that_goes_on_again_is_not_counted_twice() -> None:
    growth = Growth()
    growth.look({7: {"ok": 3}, 8: {"ok": 1}})
    growth.look({8: {"ok": 1}})
    growth.look({7: {"ok": 3}, 8: {"ok": 1}})
    growth.look({7: {"ok": 4}, 8: {"ok": 1}})

    assert growth.totals == {"ok": 5}


def test_growth_run_that_waited_without_numbers_counts_from_its_first() -> None:
    growth = Growth()
    growth.look({7: {}, 8: {"ok": 1}})
    growth.look({7: {"ok": 2}, 8: {"ok": 1}})

    assert growth.totals == {"ok": 3}
