"""Experiments as the API shows them, and what it takes of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from evalsite.api.fields import (
    FlagField,
    NumberField,
    ObjectField,
    OneOfField,
    RequestSerializer,
    TextField,
    WholeField,
)
from experiments.api.scorers import NewScorer, ScorerSerializer
from experiments.files.living_parts import selection_of
from experiments.models import ErrorsPolicy, Experiment
from runs.live.activity import status_of

EXPORTED = {"yaml": "application/yaml", "csv": "text/csv", "junit": "application/xml"}
"""Content type by format."""


class ScoringConfigSerializer(serializers.Serializer[Any]):
    """Weights by scorer name, and what errors count as."""

    weights = serializers.DictField(child=serializers.FloatField())
    errors = serializers.ChoiceField(choices=ErrorsPolicy.choices)  # type: ignore[assignment] # a field, not the property
    trials = serializers.CharField()


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    """An experiment."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    status = serializers.SerializerMethodField(help_text="draft, else that of its most active run.")
    dataset_version = serializers.SerializerMethodField()
    tags = serializers.ListField(child=serializers.CharField())
    scoring_config = ScoringConfigSerializer()
    scorers = serializers.SerializerMethodField()
    select = serializers.SerializerMethodField()
    require = serializers.ListField(
        source="requirements", child=serializers.DictField(), help_text="What the board must show, as in the file."
    )
    baseline = serializers.SerializerMethodField()

    class Meta:
        model = Experiment
        fields = [
            "id",
            "project_id",
            "name",
            "status",
            "description",
            "tags",
            "dataset_version",
            "trials",
            "budget_usd",
            "scoring_config",
            "scorers",
            "select",
            "require",
            "max_errors",
            "baseline",
            "archived_at",
            "created_at",
        ]

    def get_status(self, experiment: Experiment) -> str:
        """Return the status, as it was read or as its runs have it."""
        known = getattr(experiment, "status", None)
        return str(known) if known is not None else status_of(list(experiment.runs.all()))

    def get_dataset_version(self, experiment: Experiment) -> str | None:
        """Return name@number; None: an experiment of ad-hoc runs."""
        return str(experiment.dataset_version) if experiment.dataset_version else None

    def get_select(self, experiment: Experiment) -> dict[str, Any]:
        """Return which items are taken, as `select` of a file; {}: all."""
        return selection_of(experiment)

    def get_baseline(self, experiment: Experiment) -> str | None:
        """Return the id of the candidate that the others are compared with; None: there is none."""
        return str(experiment.baseline.uid) if experiment.baseline else None

    @extend_schema_field(ScorerSerializer(many=True))
    def get_scorers(self, experiment: Experiment) -> list[dict[str, Any]]:
        """Return the scorers that are declared now."""
        declared = [scorer for scorer in experiment.scorers.all() if scorer.removed_at is None]
        return list(ScorerSerializer(declared, many=True).data)


class ScoringChange(RequestSerializer):
    """Weights of the scorers that are named; the others keep theirs."""

    weights = serializers.DictField(child=NumberField(), required=False)
    errors = OneOfField(choices=ErrorsPolicy.choices, required=False)  # type: ignore[assignment] # a field, not the property


class NewExperiment(RequestSerializer):
    """An experiment that is to be made."""

    project = TextField(required=False, help_text="Id or name; left out: the only project that you may edit.")
    name = TextField(max_length=200)
    description = TextField(required=False, allow_blank=True, default="")
    dataset_version = TextField(
        required=False, allow_null=True, help_text="Id, name@number or name; left out: for ad-hoc runs."
    )
    trials = WholeField(required=False, default=1, min_value=1, max_value=100)
    scorers = NewScorer(many=True, required=False, default=list)
    scoring_config = ScoringChange(required=False)


class ExperimentChange(RequestSerializer):
    """What may be changed of an experiment; what is left out stays."""

    name = TextField(required=False, max_length=200)
    description = TextField(required=False, allow_blank=True)
    tags = serializers.ListField(required=False, child=TextField())
    trials = WholeField(required=False, min_value=1, max_value=100, help_text="Lower: the first ones count.")
    select = ObjectField(
        required=False, limit=65_536, help_text="As in the file: split, tags, exclude_tags, keys, limit, sample, seed."
    )
    require = serializers.ListField(
        required=False,
        child=ObjectField(limit=4_096),
        max_length=200,
        help_text="What the board must show, as in the file.",
    )
    max_errors = TextField(required=False, max_length=20, help_text='A number, or a share like "1%".')
    budget_usd = NumberField(required=False, allow_null=True, min_value=0, max_value=10_000_000)
    scoring_config = ScoringChange(required=False)
    baseline = TextField(required=False, help_text="Id or name of a candidate.")
    archived = FlagField(required=False)


class StartSerializer(RequestSerializer):
    """How to start."""

    pilot = FlagField(required=False, default=False, help_text="True: the first 5 items only, once each.")
    candidate = TextField(required=False, help_text="Id or name: start its run, and no other.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What one candidate will cost in all."""

    candidate = serializers.CharField()
    planned = serializers.IntegerField()
    priced = serializers.IntegerField(help_text="Results that it is forecast from.")
    spent_usd = serializers.FloatField(help_text="Of the priced results.")
    cost_usd = serializers.FloatField(allow_null=True, help_text="Of all; null: no priced results yet, or no price.")
    low_usd = serializers.FloatField(allow_null=True)
    high_usd = serializers.FloatField(allow_null=True)


class ForecastsSerializer(serializers.Serializer[Any]):
    """The forecasts of all candidates, in the form of a list."""

    items = ForecastSerializer(many=True)
    total = serializers.IntegerField()
    next = serializers.CharField(allow_null=True, help_text="Null: they are all here.")
    spent_usd = serializers.FloatField(help_text="Of the experiment's calls so far, as its budget counts them.")


class ExportQuery(RequestSerializer):
    """What an experiment is exported as."""

    format = OneOfField(choices=list(EXPORTED), default="yaml")
    for_spreadsheets = serializers.BooleanField(default=False, help_text="CSV whose cells are no formulas.")


class StartedSerializer(serializers.Serializer[Any]):
    """The runs that something was done with."""

    run_ids = serializers.ListField(child=serializers.UUIDField())
