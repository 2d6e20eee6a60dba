"""Which runs a list of the API holds, and in which order."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from evalsite.api.fields import OneOfField, ShareField
from evalsite.api.lists import Order
from evalsite.api.views import find_or_404
from experiments.models import Experiment, Project, Provider
from experiments.models.projects import Person
from runs.models import RunStatus

ORDERS = {
    "started_at": "started_at",
    "completed_at": "completed_at",
    "created_at": "created_at",
    "status": "status",
    "score": "standing__value",
}
LOOKUPS = {
    "status": "status",
    "candidate": "name__icontains",
    "ad_hoc": "is_ad_hoc",
    "min_score": "standing__value__gte",
    "max_score": "standing__value__lte",
}
"""What a list of runs is filtered by: the word of the query, and where it stands."""
OWNERS: dict[str, tuple[Any, str]] = {
    "project_id": (Project, "experiment__project"),
    "experiment_id": (Experiment, "experiment"),
    "provider_id": (Provider, "provider"),
}
"""What a run belongs to: the word of the query, its model, and where it stands."""


class RunQuery(serializers.Serializer[Any]):
    """Which runs are asked for, and in which order."""

    project_id = serializers.CharField(required=False)
    experiment_id = serializers.CharField(required=False)
    provider_id = serializers.CharField(required=False)
    candidate = serializers.CharField(required=False, help_text="Stands in the candidate's name.")
    ad_hoc = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="True: ad-hoc runs only; false: planned ones only."
    )
    status = OneOfField(choices=RunStatus.choices, required=False)
    min_score = ShareField(required=False)
    max_score = ShareField(required=False)
    ordering = OneOfField(choices=[f"{sign}{name}" for name in ORDERS for sign in ("", "-")], default="-started_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Raises ValidationError when no score can be within the bounds."""
        low, high = attrs.get("min_score", 0.0), attrs.get("max_score", 1.0)
        if low > high:
            raise ValidationError({"min_score": [f"{low:g} is above max_score, {high:g}: write the lower one here."]})
        return attrs


def order_of(query: dict[str, Any]) -> Order:
    """Return the order that a checked query asks for."""
    name = query["ordering"]
    return Order(ORDERS[name.lstrip("-")], is_descending=name.startswith("-"))


def asked_runs(rows: Any, query: dict[str, Any], user: Person) -> Any:
    """Return the runs of a checked query. Raises Http404 for what the person may not see."""
    values = {lookup: query[name] for name, lookup in LOOKUPS.items() if query.get(name) is not None}
    for name, (model, lookup) in OWNERS.items():
        if name in query:
            values[lookup] = find_or_404(model.objects.visible_to(user), query[name])
    return rows.filter(**values)
