"""Candidates: told apart by name and configuration; their configurations as runs store them."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionRefused, add_candidate, remove_candidate, set_baseline
from experiments.configs import config_of, hash_of
from experiments.models import Candidate, Experiment
from tests.factories import CandidateFactory, ExperimentFactory, PromptVersionFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment without candidates."""
    return ExperimentFactory()


def candidate_values(experiment: Experiment, **others: Any) -> dict[str, Any]:
    """Return what a candidate of the experiment is made of."""
    return {
        "experiment": experiment,
        "name": "small",
        "provider": ProviderFactory(project=experiment.project),
        "model": "model-s",
        "prompt_version": PromptVersionFactory(prompt__project=experiment.project),
        "by": None,
        **others,
    }


def test_add_candidate_leaves_out_parameters_that_are_none(experiment: Experiment) -> None:
    values = candidate_values(experiment, params={"temperature": 0, "top_p": None})

    candidate = add_candidate(**values)

    assert candidate.params == {"temperature": 0}
    assert candidate.config_hash == hash_of(config_of(candidate))


def test_add_candidate_with_a_parameter_that_its_kind_of_provider_has_not_is_refused(experiment: Experiment) -> None:
    provider = ProviderFactory(project=experiment.project, kind="anthropic")

    with pytest.raises(ActionRefused, match=r"params.seed: is not taken .*\(kind: anthropic\)"):
        add_candidate(**candidate_values(experiment, provider=provider, params={"seed": 1}))


def test_add_candidate_of_the_same_configuration_is_refused(experiment: Experiment) -> None:
    values = candidate_values(experiment)
    add_candidate(**values)

    with pytest.raises(ActionRefused, match='"other" is the same candidate as "small"') as refusal:
        add_candidate(**values | {"name": "other"})

    assert refusal.value.field == "config"


def test_add_candidate_with_a_taken_name_is_refused(experiment: Experiment) -> None:
    values = candidate_values(experiment)
    add_candidate(**values)

    with pytest.raises(ActionRefused, match='there is a candidate "small" already') as refusal:
        add_candidate(**values | {"model": "model-l"})

    assert refusal.value.field == "name"


def test_add_candidate_that_was_taken_out_brings_it_back(experiment: Experiment) -> None:
    values = candidate_values(experiment)
    candidate = add_candidate(**values)
    remove_candidate(candidate=candidate, by=None)

    back = add_candidate(**values | {"name": "again"})

    assert (back, back.name, back.removed_at) == (candidate, "again", None)


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"model": ""}, "name"),
        ({"params": {"temperature": 3}}, "params"),
        ({"params": {"temprature": 0}}, "params"),
    ],
)
def test_add_candidate_with_unfit_values_names_the_field(
    experiment: Experiment, others: dict[str, Any], field: str
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        add_candidate(**candidate_values(experiment, **others))

    assert refusal.value.field == field


def test_add_candidate_with_a_provider_of_another_project_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ActionRefused, match="is no provider of"):
        add_candidate(**candidate_values(experiment, provider=ProviderFactory()))


def test_add_candidate_with_a_prompt_of_another_project_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ActionRefused, match="is no prompt of"):
        add_candidate(**candidate_values(experiment, prompt_version=PromptVersionFactory()))


def test_add_candidate_by_stranger_is_denied(experiment: Experiment, stranger: Any) -> None:
    with pytest.raises(PermissionDenied):
        add_candidate(**candidate_values(experiment, by=stranger))


def test_remove_candidate_keeps_the_row_and_frees_name_and_baseline() -> None:
    candidate = CandidateFactory()
    set_baseline(experiment=candidate.experiment, candidate=candidate, by=None)

    is_removed = remove_candidate(candidate=candidate, by=None)

    assert is_removed
    assert not Candidate.objects.listed().exists()
    assert Experiment.objects.get().baseline is None


def test_remove_candidate_that_was_out_says_so() -> None:
    candidate = CandidateFactory()
    remove_candidate(candidate=candidate, by=None)

    assert remove_candidate(candidate=candidate, by=None) is False


def test_set_baseline_to_a_candidate_that_was_taken_out_is_refused() -> None:
    candidate = CandidateFactory()
    remove_candidate(candidate=candidate, by=None)

    with pytest.raises(ActionRefused, match="is no candidate of"):
        set_baseline(experiment=candidate.experiment, candidate=candidate, by=None)


def test_set_baseline_to_a_candidate_of_another_experiment_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ActionRefused, match="is no candidate of"):
        set_baseline(experiment=experiment, candidate=CandidateFactory(), by=None)


def test_config_of_candidate_holds_what_the_hash_covers() -> None:
    candidate = CandidateFactory(model="model-s", params={"seed": 7})

    assert config_of(candidate) == {
        "kind": "openai",
        "base_url": "http://127.0.0.1:9/v1",
        "model": "model-s",
        "messages": [{"role": "user", "content": "{{ input }}"}],
        "params": {"seed": 7},
    }


def test_hash_of_config_does_not_cover_the_input_of_an_ad_hoc_run() -> None:
    config = config_of(CandidateFactory())

    assert hash_of(config) == hash_of({**config, "input_data": "France"})
