"""Which items failed, differ, vary or wait for a rating; looking for items by tag, split and text."""

from typing import Any

import pytest
from django.http import QueryDict

from experiments.models import CaseChunk, Experiment, Item
from runs.models import Result
from scoring.grid.cells import rows_of
from scoring.grid.outputs import Mode, Outputs, outputs_of, runs_with_outputs
from scoring.grid.queries import Asked
from scoring.grid.search import Place, Sought, narrowed, page_of
from tests.factories import RunRatingFactory, ScorerSpecFactory
from tests.runs.planned import sums
from tests.scoring.compared import scored_run
from tests.scoring.standings import ended, run_of, run_result, score_all, summed

pytestmark = pytest.mark.django_db


def of(experiment: Experiment, **values: Any) -> Outputs:
    """Return the outputs of all runs of an experiment."""
    return outputs_of(experiment, runs_with_outputs(experiment), **values)


def at(outputs: Outputs, mode: Mode) -> list[int]:
    """Return the positions of a mode."""
    found: list[int] = outputs.positions(mode).tolist()
    return found


def test_failures_are_answers_that_do_not_pass() -> None:
    experiment = sums(6)
    scored_run(experiment, "10.111")
    scored_run(experiment, "111.01")

    assert at(of(experiment), Mode.FAILURES) == [1, 4]


def test_error_is_no_failure_also_where_it_counts_as_the_worst_value() -> None:
    experiment = sums(3, errors_policy="zero")
    run = score_all(run_of(experiment), {0: 1.0, 1: 0.0})
    run_result(run, 2, outcome="timeout")
    ended(run)

    found = of(experiment)

    assert at(found, Mode.FAILURES) == [1]
    assert at(found, Mode.ERRORS) == [2]


def test_different_are_items_on_which_two_runs_have_other_values() -> None:
    experiment = sums(5)
    scored_run(experiment, "1100.")
    scored_run(experiment, "10011")

    assert at(of(experiment), Mode.DIFFERENT) == [1, 3]


def test_one_run_alone_differs_from_nobody() -> None:
    experiment = sums(2)
    scored_run(experiment, "10")

    assert at(of(experiment), Mode.DIFFERENT) == []


def test_flaky_are_items_whose_trials_disagree() -> None:
    experiment = sums(3, trials=2)
    run = score_all(run_of(experiment), {0: 1.0, 1: 1.0, 2: 0.0, 3: 1.0, 4: 0.0, 5: 0.0})
    ended(run)

    found = of(experiment)

    assert at(found, Mode.FLAKY) == [1]
    assert at(found, Mode.FAILURES) == [1, 2]


def test_unrated_are_answers_that_nobody_has_rated(django_user_model: Any) -> None:
    experiment = sums(3)
    person = ScorerSpecFactory(experiment=experiment, name="helpful", kind="person", weight=0.0)
    run = score_all(run_of(experiment), {0: 1.0, 1: 1.0})
    run_result(run, 2, outcome="timeout")
    score_all(run, {1: 1.0}, person, author=django_user_model.objects.create(username="ann").pk)
    ended(run)

    assert at(of(experiment), Mode.UNRATED) == [0]


def test_rating_of_a_run_as_a_whole_rates_no_item() -> None:
    experiment = sums(2)
    person = ScorerSpecFactory(experiment=experiment, name="helpful", kind="person", weight=0.0)
    run = score_all(run_of(experiment), {0: 1.0, 1: 1.0})
    RunRatingFactory(run=run, scorer=person, value=1.0)
    ended(run)

    assert at(of(experiment), Mode.UNRATED) == [0, 1]


def test_one_scorer_judges_alone_where_it_is_named() -> None:
    experiment = sums(2)
    other = ScorerSpecFactory(experiment=experiment, name="short")
    run = score_all(run_of(experiment), {0: 1.0, 1: 0.0})
    score_all(run, {0: 0.0, 1: 1.0}, other)
    ended(run)

    assert at(of(experiment), Mode.FAILURES) == [0, 1]
    assert at(of(experiment, scorer=other), Mode.FAILURES) == [0]


def test_measure_with_a_range_makes_no_failures() -> None:
    experiment = sums(2)
    latency = ScorerSpecFactory(
        experiment=experiment, name="speed", kind="latency", range_low=0, range_high=1000, higher_is_better=False
    )
    run = score_all(run_of(experiment), {0: 1.0, 1: 0.0})
    score_all(run, {0: 500.0, 1: 500.0}, latency)
    ended(run)

    assert at(of(experiment), Mode.FAILURES) == [1]


def test_items_behind_a_lowered_limit_are_left_out() -> None:
    experiment = sums(4)
    scored_run(experiment, "0000")
    experiment.item_limit = 2
    experiment.save()

    found = of(experiment)

    assert (at(found, Mode.ALL), at(found, Mode.FAILURES)) == ([0, 1], [0, 1])


def test_nothing_stored_means_no_item_of_any_mode_but_all() -> None:
    experiment = sums(2)
    run_of(experiment)

    found = of(experiment)

    assert {mode: found.count(mode) for mode in Mode} == {**dict.fromkeys(Mode, 0), Mode.ALL: 2}


def test_experiment_without_runs_has_no_outputs() -> None:
    assert of(sums(2)).count(Mode.ALL) == 0


@pytest.mark.parametrize(
    ("sought", "positions"),
    [
        (Sought(tag="odd"), [1, 3]),
        (Sought(split="test"), [2]),
        (Sought(text="SUM-2"), [2]),
        (Sought(text="3 + 3"), [3]),
        (Sought(text="Grüße"), [0]),
        (Sought(text="grüsse", tag="odd"), []),
        (Sought(text="100%"), []),
    ],
)
def test_search_finds_items_by_tag_split_and_text(sought: Sought, positions: list[int]) -> None:
    experiment = sums(4)
    Item.objects.filter(key__in=["sum-1", "sum-3"]).update(tags="|odd|")
    Item.objects.filter(key="sum-2").update(split="test")
    run = scored_run(experiment, "1111")
    Result.objects.filter(pk=run.pk << 32).update(preview="schöne Grüße")

    found = narrowed(of(experiment), sought)

    assert found is not None
    assert at(found, Mode.ALL) == positions


def test_page_goes_on_behind_a_position_and_back_before_one() -> None:
    experiment = sums(7)
    scored_run(experiment, "0000000")
    outputs = of(experiment)

    second = page_of(outputs, Mode.FAILURES, Place(after=2), 3)
    back = page_of(outputs, Mode.FAILURES, Place(before=3), 2)

    assert (second.positions, second.has_earlier, second.has_later) == ([3, 4, 5], True, True)
    assert (back.positions, back.has_earlier, back.has_later) == ([1, 2], True, True)
    assert page_of(outputs, Mode.FAILURES, Place(after=5), 3).has_later is False
    assert page_of(outputs, Mode.FAILURES, Place(before=2), 3).has_earlier is False


def test_long_list_is_looked_through_some_chunks_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.grid.search.CHUNK_LENGTH", 2)
    experiment = sums(12)
    Item.objects.filter(key__in=["sum-1", "sum-7"]).update(tags="|rare|")
    run = scored_run(experiment, "1" * 12)
    _in_chunks_of_two(run.case_list_id)
    outputs, sought = of(experiment), Sought(tag="rare")

    first = page_of(outputs, Mode.ALL, Place(), 5, sought)
    second = page_of(outputs, Mode.ALL, Place(after=first.looked_to), 5, sought)
    third = page_of(outputs, Mode.ALL, Place(after=second.looked_to), 5, sought)

    assert narrowed(outputs, sought) is None
    assert (first.positions, first.looked_to, first.has_later) == ([1], 3, True)
    assert (second.positions, second.looked_to, second.has_later) == ([7], 7, True)
    assert (third.positions, third.looked_to, third.has_later) == ([], None, False)


def _in_chunks_of_two(case_list: int) -> None:
    (chunk,) = CaseChunk.objects.filter(case_list=case_list)
    cases = chunk.cases
    chunk.delete()
    CaseChunk.objects.bulk_create(
        CaseChunk(case_list_id=case_list, number=number, cases=cases[2 * number : 2 * number + 2])
        for number in range(len(cases) // 2)
    )


def test_cell_shows_each_trial_and_the_value_of_the_item() -> None:
    experiment = sums(2, trials=2)
    run = score_all(run_of(experiment), {0: 1.0, 2: 0.0})
    run_result(run, 1, outcome="timeout")
    run_result(run, 3, preview="3")
    ended(run)

    (first,), (second,) = (row.cells for row in rows_of(of(experiment), [0, 1]))

    assert (first.value, [trial.value for trial in first.trials]) == (0.5, [1.0, 0.0])
    assert (second.value, second.result.preview if second.result else None) == (None, "3")


def test_former_revision_of_a_scorer_is_not_shown() -> None:
    experiment = sums(1)
    run = ended(score_all(run_of(experiment), {0: 1.0}))
    spec = experiment.scorers.get()
    spec.revision = 2
    spec.save()
    score_all(run, {0: 0.0}, spec, revision=2)
    summed(run)

    ((cell,),) = (row.cells for row in rows_of(of(experiment), [0]))

    assert [trial.value for trial in cell.trials] == [0.0]


def test_query_chooses_runs_in_the_order_of_the_baseline_first() -> None:
    experiment = sums(1)
    first, second, third = (scored_run(experiment, "1") for _ in range(3))
    experiment.baseline = third.candidate
    query = QueryDict(f"run={first.uid}&run={third.uid}")

    asked = Asked.of(experiment, query)

    assert asked.all_runs == [third, first, second]
    assert asked.runs == [third, first]
    assert asked.problems == {}


def test_query_that_does_not_fit_is_told_part_by_part() -> None:
    experiment = sums(1)
    scored_run(experiment, "1")

    asked = Asked.of(experiment, QueryDict("run=nobody&mode=odd&scorer=no&after=-1&before=%D9%A3"))

    assert set(asked.problems) == {"run", "mode", "scorer", "after", "before"}
    assert (asked.mode, asked.scorer, len(asked.runs)) == (Mode.ALL, None, 1)


def test_text_is_looked_for_in_so_many_outputs_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.grid.search.MOST_OUTPUTS", 4)
    experiment = sums(6)
    Item.objects.filter(key="sum-5").update(key="the last")
    scored_run(experiment, "1" * 6)
    outputs, sought = of(experiment), Sought(text="THE LAST")

    first = page_of(outputs, Mode.ALL, Place(), 5, sought)
    second = page_of(outputs, Mode.ALL, Place(after=first.looked_to), 5, sought)
    back = page_of(outputs, Mode.ALL, Place(before=5), 5, sought)

    assert narrowed(outputs, sought) is None
    assert (first.positions, first.looked_to, first.has_later) == ([], 3, True)
    assert (second.positions, second.looked_to, second.has_later) == ([5], None, False)
    assert (back.positions, back.looked_to, back.has_earlier) == ([], 1, True)
