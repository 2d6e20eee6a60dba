"""Items' own checks: read from files, looked at when the scorer is declared, and exported again."""

import json
from pathlib import Path

import pytest

from experiments.actions import ActionRefused, declare_experiment, declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, Item, Project
from scoring.scorers.checks import Checks
from tests.experiments.declared_files import declared, problems_of
from tests.runs.planned import sums

CHECKS = [{"kind": "contains", "value": "Paris"}, {"kind": "regex", "value": "e+", "weight": 2}]
SCORERS = "[{kind: checks, name: rules}]"


def items(checks: str) -> str:
    return f"{{name: d, items: [{{key: fr, input: a, tags: [x], metadata: {{checks: {checks}}}}}, {{input: b}}]}}"


def test_load_keeps_the_checks_column_as_metadata(tmp_path: Path) -> None:
    quoted = json.dumps(CHECKS).replace('"', '""')
    (tmp_path / "items.csv").write_text(f'q,level,c\na,1,"{quoted}"\nb,2,\n')

    file = declared(
        tmp_path,
        dataset="{name: d, file: items.csv, input: q, metadata: [level], checks: c}",
        scorers=SCORERS,
    )

    assert file.dataset.rows is not None
    assert [row.metadata for row in file.dataset.rows] == [{"level": "1", "checks": CHECKS}, {"level": "2"}]


def test_load_takes_checks_of_items_in_the_file(tmp_path: Path) -> None:
    file = declared(tmp_path, dataset=items("[{kind: contains, value: 42}, {kind: json_valid}]"), scorers=SCORERS)

    assert file.dataset.rows is not None
    assert Checks.misfit(file.dataset.rows[0].metadata["checks"]) == ""


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        ("[{kind: contain}]", 'item "fr": checks[0].kind: there are exact_match, contains,'),
        ("[{kind: regex, value: '('}]", 'item "fr": checks[0]: pattern: Not a regular expression'),
        ("[]", 'no item that rules judges has "checks" in its metadata'),
    ],
)
def test_load_of_wrong_checks_names_the_item(tmp_path: Path, checks: str, sentence: str) -> None:
    (found,) = problems_of(tmp_path, dataset=items(checks), scorers=SCORERS)

    assert found.startswith(f"e.yaml:6: scorers[0].kind: {sentence}")


def test_load_leaves_checks_alone_that_a_condition_does_not_ask_for(tmp_path: Path) -> None:
    dataset = items("[{kind: contain}]").replace(
        "input: b", "input: b, tags: [y], metadata: {checks: [{kind: json_valid}]}"
    )

    file = declared(tmp_path, dataset=dataset, scorers="[{kind: checks, name: rules, when: {tags: y}}]")

    assert file.scorers[0].when == {"tags": ["y"]}


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums."""
    return sums(4)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("checks", "sentence"),
    [(None, "rules: no item that rules judges"), ([{"kind": "x"}], 'rules: item "sum-1": checks\\[0\\].kind')],
)
def test_declare_scorer_of_checks_on_a_version_looks_at_its_items(
    experiment: Experiment, checks: object, sentence: str
) -> None:
    Item.objects.filter(key="sum-1").update(metadata={"checks": checks})

    with pytest.raises(ActionRefused, match=sentence):
        declare_scorer(experiment=experiment, declaration=ScorerDeclaration("rules", "checks"), by=None)

    assert not experiment.scorers.filter(name="rules").exists()


@pytest.mark.django_db
def test_declare_experiment_with_checks_stores_them_with_the_items(tmp_path: Path, project: Project) -> None:
    file = declared(tmp_path, dataset=items(json.dumps(CHECKS)), scorers=SCORERS)

    experiment = declare_experiment(file=file, project=project, by=None).experiment

    assert Item.objects.get(key="fr").metadata == {"checks": CHECKS}
    assert experiment.scorers.get().kind == "checks"
