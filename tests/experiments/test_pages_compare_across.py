"""Compare over two experiments, and over two versions of a dataset in one."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments.actions.case_lists import freeze_ad_hoc_case
from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment
from runs.models import Run
from tests.factories import CandidateFactory, ExperimentFactory, MembershipFactory, RunFactory, TranscriptFactory
from tests.people import member_of
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, over_next_version, scored_run
from tests.scoring.standings import ended, run_result, score_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over ten sums."""
    return sums(10)


@pytest.fixture
def later(experiment: Experiment) -> Experiment:
    """Another one, over the next version of the dataset: the first item is gone, the second edited."""
    return over_next_version(experiment, removed="sum-0", edited="sum-1")


@pytest.fixture
def visitor(experiment: Experiment) -> Client:
    """The browser of a viewer."""
    client = Client()
    client.force_login(member_of(experiment.project, "viewer"))
    return client


def address(first: Run, second: Run) -> str:
    """Return where two runs are compared."""
    return f"{reverse('experiments:experiment-compare', args=[first.experiment.uid])}?a={first.uid}&b={second.uid}"


def text_of(client: Client, url: str) -> str:
    """Return a page, its spaces drawn together."""
    answer: Any = client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_compare_over_two_experiments_says_how_many_items_matched(
    visitor: Client, experiment: Experiment, later: Experiment
) -> None:
    first, second = scored_run(experiment, FIRST), scored_run(later, "010010101")

    found = text_of(visitor, address(first, second))

    assert "2 better, 0 worse, 6 same; 8 of 11 matched." in found
    assert "The first has a score for 10 items, the second for 9; 8 are the same." in found
    assert f"weighted as {experiment} weighs them: correct × 1." in found
    assert f"{second.candidate} · {later}" in found


def test_compared_items_show_each_answer_at_its_own_place(
    visitor: Client, experiment: Experiment, later: Experiment
) -> None:
    first, second = scored_run(experiment, FIRST), scored_run(later, "010010101")
    for run, ordinal, answer in ((first, 2, "It is 4."), (second, 1, "It is 5.")):
        message = {"role": "assistant", "parts": [{"type": "text", "text": answer}]}
        TranscriptFactory(result=run_result(run, ordinal), body=[message])

    found = text_of(visitor, address(first, second))

    row = re.search(r'<tr id="item-2">.*?</tr>', found)
    assert row is not None
    assert "sum-2" in row[0]
    assert "It is <mark>4.</mark>" in row[0]
    assert "It is <mark>5.</mark>" in row[0]
    assert 'id="item-1"' not in found


def test_compare_without_an_item_in_common_says_unpaired(visitor: Client, experiment: Experiment) -> None:
    other = sums(5)
    MembershipFactory(project=other.project, user_id=visitor.session["_auth_user_id"])
    first, second = scored_run(experiment, FIRST), scored_run(other, "10000")

    found = text_of(visitor, address(first, second))

    assert "unpaired: 10 items against 5 others." in found
    assert "Newcombe's interval of two proportions." in found
    assert "Items, regressions first" not in found


def test_swap_leads_to_the_other_experiment(visitor: Client, experiment: Experiment, later: Experiment) -> None:
    first, second = scored_run(experiment, FIRST), scored_run(later, "010010101")

    swap = address(second, first).replace("&", "&amp;")

    assert f'href="{swap}">Swap' in text_of(visitor, address(first, second))
    assert "0 better, 2 worse, 6 same; 8 of 11 matched." in text_of(visitor, address(second, first))


def test_every_candidate_of_both_experiments_can_be_chosen(
    visitor: Client, experiment: Experiment, later: Experiment
) -> None:
    runs = [scored_run(one, "1" * items) for one, items in ((experiment, 10), (experiment, 10), (later, 9), (later, 9))]

    found = text_of(visitor, address(runs[0], runs[2]))

    assert [found.count(f'value="{run.uid}"') for run in runs] == [2, 2, 2, 2]
    assert f'<optgroup label="{later}">' in found
    assert f">{runs[2].candidate} · {later}</option>" in found


def test_first_of_another_experiment_leads_to_its_tab(
    visitor: Client, experiment: Experiment, later: Experiment
) -> None:
    first, second = scored_run(experiment, FIRST), scored_run(later, "010010101")
    query = f"?a={second.uid}&b={first.uid}"

    answer = visitor.get(reverse("experiments:experiment-compare", args=[experiment.uid]) + query)

    assert (answer.status_code, answer["Location"]) == (302, address(second, first))


def test_run_of_a_project_that_i_do_not_see_answers_as_one_that_is_not_there(
    visitor: Client, experiment: Experiment
) -> None:
    first, _, hidden = scored_run(experiment, FIRST), scored_run(experiment, SECOND), scored_run(sums(2), "11")
    tab = reverse("experiments:experiment-compare", args=[experiment.uid])
    gone = "00000000-0000-4000-8000-000000000000"

    pages = [text_of(visitor, f"{tab}?a={first.uid}&b={uid}") for uid in (hidden.uid, gone)]

    bodies = [page[page.index("<main") : page.index("</main")].replace(str(hidden.uid), gone) for page in pages]
    assert bodies[0] == bodies[1]
    assert "The address names a candidate that is not there" in bodies[0]
    assert hidden.experiment.name not in pages[0]


def test_scorers_of_one_experiment_alone_are_named(visitor: Client, experiment: Experiment, later: Experiment) -> None:
    declared = [ScorerDeclaration("correct", "exact_match"), ScorerDeclaration("shape", "json_valid")]
    declare_scorers(experiment=later, declarations=declared, by=None)

    found = text_of(visitor, address(scored_run(experiment, FIRST), scored_run(later, "010010101")))

    assert "Left out, not in both with the same name, kind and range: shape." in found


def test_experiments_without_a_scorer_in_common_say_what_to_do(
    visitor: Client, experiment: Experiment, later: Experiment
) -> None:
    first, second = scored_run(experiment, FIRST), scored_run(later, "010010101")
    later.scorers.update(name="other")

    found = text_of(visitor, address(first, second))

    assert "have no weighted scorer in common: give both one with the same name, kind and range." in found
    assert f'<optgroup label="{later}">' in found


def test_runs_before_and_after_another_version_are_compared_in_one_experiment(
    visitor: Client, experiment: Experiment
) -> None:
    former = scored_run(experiment, FIRST)
    experiment.dataset_version = over_next_version(experiment, removed="sum-9").dataset_version
    experiment.save()
    newest = scored_run(experiment, "1" * 9)

    found = text_of(visitor, address(newest, former))

    assert "2 better, 0 worse, 7 same; 9 of 10 matched." in found
    assert '<optgroup label="Not on the board">' in found
    assert f"{former.candidate} · {former.case_list.dataset_version}" in found


def test_runs_over_one_input_each_are_unpaired_and_named_plainly(visitor: Client, experiment: Experiment) -> None:
    runs = []
    for number in (1, 2):
        cases = freeze_ad_hoc_case(experiment, f"{number} + 1 = ?")
        candidate = CandidateFactory(experiment=experiment, name=f"model-{number}")
        run = RunFactory(candidate=candidate, case_list=cases, is_ad_hoc=True)
        runs.append(ended(score_all(run, {0: 1.0})))

    found = text_of(visitor, address(*runs))

    assert "<bdi>model-1</bdi> and <bdi>model-2</bdi> cannot be told apart" in found
    assert "unpaired: 1 item against 1 other." in found


def test_two_experiments_lead_to_the_best_of_each(visitor: Client, experiment: Experiment, later: Experiment) -> None:
    best, _ = scored_run(experiment, FIRST), scored_run(experiment, SECOND)
    _, best_later = scored_run(later, "000000000"), scored_run(later, "010010101")

    answer = visitor.get(reverse("experiments:experiment-pair"), {"a": experiment.uid, "b": later.uid})

    assert (answer.status_code, answer["Location"]) == (302, address(best, best_later))
    assert "Each is the best complete candidate of its experiment" in text_of(visitor, answer["Location"])


def test_experiment_without_a_score_is_named_instead_of_compared(visitor: Client, experiment: Experiment) -> None:
    scored_run(experiment, FIRST)
    fresh = ExperimentFactory(project=experiment.project)

    answer: Any = visitor.get(
        reverse("experiments:experiment-pair"), {"a": experiment.uid, "b": fresh.uid}, follow=True
    )

    assert f"{fresh} has no candidate with a score yet: start it, then compare." in answer.content.decode()


@pytest.mark.parametrize("other", ["", "x", "hidden"])
def test_pair_with_an_experiment_that_is_not_mine_is_a_404(visitor: Client, experiment: Experiment, other: str) -> None:
    uid = sums(2).uid if other == "hidden" else other

    answer = visitor.get(reverse("experiments:experiment-pair"), {"a": experiment.uid, "b": uid})

    assert answer.status_code == 404


def test_compare_over_two_experiments_asks_as_often_for_many_runs_as_for_one(
    visitor: Client, experiment: Experiment, later: Experiment
) -> None:
    pair = [scored_run(experiment, FIRST), scored_run(later, "010010101")]

    with CaptureQueriesContext(connection) as for_few:
        text_of(visitor, address(*pair))
    _ = [scored_run(one, "1" * items) for one, items in ((experiment, 10), (later, 9)) for _ in range(5)]
    with CaptureQueriesContext(connection) as for_many:
        text_of(visitor, address(*pair))

    assert len(for_few) == len(for_many)
