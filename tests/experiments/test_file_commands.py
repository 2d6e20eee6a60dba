"""`evalsite init`, `schema`, `export` and `leaderboard`: what they print can be used."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command

from evalsite.commands import CommandFailed
from experiments.actions import ActionRefused, declare_experiment, freeze_dataset
from experiments.files.declared_form import declared_form
from experiments.files.experiment_file import ExperimentFile, load, read_text
from experiments.files.writing import to_yaml
from experiments.models import Candidate, Experiment, Project, Provider
from experiments.named import experiment_named
from runs.actions import start_experiment
from runs.models import Run
from tests.factories import ExperimentFactory, RunFactory

FILE = """
experiment: capitals
description: "two\\nlines"
tags: [nightly]
vars: {language: English, level: '1'}
dataset:
  name: capitals
  items:
    - {key: a, input: {question: France?}, expected: Paris, tags: [easy]}
    - {key: b, input: {question: Peru?}, expected: [Lima, lima], split: test}
  select: {limit: 1}
providers:
  local: {kind: openai, base_url: "http://127.0.0.1:9/v1", max_in_flight: 3, prices: {small: {input: 0.5, output: 1}}}
  gateway: {kind: openai, base_url: "http://127.0.0.1:9/v1", headers: {X-Team: canary-value}}
prompts:
  short: "{{ vars.language }}: {{ question }}"
  careful: [{role: system, content: "be careful\\n"}, {role: user, content: "{{ question }}"}]
candidates:
  - {provider: local, model: small, prompt: short, params: {temperature: 0.5, stop: ["1e5"]}}
  - {provider: gateway, model: large, prompt: careful, name: thinking}
baseline: thinking
scorers:
  - {kind: exact_match, name: correct, extract: '^A: ?(.*)$', ignore: [","], weight: 2, pass: 1}
  - {kind: latency, name: speed, range_ms: [0, 5000], weight: 0.5}
  - {kind: person, name: helpful, scale: [1, 5], labels: {1: bad, 5: good}}
scoring: {errors: zero}
trials: 2
reuse: false
timeout_s: 9.5
max_errors: 1%
"""


def run(name: str, *arguments: str) -> str:
    """Return what a command prints."""
    output = io.StringIO()
    call_command(name, *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def read(text: str) -> ExperimentFile:
    return read_text(text, path="again.yaml", folder=Path("/"), environ={})


@pytest.fixture
def declared(db: None) -> Experiment:
    """The experiment of FILE, started."""
    project = Project.objects.create(name="default")
    experiment = declare_experiment(file=read(FILE), project=project, by=None).experiment
    start_experiment(experiment=experiment, by=None)
    return experiment


def facts() -> dict[str, Any]:
    """Return what running a file again must leave as it is."""
    return {
        "candidates": list(Candidate.objects.listed().values_list("name", "config_hash", "params")),
        "runs": list(Run.objects.order_by("pk").values_list("pk", "config_hash", "case_list", "planned_count")),
        "providers": list(Provider.objects.order_by("name").values("name", "headers", "prices", "max_in_flight")),
        "experiment": Experiment.objects.values(
            "description", "tags", "variables", "trials", "errors_policy", "item_limit", "timeout_s", "max_errors"
        ).get(),
        "revisions": list(
            Experiment.objects.order_by("scorers__name").values_list(
                "scorers__name", "scorers__revision", "scorers__weight", "scorers__range_low", "scorers__pass_value"
            )
        ),
    }


def test_export_run_again_changes_nothing(declared: Experiment) -> None:
    before = facts()

    again = declare_experiment(file=read(run("export", "capitals")), project=declared.project, by=None)
    start_experiment(experiment=again.experiment, by=None)

    assert facts() == before
    assert (again.experiment.pk, again.added, again.removed, again.revised) == (declared.pk, [], [], [])
    assert again.experiment.baseline is not None
    assert again.experiment.baseline.name == "thinking"


def test_export_of_an_export_is_the_same_text(declared: Experiment) -> None:
    first = run("export", "capitals")

    assert to_yaml(read(first)) == first


def test_export_holds_no_value_of_a_header(declared: Experiment) -> None:
    assert "canary-value" not in run("export", "capitals")


@pytest.mark.django_db
def test_export_of_an_experiment_without_a_dataset_is_refused() -> None:
    ExperimentFactory(name="ad hoc")

    with pytest.raises(CommandFailed, match="has no dataset"):
        run("export", "ad hoc")


def test_export_names_the_version_of_the_dataset(declared: Experiment) -> None:
    freeze_dataset(dataset=declared.dataset_version.dataset, by=None)  # type: ignore[union-attr]

    assert declared_form(declared).dataset.number == 1


@pytest.mark.django_db
def test_experiment_of_an_unknown_name_is_refused_with_the_nearest() -> None:
    ExperimentFactory(name="capitals")

    with pytest.raises(ActionRefused, match='did you mean "capitals"'):
        experiment_named("capitols")


@pytest.mark.django_db
def test_experiment_of_two_projects_needs_the_project() -> None:
    first, second = ExperimentFactory(name="same"), ExperimentFactory(name="same")

    with pytest.raises(ActionRefused, match="add --project"):
        experiment_named("same")
    assert experiment_named("same", second.project.name) == second
    assert experiment_named("same", first.project.name) == first


def test_init_writes_a_file_that_loads(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"

    shown = run("init", str(file))

    assert load(file).candidates
    assert f"evalsite run {file}" in shown


def test_init_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("mine")

    with pytest.raises(CommandFailed, match="is there already") as failed:
        run("init", str(file))

    assert (failed.value.returncode, file.read_text()) == (2, "mine")


def test_init_into_no_directory_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot be written"):
        run("init", str(tmp_path / "none" / "mine.yaml"))


def test_init_prints_where_asked() -> None:
    assert read(run("init", "-")).candidates


def test_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(run("schema")))


@pytest.mark.django_db
def test_leaderboard_is_printed_as_table_and_json() -> None:
    shown = RunFactory().experiment

    table, board = run("leaderboard", shown.name), json.loads(run("leaderboard", shown.name, "--json"))

    assert "score" in table
    assert (board["experiment"], board["total"]) == (shown.name, 0)
