"""Finding what crashes lanes: how the part that is worked shrinks with the deaths, and grows again."""

from runs.lanes.probing import Probe, next_probe

MISSING = set(range(2048, 2048 + 100))


def test_first_death_changes_nothing() -> None:
    assert next_probe(2048, MISSING, 1, None) == Probe(MISSING, 1)


def test_second_death_leaves_a_slice_that_is_noted() -> None:
    assert next_probe(2048, MISSING, 2, None) == Probe(set(range(2048, 2064)), 2, 2048)


def test_slice_that_is_stored_is_followed_by_the_next() -> None:
    assert next_probe(2048, set(range(2070, 2148)), 2, 2048) == Probe(set(range(2070, 2080)), 2, 2070)


def test_third_death_leaves_one_ordinal_of_the_noted_slice() -> None:
    assert next_probe(2048, MISSING, 3, 2064) == Probe({2064}, 3, 2064, is_alone=True)


def test_ordinal_after_one_that_went_well_has_no_death_of_its_own() -> None:
    assert next_probe(2048, MISSING - {2048}, 5, 2048) == Probe({2049}, 3, 2049, is_alone=True)


def test_ordinal_with_two_deaths_alone_is_tried_again() -> None:
    assert next_probe(2048, MISSING, 5, 2048) == Probe({2048}, 5, 2048, is_alone=True)


def test_ordinal_with_three_deaths_alone_is_given_up() -> None:
    assert next_probe(2048, MISSING, 6, 2048) == Probe({2048}, 5, 2048, is_alone=True, is_given_up=True)


def test_rest_behind_a_slice_that_is_through_is_worked_as_ever() -> None:
    rest = MISSING - set(range(2048, 2064))

    assert next_probe(2048, rest, 5, 2063) == Probe(rest, 0)


def test_nothing_missing_is_no_probe() -> None:
    assert next_probe(2048, set(), 6, 2048) == Probe(set(), 6)
