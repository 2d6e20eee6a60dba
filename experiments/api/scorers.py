"""Scorers of an experiment by API: listed, tried, proposed with their flips, kept, taken out."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import FlagField, NumberField, ObjectField, RequestSerializer, TextField
from evalsite.api.lists import Order
from evalsite.api.views import VisibleViewSet, checked, created_once
from experiments.actions import remove_scorer
from experiments.api.references import item_from
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, ScorerSpec
from experiments.permissions import require
from scoring.changing.proposing import change_scorer, discard_proposal, go_on_judging, keep_proposal, save_scorer
from scoring.changing.reweighing import stand_anew
from scoring.judging.trying import question_of, try_scorer
from scoring.models import ScorerProposal


class ScorerSerializer(serializers.ModelSerializer[ScorerSpec]):
    """A scorer that an experiment declares."""

    options = serializers.SerializerMethodField()
    range = serializers.SerializerMethodField()
    pass_value = serializers.FloatField(allow_null=True)
    when = ObjectField(help_text="tags, split of the items that it judges; {}: all.")

    class Meta:
        model = ScorerSpec
        fields = ["name", "kind", "options", "weight", "range", "higher_is_better", "pass_value", "when", "revision"]

    def get_options(self, scorer: ScorerSpec) -> dict[str, Any]:
        """Return the options in force."""
        return next((one.options for one in scorer.revisions.all() if one.number == scorer.revision), {})

    def get_range(self, scorer: ScorerSpec) -> list[float] | None:
        """Return the lowest and the highest value; None: it has no range."""
        low, high = scorer.range_low, scorer.range_high
        return None if low is None or high is None else [low, high]


class NewScorer(RequestSerializer):
    """A scorer that is to be declared."""

    name = TextField(max_length=100)
    kind = TextField(max_length=50)
    options = ObjectField(required=False, limit=65_536)
    weight = NumberField(required=False)
    range = serializers.ListField(child=NumberField(), min_length=2, max_length=2, required=False)
    higher_is_better = serializers.BooleanField(required=False)
    pass_value = NumberField(required=False, allow_null=True)
    when = ObjectField(required=False, limit=65_536, help_text="tags, split of the items that it judges.")

    def declaration(self, values: dict[str, Any], weights: dict[str, Any]) -> ScorerDeclaration:
        """Return it as the actions take it; `weights` go before its own weight."""
        given = values.get("range")
        return ScorerDeclaration(
            name=values["name"],
            kind=values["kind"],
            options=values.get("options", {}),
            weight=weights.get(values["name"], values.get("weight")),
            range=(given[0], given[1]) if given else None,
            higher_is_better=values.get("higher_is_better"),
            pass_value=values.get("pass_value"),
            when=values.get("when", {}),
        )


class ScorerChange(NewScorer):
    """A scorer as it is to be, and whether it is to be in force at once."""

    keep = FlagField(
        required=False,
        default=True,
        help_text="False: where verdicts may flip, make a proposal that shows the flips; nothing is in force yet.",
    )


class FlipSerializer(serializers.Serializer[Any]):
    """A verdict that another one would replace."""

    run = serializers.UUIDField()
    candidate = serializers.CharField()
    ordinal = serializers.IntegerField()
    key = serializers.CharField(help_text="Of the item.")
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    before_label = serializers.CharField(allow_blank=True)
    after_label = serializers.CharField(allow_blank=True)
    extracted = serializers.CharField(allow_null=True)


class ProposalSerializer(serializers.ModelSerializer[ScorerProposal]):
    """A scorer on trial: what stored outputs come to under it."""

    id = serializers.UUIDField(source="uid")
    scorer = serializers.CharField(source="revision.scorer.name")
    options = serializers.DictField(source="revision.options")
    examples = FlipSerializer(many=True, help_text="The first 200 flips.")

    class Meta:
        model = ScorerProposal
        fields = [
            "id",
            "scorer",
            "options",
            "planned_count",
            "done_count",
            "is_done",
            "flip_count",
            "better_count",
            "worse_count",
            "examples",
            "created_at",
        ]


class ChangedSerializer(serializers.Serializer[Any]):
    """The scorer that was saved, or the proposal that shows what would flip: one of them."""

    scorer = ScorerSerializer(allow_null=True)
    proposal = ProposalSerializer(allow_null=True)


class Trial(RequestSerializer):
    """A scorer and an answer to try it on."""

    kind = TextField(max_length=50)
    options = ObjectField(required=False, default=dict, limit=65_536)
    answer = TextField(allow_blank=True, max_length=100_000)
    item = TextField(required=False, help_text="Key of an item of the experiment; left out: its first.")


class VerdictSerializer(serializers.Serializer[Any]):
    """What a scorer says of an answer."""

    value = serializers.FloatField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # a field, not the property
    extracted = serializers.CharField(allow_null=True)
    explanation = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)


class ScorerViewSet(VisibleViewSet):
    """The scorers of an experiment."""

    queryset = Experiment.objects.select_related("project", "dataset_version__dataset")
    serializer_class = ScorerSerializer

    @extend_schema(responses=ScorerSerializer(many=True))
    def list(self, *_: Any, **__: Any) -> Response:
        """List the scorers that are in force, as they are declared."""
        self.order = Order("position")
        page = self.paginate_queryset(self.get_object().scorers.filter(removed_at=None).prefetch_related("revisions"))
        return self.get_paginated_response(ScorerSerializer(page, many=True).data)

    @extend_schema(request=ScorerChange, responses={201: ChangedSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Make or change a scorer: stored outputs are judged again, without a call; former scores are kept."""
        experiment = self.get_object()
        values = checked(ScorerChange, request.data)
        act = save_scorer if values.pop("keep") else change_scorer

        def make() -> dict[str, Any]:
            declaration = NewScorer().declaration(values, {})
            made = act(experiment=experiment, declaration=declaration, by=request.user)
            return {"proposal" if isinstance(made, ScorerProposal) else "scorer": made.pk}

        made = created_once(request, make)[0]
        return Response(ChangedSerializer(_made(made)).data, status=201)

    @extend_schema(request=Trial, responses=VerdictSerializer)
    def trial(self, request: Request, **_: Any) -> Response:
        """Try a scorer on an answer; nothing is stored."""
        experiment = self.get_object()
        require(request.user, experiment.project, "edit_experiment")
        values = checked(Trial, request.data)
        question = question_of(item_from(experiment, values.get("item")))
        verdict = try_scorer(kind=values["kind"], options=values["options"], question=question, text=values["answer"])
        return Response(VerdictSerializer(verdict).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, name: str, **_: Any) -> Response:
        """Take a scorer out; its scores are kept, and the same name and options bring it back."""
        experiment = self.get_object()
        scorer = _scorer_or_404(experiment, name)
        if remove_scorer(scorer=scorer, by=request.user):
            stand_anew(experiment)
        return Response(status=204)


class ScorerProposalViewSet(VisibleViewSet):
    """Scorers on trial."""

    queryset = ScorerProposal.objects.select_related("revision__scorer__experiment__project")
    serializer_class = ProposalSerializer

    @extend_schema(request=None, responses=ScorerSerializer)
    def keep(self, request: Request, **_: Any) -> Response:
        """Let it be in force: boards follow at once, and the former scores stay as the history."""
        kept = keep_proposal(proposal=self.get_object(), by=request.user)
        return Response(ScorerSerializer(kept).data)

    @extend_schema(request=None, responses=ProposalSerializer)
    def go_on(self, request: Request, **_: Any) -> Response:
        """Judge on from where the judging was left; one that is done stays as it is."""
        proposal = self.get_object()
        require(request.user, proposal.scorer.experiment.project, "edit_experiment")
        go_on_judging(proposal)
        return Response(self.shown(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Discard it; the scorer is as it was."""
        with self.as_read(request) as proposal:
            discard_proposal(proposal=proposal, by=request.user)
        return Response(status=204)


def _made(ids: dict[str, Any]) -> dict[str, Any]:
    """Return what a request made, as of now."""
    proposals = ScorerProposal.objects.select_related("revision__scorer")
    return {
        "scorer": ScorerSpec.objects.filter(pk=ids.get("scorer", 0)).first(),
        "proposal": proposals.filter(pk=ids.get("proposal", 0)).first(),
    }


def _scorer_or_404(experiment: Experiment, name: str) -> ScorerSpec:
    found: ScorerSpec | None = experiment.scorers.filter(removed_at=None, name=name).first()
    if found is None:
        raise Http404
    return found
