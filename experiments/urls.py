"""Addresses of the pages about experiments and providers."""

from django.urls import path

from experiments.views import (
    board,
    budget,
    candidates,
    compare,
    datasets,
    experiments,
    outputs,
    providers,
    rate,
    tokens,
)

app_name = "experiments"
urlpatterns = [
    path("datasets/", datasets.dataset_list, name="dataset-list"),
    path("datasets/<uuid:uid>/items/", datasets.dataset_items, name="dataset-items"),
    path("datasets/<uuid:uid>/versions/", datasets.dataset_versions, name="dataset-versions"),
    path("experiments/", experiments.experiment_list, name="experiment-list"),
    path("experiments/<uuid:uid>/", experiments.experiment_detail, name="experiment-detail"),
    path("experiments/<uuid:uid>/board/", board.experiment_board, name="experiment-board"),
    path("experiments/<uuid:uid>/board/progress/", board.experiment_progress, name="experiment-progress"),
    path("experiments/<uuid:uid>/board/leaderboard/", board.experiment_leaderboard, name="experiment-leaderboard"),
    path("experiments/<uuid:uid>/board/weights/", board.experiment_weights, name="experiment-weights"),
    path("experiments/<uuid:uid>/candidates/new/", candidates.candidate_new, name="candidate-new"),
    path("experiments/<uuid:uid>/prompt-preview/", candidates.prompt_preview, name="prompt-preview"),
    path("experiments/<uuid:uid>/outputs/", outputs.experiment_outputs, name="experiment-outputs"),
    path("experiments/<uuid:uid>/outputs/grid/", outputs.outputs_grid, name="outputs-grid"),
    path("experiments/<uuid:uid>/compare/", compare.experiment_compare, name="experiment-compare"),
    path("experiments/<uuid:uid>/rate/", rate.experiment_rate, name="experiment-rate"),
    path("experiments/<uuid:uid>/rate/scorer/", rate.experiment_rate_scorer, name="experiment-rate-scorer"),
    path("experiments/<uuid:uid>/ratings/", rate.experiment_ratings, name="experiment-ratings"),
    path("experiments/<uuid:uid>/runs/", experiments.experiment_runs, name="experiment-runs"),
    path("experiments/<uuid:uid>/budget/", budget.experiment_budget, name="experiment-budget"),
    path("experiments/<uuid:uid>/pilot/", budget.experiment_pilot, name="experiment-pilot"),
    path("experiments/<uuid:uid>/start/", experiments.experiment_start, name="experiment-start"),
    path("experiments/<uuid:uid>/baseline/<uuid:candidate>/", board.experiment_baseline, name="experiment-baseline"),
    path("settings/tokens/", tokens.token_list, name="token-list"),
    path("settings/tokens/<uuid:uid>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("providers/", providers.provider_list, name="provider-list"),
    path("providers/new/", providers.provider_new, name="provider-new"),
    path("providers/<uuid:uid>/", providers.provider_detail, name="provider-detail"),
    path("providers/<uuid:uid>/limits/", providers.provider_limits, name="provider-limits"),
    path("providers/<uuid:uid>/pause/", providers.provider_pause, name="provider-pause"),
    path("providers/<uuid:uid>/resume/", providers.provider_resume, name="provider-resume"),
    path("providers/<uuid:uid>/test/", providers.provider_test, name="provider-test"),
]
