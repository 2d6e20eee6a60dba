"""Candidates as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from evalsite.api.fields import FlagField, ObjectField, PromptField, RequestSerializer, TextField
from experiments.api.references import named_or_404
from experiments.declarations import CandidateDeclaration
from experiments.models import Candidate, Experiment, Provider

NEEDED = ("provider", "model", "prompt")
REQUIRED = "Required, unless copy_of names a candidate."


class CandidateSerializer(serializers.ModelSerializer[Candidate]):
    """A candidate."""

    id = serializers.UUIDField(source="uid")
    provider = serializers.CharField(source="provider.name")
    prompt = serializers.CharField(source="prompt_version.__str__")
    params = serializers.DictField()

    class Meta:
        model = Candidate
        fields = ["id", "name", "provider", "model", "prompt", "params", "config_hash"]


class NewCandidate(RequestSerializer):
    """A candidate that is to compete."""

    name = TextField(max_length=200)
    copy_of = TextField(required=False, help_text="Id or name of a candidate: what is left out is as there.")
    provider = TextField(required=False, help_text="Id or name.")
    model = TextField(required=False, max_length=200)
    prompt = PromptField(
        required=False, help_text="A text or messages; the same text is the same version of the prompt."
    )
    params = ObjectField(required=False, limit=65_536)
    start = FlagField(required=False, default=False, help_text="True: start its run, and no other.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Raises ValidationError for what is neither there nor copied."""
        lacking = [] if "copy_of" in attrs else [name for name in NEEDED if name not in attrs]
        if lacking:
            raise serializers.ValidationError(
                {name: ["Required, unless copy_of names a candidate."] for name in lacking}
            )
        return attrs


def declaration_from(experiment: Experiment, values: dict[str, Any]) -> CandidateDeclaration:
    """Return the candidate of a checked request. Raises Http404 for a provider or a candidate that is not there."""
    given: dict[str, Any] = {"params": {}, "prompt_name": f"{experiment.name}/{values['name']}"}
    if "copy_of" in values:
        rows = experiment.candidates.select_related("provider", "prompt_version__prompt")
        given = _values_of(named_or_404(rows, values["copy_of"]))
    given |= values
    if "provider" in values:
        given["provider"] = named_or_404(Provider.objects.filter(project=experiment.project), values["provider"])
    return CandidateDeclaration(
        given["name"], given["provider"], given["model"], given["prompt"], given["prompt_name"], given["params"]
    )


def _values_of(copied: Candidate) -> dict[str, Any]:
    return {
        "provider": copied.provider,
        "model": copied.model,
        "prompt": copied.prompt_version.messages,
        "prompt_name": copied.prompt_version.prompt.name,
        "params": copied.params,
    }
