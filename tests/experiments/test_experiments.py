"""Making experiments, their scorers and weights."""

import math
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    create_experiment,
    declare_scorer,
    person_scorer,
    set_weights,
)
from experiments.actions.scorers import MOST_SCORERS
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, Project, ScorerSpec
from tests.factories import DatasetVersionFactory, ExperimentFactory, ScorerSpecFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(project: Project) -> Experiment:
    """An experiment of the project, without scorers."""
    return ExperimentFactory(project=project)


def declared(experiment: Experiment, name: str, kind: str, **others: Any) -> ScorerSpec:
    """Return the scorer that this declaration makes."""
    return declare_scorer(experiment=experiment, declaration=ScorerDeclaration(name, kind, **others), by=None)[0]


def weights_of(experiment: Experiment) -> dict[str, float]:
    """Return the stored weights by name."""
    return dict(experiment.scorers.values_list("name", "weight"))


def test_create_experiment_makes_it_with_its_scorers(project: Project, editor: Any) -> None:
    version = DatasetVersionFactory(dataset__project=project)

    experiment = create_experiment(
        project=project,
        name=" capitals ",
        description="Europe",
        dataset_version=version,
        trials=3,
        scorers=[ScorerDeclaration("correct", "contains", weight=2.0), ScorerDeclaration("helpful", "person")],
        by=editor,
    )

    assert (experiment.name, experiment.trials, experiment.created_by) == ("capitals", 3, editor)
    assert weights_of(experiment) == {"correct": 2.0, "helpful": 0.0}


def test_create_experiment_with_a_taken_name_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ActionRefused, match="there is an experiment") as refusal:
        create_experiment(project=experiment.project, name=experiment.name, by=None)

    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"trials": 0}, "trials"),
        ({"trials": 101}, "trials"),
        ({"scorers": [ScorerDeclaration("a", "contains"), ScorerDeclaration("a", "cost")]}, "scorers"),
        ({"scorers": [ScorerDeclaration("a", "magic")]}, "kind"),
    ],
)
def test_create_experiment_with_unfit_values_makes_nothing(
    project: Project, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        create_experiment(**{"project": project, "name": "capitals", "by": None, **values})

    assert refusal.value.field == field
    assert not Experiment.objects.exists()


def test_create_experiment_over_a_dataset_of_another_project_is_refused(project: Project) -> None:
    with pytest.raises(ActionRefused, match="is no dataset of team"):
        create_experiment(project=project, name="capitals", dataset_version=DatasetVersionFactory(), by=None)


def test_create_experiment_by_viewer_is_denied(project: Project, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        create_experiment(project=project, name="capitals", by=viewer)


@pytest.mark.parametrize(
    ("kind", "others", "expected"),
    [
        ("contains", {}, (1.0, 0.0, 1.0, True)),
        ("contains", {"weight": 0.5, "range": (0.0, 2.0)}, (0.5, 0.0, 2.0, True)),
        ("latency", {}, (0.0, None, None, False)),
        ("latency", {"range": (0.0, 5000.0), "weight": 1.0}, (1.0, 0.0, 5000.0, False)),
        ("latency", {"higher_is_better": True}, (0.0, None, None, True)),
        ("person", {}, (0.0, 0.0, 1.0, True)),
        ("person", {"options": {"scale": [1, 5]}}, (0.0, 1.0, 5.0, True)),
    ],
)
def test_declare_scorer_fills_in_what_the_kind_says(
    experiment: Experiment, kind: str, others: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    spec = declared(experiment, "scorer", kind, **others)

    assert (spec.weight, spec.range_low, spec.range_high, spec.higher_is_better) == expected


@pytest.mark.parametrize(
    ("declaration", "field"),
    [
        (ScorerDeclaration("Correct!", "contains"), "name"),
        (ScorerDeclaration("", "contains"), "name"),
        (ScorerDeclaration("a", "magic"), "kind"),
        (ScorerDeclaration("a", "contains", options={"ignorecase": True}), "options"),
        (ScorerDeclaration("a", "latency", weight=1.0), "weight"),
        (ScorerDeclaration("a", "latency", range=(5.0, 5.0)), "range"),
        (ScorerDeclaration("a", "latency", range=(0.0, math.inf)), "range"),
        (ScorerDeclaration("a", "contains", weight=-1.0), "weight"),
        (ScorerDeclaration("a", "contains", weight=math.nan), "weight"),
        (ScorerDeclaration("a", "contains", weight=math.inf), "weight"),
    ],
)
def test_declare_scorer_with_unfit_values_names_the_field(
    experiment: Experiment, declaration: ScorerDeclaration, field: str
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        declare_scorer(experiment=experiment, declaration=declaration, by=None)

    assert refusal.value.field == field


def test_declare_scorer_with_other_options_makes_a_revision(experiment: Experiment, editor: Any) -> None:
    declared(experiment, "correct", "contains")
    changed = ScorerDeclaration("correct", "contains", options={"ignore_case": True})

    spec, is_revised = declare_scorer(experiment=experiment, declaration=changed, by=editor)

    newest = spec.revisions.get(number=2)
    assert (is_revised, spec.revision, newest.created_by) == (True, 2, editor)
    assert newest.options["ignore_case"] is True
    assert spec.revisions.get(number=1).options["ignore_case"] is False


def test_declare_scorer_of_another_kind_makes_a_revision(experiment: Experiment) -> None:
    declared(experiment, "quick", "latency")

    spec = declared(experiment, "quick", "cost")

    assert (spec.kind, spec.revision) == ("cost", 2)


def test_declare_scorer_with_equal_options_makes_no_revision(experiment: Experiment) -> None:
    declared(experiment, "correct", "contains")
    again = ScorerDeclaration("correct", "contains", weight=3.0)

    spec, is_revised = declare_scorer(experiment=experiment, declaration=again, by=None)

    assert (is_revised, spec.revision, spec.weight) == (False, 1, 3.0)


def test_set_weights_changes_the_named_ones(experiment: Experiment, editor: Any) -> None:
    declared(experiment, "correct", "contains")
    declared(experiment, "helpful", "person")

    set_weights(experiment=experiment, weights={"helpful": 2}, by=editor)

    assert weights_of(experiment) == {"correct": 1.0, "helpful": 2.0}


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"unknown": 1}, 'there is no scorer "unknown"; there are: correct, speed'),
        ({"gone": 1}, 'there is no scorer "gone"'),
        ({"correct": -1}, "the weight of correct is a number of at least 0"),
        ({"correct": math.nan}, "the weight of correct is a number"),
        ({"correct": math.inf}, "the weight of correct is a number"),
        ({"correct": True}, "the weight of correct is a number"),
        ({"correct": "1"}, "the weight of correct is a number"),
        ({"correct": None}, "the weight of correct is a number"),
        ({"correct": 10**400}, "the weight of correct is a number"),
        ({"correct": 0}, "one weight at least is above 0"),
        ({"correct": 2, "speed": 1}, "speed needs a range before it may carry a weight"),
    ],
)
def test_set_weights_that_do_not_fit_changes_none(
    experiment: Experiment, weights: dict[str, Any], sentence: str
) -> None:
    declared(experiment, "correct", "contains")
    declared(experiment, "speed", "latency")
    ScorerSpecFactory(experiment=experiment, name="gone", removed_at=experiment.created_at)

    with pytest.raises(ActionRefused, match=sentence) as refusal:
        set_weights(experiment=experiment, weights=weights, by=None)

    assert refusal.value.field == "weights"
    assert weights_of(experiment) == {"correct": 1.0, "speed": 0.0, "gone": 1.0}


def test_set_weights_by_viewer_is_denied(experiment: Experiment, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        set_weights(experiment=experiment, weights={}, by=viewer)


def test_person_scorer_of_an_unknown_name_is_made_without_weight(experiment: Experiment, editor: Any) -> None:
    declared(experiment, "correct", "contains")

    spec = person_scorer(experiment=experiment, name="helpful", by=editor)

    assert (spec.kind, spec.weight, spec.range_low, spec.range_high) == ("person", 0.0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["new", "gone"])
def test_person_scorer_that_there_is_not_is_no_viewers_to_make(experiment: Experiment, viewer: Any, name: str) -> None:
    declared(experiment, "correct", "contains")
    declared(experiment, "helpful", "person")
    ScorerSpecFactory(experiment=experiment, name="gone", kind="person", removed_at=experiment.created_at)

    with pytest.raises(PermissionDenied, match=f'People rate helpful here: "{name}" is added by an editor or owner'):
        person_scorer(experiment=experiment, name=name, by=viewer)

    assert list(experiment.scorers.filter(removed_at=None).values_list("name", flat=True)) == ["correct", "helpful"]
    assert person_scorer(experiment=experiment, name="helpful", by=viewer).name == "helpful"


def test_person_scorer_that_there_is_not_has_a_sentence_where_there_is_none(
    experiment: Experiment, viewer: Any
) -> None:
    with pytest.raises(PermissionDenied, match="Nothing is rated by people here yet"):
        person_scorer(experiment=experiment, name="new", by=viewer)


def test_person_scorer_of_an_experiment_without_weights_has_weight(experiment: Experiment) -> None:
    declared(experiment, "speed", "latency")

    assert person_scorer(experiment=experiment, name="helpful", by=None).weight == 1.0


def test_person_scorer_that_exists_comes_back_as_it_is(experiment: Experiment) -> None:
    spec = declared(experiment, "helpful", "person", weight=2.0, options={"scale": [1, 5]})

    found = person_scorer(experiment=experiment, name="helpful", by=None)

    assert (found, found.weight, found.range_high) == (spec, 2.0, 5.0)


def test_person_scorer_that_was_taken_out_comes_back_without_weight(experiment: Experiment) -> None:
    ScorerSpecFactory(experiment=experiment, name="helpful", kind="person", removed_at=experiment.created_at)

    found = person_scorer(experiment=experiment, name="helpful", by=None)

    assert (found.removed_at, found.weight) == (None, 0.0)


def test_person_scorer_with_the_name_of_a_code_scorer_conflicts(experiment: Experiment) -> None:
    declared(experiment, "correct", "contains")

    with pytest.raises(ActionConflict, match=r"correct is scored by code \(contains\)"):
        person_scorer(experiment=experiment, name="correct", by=None)


def test_person_scorer_with_no_proper_name_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ActionRefused):
        person_scorer(experiment=experiment, name="So helpful!", by=None)


def test_person_scorer_by_stranger_is_denied(experiment: Experiment, stranger: Any) -> None:
    with pytest.raises(PermissionDenied):
        person_scorer(experiment=experiment, name="helpful", by=stranger)


def test_experiment_of_too_many_scorers_is_refused_whole(project: Project) -> None:
    many = [ScorerDeclaration(f"s-{number}", "person") for number in range(MOST_SCORERS + 1)]

    with pytest.raises(ActionRefused, match="there are 101 scorers: an experiment has at most 100") as refusal:
        create_experiment(project=project, name="many", scorers=many, by=None)

    assert refusal.value.field == "scorers"
    assert not Experiment.objects.exists()


def test_scorer_that_would_be_one_too_many_is_refused_and_others_may_change(experiment: Experiment) -> None:
    ScorerSpecFactory.create_batch(MOST_SCORERS - 1, experiment=experiment, kind="person")
    last = declared(experiment, "last", "person")

    with pytest.raises(ActionRefused, match="at most 100 scorers"):
        declared(experiment, "more", "person")
    with pytest.raises(ActionRefused, match="at most 100 scorers"):
        person_scorer(experiment=experiment, name="more", by=None)
    assert declared(experiment, "last", "person", weight=2.0).pk == last.pk
