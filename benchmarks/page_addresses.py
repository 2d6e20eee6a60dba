"""What is asked for when pages are measured: pages, API, files and admin of a site with one large experiment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.models import Experiment
    from runs.models import Run

EXPORTS = {
    "results as CSV": "export/?format=csv",
    "board as JUnit": "export/?format=junit",
    "outputs as CSV": "outputs/export/",
    "outputs as JSON Lines": "outputs/export/?format=jsonl",
    "outputs as CSV, a text that is nowhere": "outputs/export/?text=nowhere",
}
GRID = {
    "a mode: failures, far down": "mode=failures&after={middle}",
    "a mode: errors": "mode=errors",
    "a mode: different": "mode=different",
    "a mode: flaky": "mode=flaky",
    "a mode: unrated": "mode=unrated",
    "of one scorer": "scorer={scorer}",
    "a text that is everywhere": "text=what",
    "a text that is nowhere": "text=nowhere",
    "a tag that nothing has": "tag=nothing",
    "a split that nothing has": "split=nothing",
}
RESULTS = {
    "far down": "after={last}",
    "errors": "outcome=errors",
    "errors, backwards": "outcome=errors&before={last}",
    "an outcome that never came": "outcome=timeout",
}


def addresses(experiment: "Experiment") -> Iterator[tuple[str, str]]:
    """Yield (name, address) of everything that is asked for."""
    run = experiment.runs.latest("pk")
    yield from _lists(experiment)
    yield from _of_experiment(experiment, run)
    yield from _of_run(run)
    yield from _api(experiment, run)
    yield from exports(experiment)
    yield from _admin_lists()


def exports(experiment: "Experiment") -> Iterator[tuple[str, str]]:
    """Yield (name, address) of the files of an experiment."""
    for name, address in EXPORTS.items():
        yield f"export: {name}", f"/experiments/{experiment.uid}/{address}"


def _lists(experiment: "Experiment") -> Iterator[tuple[str, str]]:
    dataset = experiment.dataset_version and experiment.dataset_version.dataset
    yield from {
        "home": "/",
        "runs": "/runs/",
        "runs, completed": "/runs/?status=completed",
        "experiments": "/experiments/",
        "search": "/search/?q=many",
        "search, of nothing": "/search/?q=nowhere",
        "metrics": "/metrics",
        "items of the dataset": f"/datasets/{dataset.uid}/items/" if dataset else "/datasets/",
        "datasets": "/datasets/",
        "prompts": "/prompts/",
        "providers": "/providers/",
    }.items()


def _of_experiment(experiment: "Experiment", run: "Run") -> Iterator[tuple[str, str]]:
    page = f"/experiments/{experiment.uid}/"
    for part in ("board", "compare", "outputs", "runs", "rate", "ratings", "settings"):
        yield f"experiment: {part}", f"{page}{part}/"
    yield "experiment: board, weights tried", f"{page}board/?weight.{_scorer(experiment)}=3"
    yield "experiment: compare, far down", f"{page}compare/?from={run.case_limit - 30}"
    values = {"middle": run.case_limit - 30, "scorer": _scorer(experiment)}
    for name, query in GRID.items():
        yield f"outputs, {name}", f"{page}outputs/?{query.format(**values)}"


def _scorer(experiment: "Experiment") -> str:
    return str(experiment.scorers.values_list("name", flat=True)[0])


def _of_run(run: "Run") -> Iterator[tuple[str, str]]:
    page, last = f"/runs/{run.uid}/", run.planned_count - 1
    yield "run", page
    for name, query in RESULTS.items():
        yield f"run: results, {name}", f"{page}results/?{query.format(last=last - 30)}"
    yield "drawer", f"{page}results/{last}/"
    yield "drawer, among errors", f"{page}results/0/?outcome=errors"
    yield "drawer, among an outcome that never came", f"{page}results/0/?outcome=timeout"


def _api(experiment: "Experiment", run: "Run") -> Iterator[tuple[str, str]]:
    page, last = f"/api/v1/runs/{run.uid}/", run.planned_count - 1
    first = experiment.runs.earliest("pk")
    of_experiment = f"/api/v1/experiments/{experiment.uid}/"
    yield from {
        "API: runs": "/api/v1/runs/",
        "API: runs, by score": "/api/v1/runs/?ordering=-score&min_score=0.1",
        "API: runs, completed": "/api/v1/runs/?status=completed",
        "API: experiments": "/api/v1/experiments/",
        "API: run": page,
        "API: results": f"{page}results/",
        "API: results, 500 of them": f"{page}results/?limit=500",
        "API: results, an offset": f"{page}results/?offset=10000",
        "API: results, errors": f"{page}results/?outcome=provider_error",
        "API: results, right ones": f"{page}results/?outcome=ok",
        "API: results, an outcome that never came": f"{page}results/?outcome=timeout",
        "API: result": f"/api/v1/results/{run.uid}.{last}/",
        "API: leaderboard": f"{of_experiment}leaderboard/",
        "API: compare": f"{of_experiment}compare/?a={run.uid}&b={first.uid}",
        "API: outputs": f"{of_experiment}outputs/",
        "API: outputs, failures": f"{of_experiment}outputs/?mode=failures",
        "API: forecast": f"{of_experiment}forecast/",
    }.items()


def _admin_lists() -> Iterator[tuple[str, str]]:
    from django.contrib import admin
    from django.urls import reverse

    for model in admin.site._registry:
        label = model._meta
        address = reverse(f"admin:{label.app_label}_{label.model_name}_changelist")
        yield f"admin: {label.verbose_name_plural}", address
        yield f"admin: {label.verbose_name_plural}, sought", f"{address}?q=nowhere"
