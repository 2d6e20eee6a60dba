"""Ad-hoc runs: one configuration over one input, made anew or taken from before."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionRefused
from experiments.models import Dataset, Experiment, Project, Provider
from runs.actions import AdHocConfig, start_ad_hoc
from runs.models import Run, RunStatus, WorkUnit
from tests.factories import ExperimentFactory, LaneFactory, ProviderFactory, ResultFactory
from tests.runs.planned import claimed

pytestmark = pytest.mark.django_db

MESSAGES = [{"role": "user", "content": "Say {{ input }}"}]


@pytest.fixture
def experiment(project: Project) -> Experiment:
    """An experiment of the team without a dataset."""
    return ExperimentFactory(project=project)


@pytest.fixture
def provider(project: Project) -> Provider:
    """A provider of the team."""
    return ProviderFactory(project=project)


def config(provider: Provider, **values: Any) -> AdHocConfig:
    """Return what an ad-hoc run asks for."""
    return AdHocConfig(
        **{"provider": provider, "model": "small", "messages": MESSAGES, "input_data": "cheese"} | values
    )


def completed(run: Run, outcome: str = "ok") -> Run:
    """Return the run, completed with a result of this outcome."""
    ResultFactory(run=run, outcome=outcome)
    run.begin()
    run.complete()
    return run


def test_start_ad_hoc_plans_one_result(experiment: Experiment, provider: Provider, editor: Any) -> None:
    run, is_reused = start_ad_hoc(experiment=experiment, config=config(provider), by=editor)

    assert (run.is_ad_hoc, run.planned_count, run.created_by, is_reused) == (True, 1, editor, False)
    assert [case.input for case in claimed(LaneFactory(), run).cases.values()] == ["cheese"]
    assert run.config["input_data"] == "cheese"


def test_start_ad_hoc_keeps_its_input_out_of_the_datasets(experiment: Experiment, provider: Provider) -> None:
    start_ad_hoc(experiment=experiment, config=config(provider), by=None)

    assert not Dataset.objects.listed().exists()


def test_start_ad_hoc_again_makes_a_new_run(experiment: Experiment, provider: Provider) -> None:
    first, _ = start_ad_hoc(experiment=experiment, config=config(provider), by=None)

    again, _ = start_ad_hoc(experiment=experiment, config=config(provider), by=None)

    assert (first.config_hash == again.config_hash, first.pk == again.pk) == (True, False)
    assert WorkUnit.objects.count() == 2


def test_start_ad_hoc_reusing_takes_a_completed_run(experiment: Experiment, provider: Provider) -> None:
    first = completed(start_ad_hoc(experiment=experiment, config=config(provider), by=None)[0])

    assert start_ad_hoc(experiment=experiment, config=config(provider), by=None, is_reusing=True) == (first, True)


@pytest.mark.parametrize(
    "values", [{"model": "large"}, {"input_data": "wine"}, {"params": {"temperature": 0}}, {"messages": MESSAGES * 2}]
)
def test_start_ad_hoc_reusing_takes_no_other_configuration(
    experiment: Experiment, provider: Provider, values: dict[str, Any]
) -> None:
    completed(start_ad_hoc(experiment=experiment, config=config(provider), by=None)[0])

    _, is_reused = start_ad_hoc(experiment=experiment, config=config(provider, **values), by=None, is_reusing=True)

    assert not is_reused


def test_start_ad_hoc_reusing_takes_no_unfinished_run(experiment: Experiment, provider: Provider) -> None:
    start_ad_hoc(experiment=experiment, config=config(provider), by=None)

    assert not start_ad_hoc(experiment=experiment, config=config(provider), by=None, is_reusing=True)[1]


def test_start_ad_hoc_reusing_takes_no_error(experiment: Experiment, provider: Provider) -> None:
    completed(start_ad_hoc(experiment=experiment, config=config(provider), by=None)[0], outcome="timeout")

    assert not start_ad_hoc(experiment=experiment, config=config(provider), by=None, is_reusing=True)[1]


def test_start_ad_hoc_with_a_template_that_does_not_fit_is_refused(experiment: Experiment, provider: Provider) -> None:
    with pytest.raises(ActionRefused):
        start_ad_hoc(experiment=experiment, config=config(provider, input_data={"a": "b"}), by=None)

    assert not Run.objects.exists()


def test_start_ad_hoc_by_a_viewer_is_denied(experiment: Experiment, provider: Provider, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        start_ad_hoc(experiment=experiment, config=config(provider), by=viewer)


def test_start_ad_hoc_begins_pending(experiment: Experiment, provider: Provider) -> None:
    run, _ = start_ad_hoc(experiment=experiment, config=config(provider), by=None)

    assert run.status == RunStatus.PENDING
