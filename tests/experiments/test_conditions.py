"""Which items a scorer judges."""

from typing import Any

import pytest

from experiments.actions import ActionRefused, declare_scorer
from experiments.conditions import Condition
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, Item
from tests.runs.planned import sums

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums, the first of which bears tags and is in a split."""
    experiment = sums(4)
    Item.objects.filter(key="sum-0").update(tags="|json|long|", split="test")
    return experiment


def declare(experiment: Experiment, when: dict[str, Any], kind: str = "exact_match") -> bool:
    """Declare the scorer of the experiment with this condition; return whether its former verdicts are replaced."""
    declaration = ScorerDeclaration("correct", kind, when=when)
    return declare_scorer(experiment=experiment, declaration=declaration, by=None)[1]


@pytest.mark.parametrize(
    ("written", "tags", "split", "holds"),
    [
        ({}, (), "", True),
        ({"tags": ["a"]}, ("a", "b"), "", True),
        ({"tags": ["a", "b"]}, ("a",), "", False),
        ({"tags": "a"}, ("a",), "test", True),
        ({"split": "test"}, (), "test", True),
        ({"split": "test"}, (), "", False),
        ({"tags": ["a"], "split": "test"}, ("a",), "train", False),
    ],
)
def test_condition_asks_for_every_tag_and_the_split(
    written: dict[str, Any], tags: tuple[str, ...], split: str, *, holds: bool
) -> None:
    assert Condition.of(written).holds(tags, split) is holds


@pytest.mark.parametrize("written", [{}, {"tags": ["a"]}, {"split": "test"}, {"tags": ["a", "b"], "split": "x"}])
def test_condition_is_stored_as_it_was_written(written: dict[str, Any]) -> None:
    assert Condition.of(written).as_json() == written


@pytest.mark.both
@pytest.mark.parametrize(
    "written", [{"tags": ["json"]}, {"split": "test"}, {"tags": ["long", "json"], "split": "test"}]
)
def test_condition_chooses_the_rows_that_it_holds_for(experiment: Experiment, written: dict[str, Any]) -> None:
    condition = Condition.of(written)

    chosen = Item.objects.filter(condition.query())

    assert [item.key for item in chosen] == ["sum-0"]
    assert [item.key for item in Item.objects.all() if condition.holds(item.tag_list, item.split)] == ["sum-0"]
    assert experiment.scorers.count() == 1


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ({"tag": "json"}, 'there is no "tag"'),
        ({"tags": [1]}, "tags is a list of texts"),
        ({"tags": {"a": 1}}, "tags is a list of texts"),
        ({"split": 3}, "split is a text"),
        ({"tags": ["jsn"]}, "no item of"),
        ({"tags": ["json"], "split": "train"}, "no item of"),
    ],
)
def test_declare_scorer_with_a_wrong_condition_is_refused(
    experiment: Experiment, when: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ActionRefused, match=sentence) as refused:
        declare(experiment, when)

    assert refused.value.field == "when"
    assert experiment.scorers.get().when == {}


def test_declare_scorer_with_another_condition_makes_a_revision(experiment: Experiment) -> None:
    changes = [
        declare(experiment, {"tags": ["json"]}),
        declare(experiment, {"tags": ["json"]}),
        declare(experiment, {}),
    ]

    assert changes == [True, False, True]
    assert experiment.scorers.get().revision == 3


def test_declare_scorer_of_people_with_another_condition_keeps_what_they_said(experiment: Experiment) -> None:
    declare(experiment, {}, "person")
    revision = experiment.scorers.get().revision

    declare(experiment, {"tags": ["json"]}, "person")

    assert experiment.scorers.get().revision == revision
