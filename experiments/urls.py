"""Addresses of the pages about experiments and providers."""

from django.urls import path

from experiments import views

app_name = "experiments"
urlpatterns = [
    path("experiments/", views.experiment_list, name="experiment-list"),
    path("experiments/<uuid:uid>/", views.experiment_detail, name="experiment-detail"),
    path("experiments/<uuid:uid>/board/", views.experiment_board, name="experiment-board"),
    path("experiments/<uuid:uid>/board/progress/", views.experiment_progress, name="experiment-progress"),
    path("experiments/<uuid:uid>/board/leaderboard/", views.experiment_leaderboard, name="experiment-leaderboard"),
    path("experiments/<uuid:uid>/runs/", views.experiment_runs, name="experiment-runs"),
    path("experiments/<uuid:uid>/start/", views.experiment_start, name="experiment-start"),
    path("experiments/<uuid:uid>/baseline/<uuid:candidate>/", views.experiment_baseline, name="experiment-baseline"),
    path("providers/", views.provider_list, name="provider-list"),
    path("providers/new/", views.provider_new, name="provider-new"),
    path("providers/<uuid:uid>/", views.provider_detail, name="provider-detail"),
    path("providers/<uuid:uid>/test/", views.provider_test, name="provider-test"),
]
