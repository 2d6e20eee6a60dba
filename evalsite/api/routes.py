"""Every address of the API, each with and without the slash at its end."""

from typing import Any

from django.http import Http404
from django.urls import URLPattern, re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from evalsite.api.schema import SchemaView
from evalsite.api.searching import SearchViewSet
from experiments.api.drafts import CloneViewSet, DraftViewSet
from experiments.api.edits import BulkEditViewSet, DatasetBulkEditViewSet, ItemEditViewSet
from experiments.api.experiments import ExperimentViewSet
from experiments.api.imports import DatasetFileViewSet, ImportViewSet
from experiments.api.items import ItemViewSet
from experiments.api.library import DatasetViewSet, ProjectViewSet, PromptViewSet
from experiments.api.members import InvitationViewSet, MemberViewSet
from experiments.api.previews import ExperimentPreviewViewSet, PromptPreviewViewSet
from experiments.api.providers import ProviderViewSet
from experiments.api.scorer_kinds import ScorerKindViewSet
from experiments.api.scorers import ScorerProposalViewSet, ScorerViewSet
from experiments.api.tokens import TokenViewSet
from experiments.api.versions import DatasetCloneViewSet, DatasetFreezeViewSet, VersionViewSet
from runs.api.views import ResultViewSet, RunViewSet
from scoring.api.boards import LeaderboardViewSet
from scoring.api.comparisons import ComparisonViewSet
from scoring.api.outputs import AgainViewSet, OutputsViewSet
from scoring.api.rating import RatingViewSet
from scoring.api.scores import ResultScoreViewSet, RunScoreViewSet, ScoreViewSet

app_name = "api"
ID = "(?P<id>[^/.]+)"
NAME = "(?P<name>[^/]+)"
CANDIDATE = "(?P<candidate>[^/]+)"
KIND = "(?P<kind>[^/]+)"
ADDRESS = "(?P<id>[^/]+)"


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Answers for addresses that the API does not have."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise Http404 for whoever has a token, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise Http404


def route(address: str, view: Any, name: str) -> URLPattern:
    """Return the pattern of an address, whose slash at the end may be left out."""
    pattern: URLPattern = re_path(f"^{address}/?$", view, name=name)
    return pattern


def acts(kind: Any, *actions: str) -> list[URLPattern]:
    """Return the patterns of what can be done with one object by POST: `runs/{id}/pause`."""
    plural = f"{kind.serializer_class.Meta.model._meta.model_name}s"
    return [
        route(f"{plural}/{ID}/{action}", kind.as_view({"post": action}), f"{plural}-{action}") for action in actions
    ]


urlpatterns = [
    route("schema", SchemaView.as_view(), "schema"),
    route("search", SearchViewSet.as_view({"get": "find"}), "search"),
    route("projects", ProjectViewSet.as_view({"get": "list", "post": "create"}), "projects"),
    route(
        f"projects/{ID}",
        ProjectViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "project",
    ),
    route(f"projects/{ID}/spend", ProjectViewSet.as_view({"get": "spend"}), "project-spend"),
    route("datasets", DatasetViewSet.as_view({"get": "list", "post": "create"}), "datasets"),
    route(f"datasets/{ID}/import", DatasetFileViewSet.as_view({"post": "import_file"}), "dataset-import"),
    route(f"datasets/{ID}/export", DatasetFileViewSet.as_view({"get": "export"}), "dataset-export"),
    route(f"imports/{ID}", ImportViewSet.as_view({"get": "retrieve"}), "import"),
    route("imports", ImportViewSet.as_view({"get": "list"}), "imports"),
    route(f"imports/{ID}/preview", ImportViewSet.as_view({"post": "preview"}), "import-preview"),
    route(f"imports/{ID}/start", ImportViewSet.as_view({"post": "start"}), "import-start"),
    route(f"imports/{ID}/cancel", ImportViewSet.as_view({"post": "cancel"}), "import-cancel"),
    route(
        f"datasets/{ID}",
        DatasetViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "dataset",
    ),
    route(f"datasets/{ID}/freeze", DatasetFreezeViewSet.as_view({"post": "freeze"}), "dataset-freeze"),
    route(f"datasets/{ID}/clone", DatasetCloneViewSet.as_view({"post": "create"}), "dataset-clone"),
    route(f"datasets/{ID}/edits", ItemEditViewSet.as_view({"get": "list"}), "item-edits"),
    route(
        f"datasets/{ID}/edits/(?P<number>[0-9]{{1,18}})/undo",
        ItemEditViewSet.as_view({"post": "undo"}),
        "item-edit-undo",
    ),
    route(f"datasets/{ID}/bulk-edits", DatasetBulkEditViewSet.as_view({"get": "list", "post": "create"}), "bulk-edits"),
    route(f"bulk-edits/{ID}", BulkEditViewSet.as_view({"get": "retrieve"}), "bulk-edit"),
    route(f"bulk-edits/{ID}/cancel", BulkEditViewSet.as_view({"post": "cancel"}), "bulk-edit-cancel"),
    route(f"bulk-edits/{ID}/undo", BulkEditViewSet.as_view({"post": "undo"}), "bulk-edit-undo"),
    route(f"datasets/{ID}/diff", DatasetFreezeViewSet.as_view({"get": "diff"}), "dataset-diff"),
    route(f"datasets/{ID}/items", ItemViewSet.as_view({"get": "list", "post": "create"}), "items"),
    route(f"datasets/{ID}/restore", ItemViewSet.as_view({"post": "restore"}), "item-restore"),
    route(
        f"datasets/{ID}/items/(?P<key>.+?)",
        ItemViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "item",
    ),
    route(f"versions/{ID}", VersionViewSet.as_view({"get": "retrieve"}), "version"),
    route(f"versions/{ID}/items", VersionViewSet.as_view({"get": "items"}), "version-items"),
    route(f"versions/{ID}/diff", VersionViewSet.as_view({"get": "diff"}), "version-diff"),
    route(f"versions/{ID}/restore", VersionViewSet.as_view({"post": "restore"}), "version-restore"),
    route(f"datasets/{ID}/versions", DatasetViewSet.as_view({"get": "versions"}), "dataset-versions"),
    route("prompts", PromptViewSet.as_view({"get": "list", "post": "create"}), "prompts"),
    route("prompts/preview", PromptPreviewViewSet.as_view({"post": "preview"}), "prompt-preview"),
    route(
        f"prompts/{ID}",
        PromptViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "prompt",
    ),
    route(
        f"prompts/{ID}/versions", PromptViewSet.as_view({"get": "versions", "post": "save_version"}), "prompt-versions"
    ),
    route("providers", ProviderViewSet.as_view({"get": "list", "post": "create"}), "providers"),
    route(f"experiments/{ID}/forecast", ExperimentViewSet.as_view({"get": "forecast"}), "experiment-forecast"),
    route(f"providers/{ID}/limits", ProviderViewSet.as_view({"get": "limits"}), "provider-limits"),
    route(f"providers/{ID}/test", ProviderViewSet.as_view({"post": "test"}), "provider-test"),
    route(f"providers/{ID}/pause", ProviderViewSet.as_view({"post": "pause"}), "provider-pause"),
    route(f"providers/{ID}/resume", ProviderViewSet.as_view({"post": "resume"}), "provider-resume"),
    route(
        f"providers/{ID}",
        ProviderViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "provider",
    ),
    route("experiment-drafts", DraftViewSet.as_view({"get": "list", "post": "create"}), "drafts"),
    route(
        f"experiment-drafts/{ID}",
        DraftViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "draft",
    ),
    route(f"experiment-drafts/{ID}/check", DraftViewSet.as_view({"get": "check"}), "draft-check"),
    route(f"experiment-drafts/{ID}/try", DraftViewSet.as_view({"post": "trial"}), "draft-try"),
    route(f"experiment-drafts/{ID}/start", DraftViewSet.as_view({"post": "start"}), "draft-start"),
    route(
        f"experiments/{ID}/prompt-preview",
        ExperimentPreviewViewSet.as_view({"post": "preview"}),
        "experiment-prompt-preview",
    ),
    route(f"experiments/{ID}/clone", CloneViewSet.as_view({"post": "create"}), "experiment-clone"),
    route("experiments", ExperimentViewSet.as_view({"get": "list", "post": "create"}), "experiments"),
    route(
        f"experiments/{ID}",
        ExperimentViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "experiment",
    ),
    route(
        f"experiments/{ID}/candidates",
        ExperimentViewSet.as_view({"get": "list_candidates", "post": "candidates"}),
        "candidates",
    ),
    route(
        f"experiments/{ID}/candidates/{CANDIDATE}",
        ExperimentViewSet.as_view({"delete": "remove_candidate"}),
        "candidate",
    ),
    route(f"experiments/{ID}/scorers", ScorerViewSet.as_view({"get": "list", "post": "create"}), "scorers"),
    route(f"experiments/{ID}/scorers/try", ScorerViewSet.as_view({"post": "trial"}), "scorer-try"),
    route(f"experiments/{ID}/scorers/{NAME}", ScorerViewSet.as_view({"delete": "destroy"}), "scorer"),
    route("scorers", ScorerKindViewSet.as_view({"get": "kinds"}), "scorer-kinds"),
    route(f"scorers/{KIND}", ScorerKindViewSet.as_view({"get": "retrieve"}), "scorer-kind"),
    route(f"scorers/{KIND}/try", ScorerKindViewSet.as_view({"post": "trial"}), "scorer-kind-try"),
    route(
        f"scorer-proposals/{ID}", ScorerProposalViewSet.as_view({"get": "retrieve", "delete": "destroy"}), "proposal"
    ),
    route(f"scorer-proposals/{ID}/go-on", ScorerProposalViewSet.as_view({"post": "go_on"}), "proposal-go-on"),
    route(f"scorer-proposals/{ID}/keep", ScorerProposalViewSet.as_view({"post": "keep"}), "proposal-keep"),
    route(f"experiments/{ID}/export", ExperimentViewSet.as_view({"get": "export"}), "export"),
    route(f"experiments/{ID}/leaderboard", LeaderboardViewSet.as_view({"get": "retrieve"}), "leaderboard"),
    route(f"experiments/{ID}/outputs", OutputsViewSet.as_view({"get": "outputs"}), "outputs"),
    route(f"experiments/{ID}/outputs/export", OutputsViewSet.as_view({"get": "export"}), "outputs-export"),
    route(f"experiments/{ID}/compare", ComparisonViewSet.as_view({"get": "retrieve"}), "comparison"),
    route(f"experiments/{ID}/rate", RatingViewSet.as_view({"get": "retrieve", "post": "rate"}), "rate"),
    *(
        route(f"experiments/{ID}/rate/{action}", RatingViewSet.as_view({"post": action}), f"rate-{action}")
        for action in ("skip", "undo", "again")
    ),
    route(f"experiments/{ID}/ratings", RatingViewSet.as_view({"get": "ratings"}), "ratings"),
    *acts(ExperimentViewSet, "start", "pause", "resume", "cancel", "retry"),
    route("runs", RunViewSet.as_view({"get": "list", "post": "create"}), "runs"),
    route(f"runs/leaderboard/{ID}", LeaderboardViewSet.as_view({"get": "retrieve"}), "runs-leaderboard"),
    route(f"runs/{ID}", RunViewSet.as_view({"get": "retrieve"}), "run"),
    route(f"runs/{ID}/results", ResultViewSet.as_view({"get": "list"}), "results"),
    route(f"runs/{ID}/score", RunScoreViewSet.as_view({"post": "create"}), "run-score"),
    *acts(RunViewSet, "pause", "resume", "cancel", "retry"),
    route(f"results/{ADDRESS}/again", AgainViewSet.as_view({"post": "create"}), "result-again"),
    route(f"results/{ADDRESS}/score", ResultScoreViewSet.as_view({"post": "create"}), "result-score"),
    route(f"results/{ADDRESS}/curl", ResultViewSet.as_view({"get": "curl"}), "result-curl"),
    route(f"results/{ADDRESS}", ResultViewSet.as_view({"get": "retrieve"}), "result"),
    route(
        f"scores/{ID}",
        ScoreViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "score",
    ),
    route("members", MemberViewSet.as_view({"get": "list"}), "members"),
    route(
        f"members/{ID}",
        MemberViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "member",
    ),
    route("invitations", InvitationViewSet.as_view({"get": "list", "post": "create"}), "invitations"),
    route(f"invitations/{ID}", InvitationViewSet.as_view({"get": "retrieve", "delete": "destroy"}), "invitation"),
    route("tokens", TokenViewSet.as_view({"get": "list", "post": "create"}), "tokens"),
    route(f"tokens/{ID}", TokenViewSet.as_view({"get": "retrieve", "delete": "destroy"}), "token"),
    re_path("", NowhereView.as_view(), name="nowhere"),
]
