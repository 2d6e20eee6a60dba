"""The Compare tab, the differences on the board, and weights that are tried there."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.actions import set_baseline
from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment
from runs.models import Run
from scoring.grid.text_pieces import difference_of_texts
from tests.factories import TranscriptFactory
from tests.people import member_of
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, scored_run
from tests.scoring.standings import run_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over ten sums."""
    return sums(10)


@pytest.fixture
def pair(experiment: Experiment) -> tuple[Run, Run]:
    """A run, and the baseline's."""
    first, second = scored_run(experiment, FIRST), scored_run(experiment, SECOND)
    assert second.candidate is not None
    set_baseline(experiment=experiment, candidate=second.candidate, by=None)
    return first, second


def client_as(experiment: Experiment, role: str) -> Client:
    """Return a browser of a member."""
    client = Client()
    client.force_login(member_of(experiment.project, role))
    return client


def page(client: Client, name: str, experiment: Experiment, query: str = "") -> str:
    """Return a page of the experiment."""
    answer: Any = client.get(reverse(f"experiments:{name}", args=[experiment.uid]) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_compare_begins_with_a_sentence(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment)

    assert "cannot be told apart: +30.0 points" in found
    assert "3 better, 0 worse, 7 same; 10 of 10 matched" in found
    assert "Too few disagreements to say more." in found


def test_compare_the_other_way_round_says_the_opposite(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    first, second = pair

    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment, f"?a={second.uid}&b={first.uid}")

    assert "−30.0 points" in found
    assert "0 better, 3 worse, 7 same" in found


def test_compare_names_a_clear_winner_with_its_interval() -> None:
    experiment = sums(20)
    first, second = scored_run(experiment, "1" * 18 + "00"), scored_run(experiment, "0" * 15 + "11111")

    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment, f"?a={first.uid}&b={second.uid}")

    assert "</bdi> is better than <bdi>" in found
    assert "by 65.0 points, 95 % interval" in found
    assert "Exact McNemar p" in found


def test_compare_of_one_who_is_ahead_on_every_item_says_better_without_an_interval() -> None:
    experiment = sums(12)
    _, second = scored_run(experiment, "1" * 12), scored_run(experiment, "0" * 12)
    set_baseline(experiment=experiment, candidate=second.candidate, by=None)  # type: ignore[arg-type]
    viewer = client_as(experiment, "viewer")

    found, board = page(viewer, "experiment-compare", experiment), page(viewer, "experiment-board", experiment)

    assert "by 100.0 points, the same on every item; 12 better, 0 worse, 0 same" in found
    assert "Exact McNemar p below 0.001" in found
    assert '▲ +100.0<span class="table__second">on every item</span>' in board


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param(
            ("1", "0"), "cannot be told apart: +100.0 points; 1 better, 0 worse, 0 same; 1 of 1", id="one-item"
        ),
        pytest.param(("1010", "1010"), "cannot be told apart: 0.0 points, the same on every item", id="all-equal"),
        pytest.param(("11..", "..00"), "No item has a score of both yet.", id="no-common-item"),
        pytest.param(("....", "...."), "No item has a score of both yet.", id="nothing-judged"),
    ],
)
def test_compare_of_the_worst_cases_says_what_is_so(answers: tuple[str, str], said: str) -> None:
    experiment = sums(len(answers[0]))
    [scored_run(experiment, one) for one in answers]

    assert said in page(client_as(experiment, "viewer"), "experiment-compare", experiment)


def test_compare_shows_regressions_first(experiment: Experiment) -> None:
    first, second = scored_run(experiment, "1100000000"), scored_run(experiment, "0110000000")

    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment, f"?a={first.uid}&b={second.uid}")

    assert found.index('id="item-2"') < found.index('id="item-1"') < found.index('id="item-0"')


@pytest.mark.parametrize(("show", "items"), [("wins", [1, 4, 8]), ("losses", []), ("odd", list(range(10)))])
def test_compare_shows_what_the_filter_leaves(
    experiment: Experiment, pair: tuple[Run, Run], show: str, items: list[int]
) -> None:
    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment, f"?show={show}")

    assert [position for position in range(10) if f'id="item-{position}"' in found] == items


def test_compare_marks_where_outputs_differ(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    for run, answer in zip(pair, ("It is 4.", "It is 5."), strict=True):
        message = {"role": "assistant", "parts": [{"type": "text", "text": answer}]}
        TranscriptFactory(result=run_result(run, 1), body=[message])

    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment, "?show=wins")

    assert "It is <mark>4.</mark>" in found
    assert "It is <mark>5.</mark>" in found


def test_difference_of_texts_keeps_both_whole() -> None:
    first, second = difference_of_texts("a  b\nc", "a b\nd")

    assert ("".join(piece.text for piece in first), "".join(piece.text for piece in second)) == ("a  b\nc", "a b\nd")


@pytest.mark.parametrize("query", ["?a=x&b=y", "?from=99999999999", "?from=-1", "?show="])
def test_compare_with_a_wrong_address_shows_what_it_can(
    experiment: Experiment, pair: tuple[Run, Run], query: str
) -> None:
    assert "matched" in page(client_as(experiment, "viewer"), "experiment-compare", experiment, query)


def test_compare_without_two_runs_says_so(experiment: Experiment) -> None:
    found = page(client_as(experiment, "viewer"), "experiment-compare", experiment)

    assert "Two candidates with results are needed" in found


def test_compare_of_a_stranger_is_a_404(client: Client, stranger: User, experiment: Experiment) -> None:
    client.force_login(stranger)

    assert client.get(reverse("experiments:experiment-compare", args=[experiment.uid])).status_code == 404


def test_board_says_how_far_each_row_is_ahead_of_the_baseline(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    found = page(client_as(experiment, "viewer"), "experiment-board", experiment)

    assert "vs baseline" in found
    assert "+30.0" in found
    assert "inconclusive" in found


def two_scorers(experiment: Experiment) -> None:
    """Give the experiment a second scorer."""
    declared = [ScorerDeclaration("correct", "exact_match"), ScorerDeclaration("shape", "json_valid")]
    declare_scorers(experiment=experiment, declarations=declared, by=None)


def test_weights_are_tried_without_being_saved(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    two_scorers(experiment)

    found = page(client_as(experiment, "editor"), "experiment-leaderboard", experiment, "?w.correct=2&w.shape=0")

    assert "weights tried, not saved" in found
    assert "correct × 2" in found
    assert experiment.scorers.get(name="correct").weight == 1.0


def test_weights_that_do_not_fit_are_named_and_the_board_stays(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    two_scorers(experiment)

    found = page(client_as(experiment, "editor"), "experiment-leaderboard", experiment, "?w.correct=-1")

    assert 'role="alert"' in found
    assert "not saved" not in found


def test_weights_are_saved_by_an_editor(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    two_scorers(experiment)

    answer = client_as(experiment, "editor").post(
        reverse("experiments:experiment-weights", args=[experiment.uid]), {"w.correct": "2", "w.shape": "0"}
    )

    weights = dict(experiment.scorers.values_list("name", "weight"))
    assert (answer.status_code, weights) == (302, {"correct": 2.0, "shape": 0.0})


def test_weights_are_not_saved_by_a_viewer(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    answer = client_as(experiment, "viewer").post(
        reverse("experiments:experiment-weights", args=[experiment.uid]), {"w.correct": "2"}
    )

    assert (answer.status_code, experiment.scorers.get().weight) == (403, 1.0)
