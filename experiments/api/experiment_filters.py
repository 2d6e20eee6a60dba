"""Which experiments a list of the API holds: by status, who made them, and what they use."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from evalsite.api.fields import OneOfField
from evalsite.api.views import NamedQuery, find_or_404
from experiments.actions.datasets import using_dataset
from experiments.actions.prompts import using_prompt
from experiments.actions.providers import using_provider
from experiments.models import Dataset, Experiment, Prompt, Provider
from experiments.models.experiments import ExperimentQuerySet
from experiments.models.projects import Person
from runs.live.activity import STATUSES


class ExperimentQuery(NamedQuery):
    """Which experiments are asked for."""

    status = OneOfField(choices=STATUSES, required=False, help_text="draft, else that of the most active run.")
    mine = serializers.BooleanField(default=False, help_text="Only those that the caller made.")
    tag = serializers.CharField(required=False, help_text="Only those that bear this tag.")
    dataset_id = serializers.CharField(required=False, help_text="Only those that measure or measured on it.")
    prompt_id = serializers.CharField(required=False, help_text="Only those with a candidate that has a version of it.")
    provider_id = serializers.CharField(required=False, help_text="Only those with a candidate or a run that calls it.")
    scorer_kind = serializers.CharField(required=False, help_text="Only those with a scorer of this kind in force.")


def asked_experiments(rows: Any, query: dict[str, Any], user: Person) -> Any:
    """Return the experiments of a checked query. Raises Http404 for what the person may not see."""
    if "status" in query:
        rows = rows.filter(status=query["status"])
    if query["mine"]:
        rows = rows.filter(created_by_id=user.pk)
    if "tag" in query:
        rows = rows.tagged(query["tag"])
    if "scorer_kind" in query:
        judged = Experiment.objects.filter(scorers__kind=query["scorer_kind"], scorers__removed_at=None)
        rows = rows.filter(pk__in=judged.values("pk"))
    return _using(rows, query, user)


def _using(rows: Any, query: dict[str, Any], user: Person) -> Any:
    """Return those that use everything that the query names."""
    kinds: dict[str, tuple[Any, Callable[[Any], ExperimentQuerySet]]] = {
        "dataset_id": (Dataset.objects.visible_to(user).listed(), using_dataset),
        "prompt_id": (Prompt.objects.visible_to(user), using_prompt),
        "provider_id": (Provider.objects.visible_to(user), using_provider),
    }
    for name, (things, using) in kinds.items():
        if name in query:
            rows = rows.filter(pk__in=using(find_or_404(things, query[name])).values("pk"))
    return rows
