"""What is exported declares the same experiment again."""

from pathlib import Path
from typing import Any

import pytest

from experiments.actions import (
    ActionConflict,
    Declaration,
    add_candidate,
    declare_experiment,
    freeze_case_list,
    person_scorer,
    remove_candidate,
    save_prompt,
)
from experiments.files.declared_form import declared_form
from experiments.files.experiment_file import read_text
from experiments.files.writing import to_yaml
from experiments.models import Experiment, Project
from tests.factories import CandidateFactory, ExperimentFactory

pytestmark = pytest.mark.django_db

EVERYTHING = """
experiment: capitals
description: "Which model knows: Europe?"
tags: [nightly]
vars: {language: English, level: "010"}
dataset:
  name: capitals
  items:
    - {key: fr, input: France, expected: Paris, tags: [a], metadata: {checks: [{kind: contains, value: Paris}]}}
    - {key: pe, input: Peru, expected: Lima, tags: [a]}
  select: {tags: [a], limit: 1}
providers:
  local: {kind: openai, base_url: "http://127.0.0.1:9/v1", max_in_flight: 4, headers: {X-Team: evals}}
prompts:
  short: "{{ input }}?\\n"
  long: [{role: system, content: "In {{ vars.language }}."}, {role: user, content: "{{ input }}"}]
candidates:
  - {name: one, provider: local, model: small, prompt: short}
  - {name: two, provider: local, model: large, prompt: long, params: {temperature: 0, extra_body: {top_k: 20}}}
baseline: two
scorers:
  - {kind: exact_match, name: correct, extract: '^A: ?(.*)$', ignore: [",", " "], weight: 2, when: {tags: [a]}}
  - {kind: latency, name: speed, range_ms: [0, 5000], weight: 0.5, direction: lower_is_better}
  - {kind: person, name: helpful, scale: [1, 5], pass: 4}
  - {kind: checks, name: rules, when: {tags: [a]}}
require:
  - {candidate: one, scorer: rules, at_least: 0.5, on: every_item}
  - {metric: p95_ms, at_most: 400}
scoring: {errors: zero}
trials: 3
reuse: false
timeout_s: 9
max_errors: 1%
"""


def declare(text: str, project: Project) -> Declaration:
    """Declare what a text says."""
    file = read_text(text, path="capitals.yaml", folder=Path("/"), environ={})
    return declare_experiment(file=file, project=project, by=None)


def values_of(experiment: Experiment) -> dict[str, Any]:
    """Return every stored value of an experiment and what belongs to it, but for ids and times."""
    left_out = {"id", "uid", "created_at", "_state"}
    rows = [experiment, *experiment.candidates.all(), *experiment.scorers.all()]
    return {str(row): {name: value for name, value in vars(row).items() if name not in left_out} for row in rows}


def test_declared_form_of_everything_declares_it_again(project: Project) -> None:
    experiment = declare(EVERYTHING, project).experiment
    before = values_of(experiment)
    case_list = freeze_case_list(experiment)

    again = declare(to_yaml(declared_form(experiment)), project)

    assert (again.added, again.removed, again.revised) == ([], [], [])
    assert freeze_case_list(again.experiment) == case_list
    assert values_of(again.experiment) == before


def test_declared_form_of_an_older_version_stays_on_it(project: Project) -> None:
    experiment = declare(EVERYTHING, project).experiment
    text = to_yaml(declared_form(experiment))
    declare(EVERYTHING.replace("experiment: capitals", "experiment: newer").replace("Lima", "Cusco"), project)

    assert str(declare(text, project).experiment.dataset_version) == "capitals@1"


def test_declared_form_of_what_was_taken_out_leaves_it_out(project: Project) -> None:
    experiment = declare(EVERYTHING, project).experiment
    remove_candidate(candidate=experiment.candidates.get(name="two"), by=None)
    experiment.refresh_from_db()

    file = declared_form(experiment)

    assert [candidate.name for candidate in file.candidates] == ["one"]
    assert (list(file.prompts), file.baseline) == (["short"], "")


def test_declared_form_of_a_rated_experiment_has_the_scorer(project: Project) -> None:
    experiment = declare(EVERYTHING, project).experiment
    person_scorer(experiment=experiment, name="polite", by=None)

    again = declare(to_yaml(declared_form(experiment)), project)

    assert again.experiment.scorers.get(name="polite").removed_at is None


def test_declared_form_of_two_versions_of_a_prompt_names_both(project: Project) -> None:
    experiment = declare(EVERYTHING, project).experiment
    first = experiment.candidates.get(name="one")
    version = save_prompt(project=project, name="capitals/short", messages="{{ input }}!", by=None)
    add_candidate(
        experiment=experiment, name="three", provider=first.provider, model="small", prompt_version=version, by=None
    )
    hashes = set(experiment.candidates.values_list("config_hash", flat=True))

    file = declared_form(experiment)

    assert sorted(file.prompts) == ["long", "short", "short v2"]
    assert {
        candidate.config_hash for candidate in declare(to_yaml(file), project).experiment.candidates.all()
    } == hashes


def test_declared_form_of_an_experiment_without_dataset_is_refused() -> None:
    experiment = CandidateFactory(experiment=ExperimentFactory(name="ad hoc")).experiment

    with pytest.raises(ActionConflict, match="ad hoc has no dataset"):
        declared_form(experiment)


def test_declared_form_of_a_sample_declares_the_same_cases(project: Project) -> None:
    experiment = declare(EVERYTHING.replace("limit: 1", "sample: 1, seed: 3"), project).experiment
    case_list = freeze_case_list(experiment)

    written = to_yaml(declared_form(experiment))

    assert "sample: 1\n" in written
    assert freeze_case_list(declare(written, project).experiment) == case_list
    assert experiment.item_limit == 1
