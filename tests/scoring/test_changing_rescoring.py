"""Stored outputs scored again: no call, the former scores kept, the flips counted."""

from collections.abc import Iterator

import pytest

from experiments.actions import declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment
from runs.actions import start_experiment
from runs.lanes.foreground import Foreground
from runs.models import Run
from runs.simulator.server import Simulator
from scoring.boards.leaderboard import leaderboard
from scoring.changing.rescoring import Rescored, bring_up_to_date
from scoring.models import Score
from tests.provider import KEY, provider
from tests.runs.planned import candidate_at, sums

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = 4


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A provider whose key is in the environment."""
    monkeypatch.setenv("SIMULATED_API_KEY", KEY)
    with provider() as running:
        yield running


@pytest.fixture
def experiment(simulator: Simulator) -> Experiment:
    """An experiment whose one run is done, every answer right."""
    experiment = sums(ITEMS)
    candidate = candidate_at(experiment, simulator.url, model="right")
    type(candidate.provider).objects.update(api_key_env="SIMULATED_API_KEY", is_from_command_line=True)
    foreground = Foreground()
    runs = start_experiment(experiment=experiment, by=None, owner=foreground.owner).runs
    foreground.work([run.pk for run in runs])
    foreground.leave()
    return experiment


def revise(experiment: Experiment, **declared: object) -> None:
    """Declare a scorer of the experiment anew."""
    declare_scorer(experiment=experiment, declaration=ScorerDeclaration(**declared), by=None)


def test_bring_up_to_date_without_changes_judges_nothing(experiment: Experiment) -> None:
    assert bring_up_to_date(experiment) == Rescored(0, 0)


@pytest.mark.both
def test_bring_up_to_date_after_other_options_judges_all_again_and_counts_flips(
    experiment: Experiment, simulator: Simulator
) -> None:
    spec = experiment.scorers.get()
    revise(experiment, name=spec.name, kind="contains", options={"value": "nowhere to be found"})
    requests = simulator.stats.requests

    rescored = bring_up_to_date(experiment)

    assert rescored == Rescored(ITEMS, ITEMS)
    assert simulator.stats.requests == requests
    assert leaderboard(experiment).entries[0].weighted_score == 0.0


def test_bring_up_to_date_keeps_the_former_scores(experiment: Experiment) -> None:
    spec = experiment.scorers.get()
    revise(experiment, name=spec.name, kind="contains", options={"value": "nowhere to be found"})

    bring_up_to_date(experiment)

    revisions = Score.objects.of_run(Run.objects.get()).values_list("revision", flat=True)
    assert sorted(revisions) == [1] * ITEMS + [2] * ITEMS


def test_bring_up_to_date_with_another_scorer_judges_with_it_alone(experiment: Experiment) -> None:
    revise(experiment, name="digits", kind="regex", options={"pattern": r"\d"})

    rescored = bring_up_to_date(experiment)

    assert rescored == Rescored(ITEMS, 0)
    assert leaderboard(experiment).entries[0].scores["digits"].value == 1.0
