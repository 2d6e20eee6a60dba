"""Addresses of the pages about runs and results, and of the streams."""

from django.urls import path

from runs import views

app_name = "runs"
urlpatterns = [
    path("runs/", views.run_list, name="run-list"),
    path("runs/<uuid:uid>/", views.run_detail, name="run-detail"),
    path("runs/<uuid:uid>/summary/", views.run_summary, name="run-summary"),
    path("runs/<uuid:uid>/results/", views.run_results, name="run-results"),
    path("runs/<uuid:uid>/results/<int:ordinal>/", views.result_detail, name="result-detail"),
    path("runs/<uuid:uid>/results/<int:ordinal>/media/<int:number>/", views.result_medium, name="result-medium"),
    path("runs/<uuid:uid>/results/<int:ordinal>/rendered/", views.result_rendered, name="result-rendered"),
    path("runs/<uuid:uid>/results/<int:ordinal>/again/", views.result_again, name="result-again"),
    path("runs/<uuid:uid>/results/<int:ordinal>/run-again/", views.result_run_again, name="result-run-again"),
    path("runs/<uuid:uid>/results/<int:ordinal>/rate/", views.result_rate, name="result-rate"),
    path("runs/<uuid:uid>/rate/", views.run_rate, name="run-rate"),
    path("runs/<uuid:uid>/pause/", views.run_pause, name="run-pause"),
    path("runs/<uuid:uid>/resume/", views.run_resume, name="run-resume"),
    path("runs/<uuid:uid>/cancel/", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:uid>/retry/", views.run_retry, name="run-retry"),
    path("runs/<uuid:uid>/stream/", views.run_stream, name="run-stream"),
    path("experiments/<uuid:uid>/stream/", views.experiment_stream, name="experiment-stream"),
    path("stream/", views.home_stream, name="home-stream"),
]
