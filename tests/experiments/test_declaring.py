"""From an experiment file to rows: the same file again changes nothing, another one changes what it says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    Declaration,
    add_item,
    declare_experiment,
    person_scorer,
    project_named,
)
from experiments.blobs import default_store
from experiments.files.experiment_file import read_text
from experiments.models import Candidate, Dataset, Experiment, Project, PromptVersion, Provider, ScorerRevision
from tests.factories import ProviderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]

CAPITALS = """
experiment: capitals
description: Which model knows Europe?
tags: [nightly]
vars: {language: English}
dataset:
  name: capitals
  items: [{key: fr, input: France, expected: Paris}, {key: pe, input: Peru, expected: Lima, tags: [south]}]
  select: {tags: [south]}
providers: {local: LOCAL}
prompts: {short: "{{ input }}?", long: "The capital of {{ input }} in {{ vars.language }}?"}
candidates:
  - {name: one, provider: local, model: small, prompt: short}
  - {name: two, provider: local, model: large, prompt: long, params: {temperature: 0}}
baseline: two
scorers:
  - {kind: contains, name: correct, weight: 2}
  - {kind: person, name: helpful, scale: [1, 5]}
scoring: {errors: zero}
trials: 3
timeout_s: 9
max_errors: 1%
"""
DATASET = CAPITALS[CAPITALS.index("dataset:") : CAPITALS.index("providers:")]
LOCAL = '{kind: openai, base_url: "http://127.0.0.1:9/v1", max_in_flight: 4}'
CAPITALS = CAPITALS.replace("LOCAL", LOCAL)
Declare = Callable[..., Declaration]


@pytest.fixture
def declare(project: Project, tmp_path: Path) -> Declare:
    """Declare the file above with pieces of its text replaced."""

    def with_changes(*changes: tuple[str, str], by: Any = None) -> Declaration:
        text = CAPITALS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = read_text(text, path="capitals.yaml", folder=tmp_path, environ={})
        return declare_experiment(file=file, project=project, by=by)

    return with_changes


def test_declare_experiment_stores_what_the_file_says(declare: Declare, editor: Any) -> None:
    experiment = declare(by=editor).experiment

    assert (experiment.name, experiment.description, experiment.tags) == (
        "capitals",
        "Which model knows Europe?",
        ["nightly"],
    )
    assert (experiment.selection, experiment.variables) == ({"tags": ["south"]}, {"language": "English"})
    assert (experiment.trials, experiment.timeout_s, experiment.max_errors) == (3, 9.0, "1%")
    assert (experiment.errors_policy, experiment.is_reusing, experiment.created_by) == ("zero", True, editor)
    assert str(experiment.dataset_version) == "capitals@1"


def test_declare_experiment_stores_candidates_with_prompts_and_baseline(declare: Declare) -> None:
    experiment = declare().experiment

    one, two = experiment.candidates.all()
    assert (one.name, one.model, one.params) == ("one", "small", {})
    assert one.prompt_version.messages == [{"role": "user", "content": "{{ input }}?"}]
    assert (two.name, two.model, two.params) == ("two", "large", {"temperature": 0})
    assert experiment.baseline == two


def test_declare_experiment_stores_scorers_with_options(declare: Declare) -> None:
    correct, helpful = declare().experiment.scorers.all()

    assert (correct.kind, correct.weight, correct.range_low, correct.range_high) == ("contains", 2.0, 0.0, 1.0)
    assert (helpful.kind, helpful.weight, helpful.range_low, helpful.range_high) == ("person", 0.0, 1.0, 5.0)
    assert helpful.revisions.get().options["scale"] == [1.0, 5.0]


def test_declare_experiment_without_baseline_takes_the_first_candidate(declare: Declare) -> None:
    assert str(declare(("baseline: two", "")).experiment.baseline) == "one"


def test_declare_experiment_again_changes_nothing(declare: Declare) -> None:
    first = declare()

    again = declare()

    assert (again.experiment, again.added, again.removed, again.revised) == (first.experiment, [], [], [])
    assert again.experiment.dataset_version == first.experiment.dataset_version
    assert (Candidate.objects.count(), PromptVersion.objects.count(), ScorerRevision.objects.count()) == (2, 2, 2)


def test_declare_experiment_with_other_rows_moves_to_a_new_version(declare: Declare) -> None:
    declare()

    experiment = declare(("expected: Lima", "expected: [Lima, Ciudad de los Reyes]")).experiment

    assert str(experiment.dataset_version) == "capitals@2"


def test_declare_experiment_with_a_changed_prompt_replaces_the_candidate(declare: Declare) -> None:
    declare()

    declaration = declare(('"{{ input }}?"', '"{{ input }}!"'))

    assert (declaration.added, declaration.removed) == (["one"], ["one"])
    assert declaration.notes == ["not in the file any more, runs kept: one"]


def test_declare_experiment_with_a_candidate_taken_out_and_back_keeps_its_row(declare: Declare) -> None:
    first = declare().experiment.candidates.get(name="one")
    without = declare(("  - {name: one, provider: local, model: small, prompt: short}\n", ""))

    back = declare()

    assert (without.removed, back.added) == (["one"], ["one"])
    assert back.experiment.candidates.listed().get(name="one") == first


def test_declare_experiment_may_swap_names(declare: Declare) -> None:
    declare()

    declaration = declare(("name: one", "name: x"), ("name: two", "name: one"), ("name: x", "name: two"))

    assert (declaration.added, declaration.removed) == ([], [])
    assert declaration.experiment.candidates.get(name="one").model == "large"


def test_declare_experiment_with_changed_options_makes_a_revision(declare: Declare) -> None:
    declare()

    declaration = declare(("name: correct,", "name: correct, ignore_case: true,"))

    assert declaration.revised == ["correct"]
    assert declaration.experiment.scorers.get(name="correct").revision == 2


def test_declare_experiment_with_another_weight_makes_no_revision(declare: Declare) -> None:
    declare()

    declaration = declare(("weight: 2", "weight: 3"))

    assert declaration.revised == []
    assert declaration.experiment.scorers.get(name="correct").weight == 3.0


def test_declare_experiment_without_a_scorer_takes_it_out(declare: Declare) -> None:
    declare(("weight: 2}", "weight: 2}\n  - {kind: regex, name: shape, pattern: '^L'}"))

    experiment = declare().experiment

    assert experiment.scorers.get(name="shape").removed_at is not None


def test_declare_experiment_keeps_scorers_that_ratings_made(declare: Declare) -> None:
    rated = person_scorer(experiment=declare().experiment, name="polite", by=None)

    declare()

    rated.refresh_from_db()
    assert rated.removed_at is None


def test_declare_experiment_brings_a_provider_to_what_the_file_says(declare: Declare) -> None:
    declare()

    declare(("max_in_flight: 4", "max_in_flight: 8"))

    provider = Provider.objects.get()
    assert (provider.max_in_flight, provider.is_from_command_line) == (8, True)


def test_declare_experiment_uses_a_provider_of_the_site(declare: Declare, project: Project) -> None:
    gateway = ProviderFactory(project=project, name="gateway")

    experiment = declare((LOCAL, "{use: gateway}")).experiment

    assert {candidate.provider for candidate in experiment.candidates.all()} == {gateway}


def test_declare_experiment_with_an_unknown_provider_changes_nothing(declare: Declare) -> None:
    with pytest.raises(ActionRefused, match='there is no provider "gateway" in team'):
        declare((LOCAL, "{use: gateway}"))

    assert not Experiment.objects.exists()


def test_declare_experiment_with_recorded_outputs_keeps_the_file(declare: Declare, tmp_path: Path) -> None:
    (tmp_path / "outputs.jsonl").write_text('{"id": "fr", "answer": "Paris"}\n')

    declare((LOCAL, "{kind: replay, file: outputs.jsonl, key: id, output: answer}"))

    blob = Provider.objects.get().base_url.removeprefix("blob:")
    assert default_store().path(blob).read_bytes() == b'{"id": "fr", "answer": "Paris"}\n'
    assert Provider.objects.get().address == "outputs.jsonl"


def test_declare_experiment_with_an_endpoint_after_recorded_outputs_shows_its_url(
    declare: Declare, tmp_path: Path
) -> None:
    (tmp_path / "outputs.jsonl").write_text('{"id": "fr", "answer": "Paris"}\n')
    declare((LOCAL, "{kind: replay, file: outputs.jsonl, key: id, output: answer}"))

    declare()

    provider = Provider.objects.get()
    assert provider.address == provider.base_url
    assert provider.base_url.startswith("http")


def test_declare_experiment_over_a_version_of_the_site_takes_it(declare: Declare) -> None:
    declare()
    declare(("expected: Lima", "expected: Cusco"))

    experiment = declare((DATASET, "dataset: capitals@1\n")).experiment

    assert str(experiment.dataset_version) == "capitals@1"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("rivers", 'there is no dataset "rivers" in team'),
        ("empty", "empty has no frozen version"),
        ("capitals@7", "capitals has no version 7"),
    ],
)
def test_declare_experiment_over_an_unknown_version_is_refused(
    declare: Declare, project: Project, written: str, sentence: str
) -> None:
    declare()
    Dataset.objects.create(project=project, name="empty")

    with pytest.raises(ActionRefused, match=sentence):
        declare((DATASET, f"dataset: {written}\n"))


def test_declare_experiment_over_an_edited_draft_conflicts(declare: Declare) -> None:
    declare()
    add_item(dataset=Dataset.objects.get(), content={"key": "de", "input": "Germany"}, by=None)

    with pytest.raises(ActionConflict, match="capitals has a draft with edits"):
        declare(("expected: Lima", "expected: Cusco"))


def test_declare_experiment_by_viewer_is_denied(declare: Declare, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        declare(by=viewer)


def test_project_named_default_is_made_at_first_use() -> None:
    assert project_named("default") == project_named("default") == Project.objects.get()


def test_project_named_otherwise_must_exist() -> None:
    with pytest.raises(ActionRefused, match='there is no project "teem"'):
        project_named("teem")


def test_declare_without_a_budget_keeps_the_one_that_was_set_elsewhere(declare: Declare) -> None:
    experiment = declare(("max_errors: 1%", "max_errors: 1%\nbudget: 5")).experiment
    Experiment.objects.filter(pk=experiment.pk).update(budget_usd=8)

    kept = declare().experiment.budget_usd

    assert kept == 8


def test_experiment_of_the_longest_name_has_prompts_of_their_own_names(declare: Declare) -> None:
    name = "e" * 200

    made = declare(("experiment: capitals", f"experiment: {name}")).experiment

    prompts = {candidate.prompt_version.prompt.name for candidate in made.candidates.listed()}
    assert made.name == name
    assert {len(prompt) for prompt in prompts} == {200}
    assert len(prompts) == 2


@pytest.mark.parametrize("tags", [", ".join(f"t{number}" for number in range(51)), "x" * 101])
def test_declare_with_tags_that_do_not_fit_makes_nothing(declare: Declare, tags: str) -> None:
    with pytest.raises(ActionRefused, match="tags are at most 50 texts of 1 to 100 characters"):
        declare(("tags: [nightly]", f"tags: [{tags}]"))

    assert not Experiment.objects.exists()
