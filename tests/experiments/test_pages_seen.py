"""Two people in one form: whoever saves over the other's change is told first, and loses nothing."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Experiment, Provider, ScorerSpec
from tests.boards import experiment_in, run_of
from tests.factories import ProviderFactory

PLAN = {"trials": "1", "errors_policy": "exclude"}
PROVIDER = {"name": "gateway", "kind": "simulator", "max_in_flight": "7"}


@pytest.fixture
def experiment(project: Any) -> Experiment:
    made = experiment_in(project, items=2)
    run_of(made, ok_count=2)
    return made


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def marks(client: Client, address: str) -> list[str]:
    """Return the marks of the forms on a page."""
    return re.findall(r'name="seen" value="(\w+)"', client.get(address).content.decode())


def test_scorer_that_somebody_else_changed_is_not_overwritten_unseen(as_editor: Client, experiment: Experiment) -> None:
    address = reverse("experiments:scorer-detail", args=[experiment.uid, "correct"])
    mark = marks(as_editor, address)[0]
    ScorerSpec.objects.filter(experiment=experiment, name="correct").update(weight=5)

    answer = as_editor.post(address, {"kind": "latency", "weight": "3", "seen": mark})

    assert answer.status_code == 422
    assert "Somebody else changed this" in answer.content.decode()
    assert 'value="3"' in answer.content.decode()
    assert experiment.scorers.get(name="correct").weight == 5


def test_saving_again_puts_what_was_typed_over_it(as_editor: Client, experiment: Experiment) -> None:
    address = reverse("experiments:experiment-settings", args=[experiment.uid])
    mark = marks(as_editor, address)[-1]
    Experiment.objects.update(description="theirs")
    mine = {"name": experiment.name, "description": "mine"}

    refused = as_editor.post(address, {**mine, "seen": mark})
    untouched = Experiment.objects.get().description
    mark = re.findall(r'name="seen" value="(\w+)"', refused.content.decode())[-1]
    saved = as_editor.post(address, {**mine, "seen": mark})

    assert (refused.status_code, untouched) == (422, "theirs")
    assert "\nmine</textarea>" in refused.content.decode()
    assert (saved.status_code, Experiment.objects.get().description) == (302, "mine")


def test_plan_that_somebody_else_changed_is_not_overwritten_unseen(as_editor: Client, experiment: Experiment) -> None:
    mark = marks(as_editor, reverse("experiments:experiment-settings", args=[experiment.uid]))[0]
    Experiment.objects.update(trials=2)

    answer = as_editor.post(reverse("experiments:experiment-plan", args=[experiment.uid]), {**PLAN, "seen": mark})

    assert (answer.status_code, Experiment.objects.get().trials) == (422, 2)
    assert "Somebody else changed this" in answer.content.decode()


def test_provider_that_somebody_else_changed_is_not_overwritten_unseen(as_editor: Client, project: Any) -> None:
    provider = ProviderFactory(project=project, name="gateway", kind="simulator")
    address = reverse("experiments:provider-detail", args=[provider.uid])
    mark = marks(as_editor, address)[0]
    Provider.objects.update(max_in_flight=99)

    refused = as_editor.post(address, {**PROVIDER, "seen": mark})
    limit = Provider.objects.get().max_in_flight
    saved = as_editor.post(address, {**PROVIDER, "seen": marks(as_editor, address)[0]})

    assert (refused.status_code, limit) == (422, 99)
    assert (saved.status_code, Provider.objects.get().max_in_flight) == (302, 7)
