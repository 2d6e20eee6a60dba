"""Prompts shown with an item by API: the messages as they would be sent, and what does not fit."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import ObjectField, PromptField, RequestSerializer, TextField
from evalsite.api.views import VisibleViewSet, checked, find_or_404
from experiments.actions import ActionRefused
from experiments.models import DatasetVersion, Experiment, Item, Scope
from experiments.templating import TemplateProblem, item_context
from experiments.templating.messages import normalised
from experiments.templating.preview import PromptPreview, preview_of


class PreviewOfPrompt(RequestSerializer):
    """A prompt and an item of an experiment."""

    prompt = PromptField(help_text="A text, or messages.")
    item = TextField(required=False, max_length=200, help_text="Key of an item; left out: the first.")


class PreviewOfText(PreviewOfPrompt):
    """A prompt and an item of a version."""

    dataset_version = TextField(help_text="Id of a version.")
    vars = ObjectField(required=False, default=dict, limit=65_536, help_text="Constants: {{ vars.name }}.")


class UnknownNameSerializer(serializers.Serializer[Any]):
    """A name of the template that the item does not have."""

    name = serializers.CharField()
    sentence = serializers.CharField()


class PreviewMessageSerializer(serializers.Serializer[Any]):
    """One message of the prompt."""

    role = serializers.CharField()
    content = serializers.CharField(allow_null=True, help_text="As it would be sent; null: it cannot be rendered.")


class PromptPreviewSerializer(serializers.Serializer[Any]):
    """A prompt as one item would get it."""

    item = serializers.CharField(help_text="The item's key.")
    messages = PreviewMessageSerializer(many=True)
    problem = serializers.CharField(allow_blank=True, help_text="What does not fit; empty: nothing.")
    unknown = UnknownNameSerializer(many=True)
    is_constant = serializers.BooleanField(help_text="True: every item would get the same messages.")


class ExperimentPreviewViewSet(VisibleViewSet):
    """Prompts with the items of an experiment."""

    queryset = Experiment.objects.select_related("dataset_version__dataset")
    serializer_class = PromptPreviewSerializer
    writing_scope = Scope.READ  # a preview writes nothing

    @extend_schema(request=PreviewOfPrompt, responses=PromptPreviewSerializer)
    def preview(self, request: Request, **_: Any) -> Response:
        """Show a prompt as an item of the experiment would get it; nothing is stored and no model is called."""
        experiment = self.get_object()
        return _shown(checked(PreviewOfPrompt, request.data), experiment.dataset_version, experiment.variables)


class PromptPreviewViewSet(VisibleViewSet):
    """Prompts with the items of any dataset."""

    queryset = DatasetVersion.objects.filter(dataset__is_hidden=False).select_related("dataset__project")
    serializer_class = PromptPreviewSerializer
    writing_scope = Scope.READ  # a preview writes nothing

    @extend_schema(request=PreviewOfText, responses=PromptPreviewSerializer)
    def preview(self, request: Request) -> Response:
        """Show a prompt as an item of a version would get it; nothing is stored and no model is called."""
        values = checked(PreviewOfText, request.data)
        return _shown(values, find_or_404(self.get_queryset(), values["dataset_version"]), values["vars"])


def _shown(values: Mapping[str, Any], version: DatasetVersion | None, constants: Mapping[str, Any]) -> Response:
    """Return the preview. Raises ActionRefused for what is no prompt or has no item, Http404 for an unknown item."""
    item = _item(version, values.get("item"))
    try:
        messages = normalised(values["prompt"])
    except TemplateProblem as wrong:
        raise ActionRefused("prompt", str(wrong)) from wrong
    context = item_context(item.input, item.metadata, item.tag_list, item.key, constants)
    return Response(PromptPreviewSerializer(_as_json(item, preview_of(messages, context))).data)


def _item(version: DatasetVersion | None, key: str | None) -> Item:
    if version is None:
        raise ActionRefused("item", "the experiment has no dataset: show the prompt with an item of a dataset version")
    found: Item | None = version.items.first() if key is None else version.items.filter(key=key).first()
    if found is None:
        raise Http404
    return found


def _as_json(item: Item, preview: PromptPreview) -> dict[str, Any]:
    unknown = {piece.text: piece.problem for one in preview.messages for piece in one.source if piece.problem}
    return {
        "item": item.key,
        "messages": [{"role": message.role, "content": message.rendered} for message in preview.messages],
        "problem": preview.problem,
        "unknown": [{"name": name, "sentence": said} for name, said in unknown.items()],
        "is_constant": preview.is_constant,
    }
