"""Deleting a project or an experiment: what would be lost, what stands against it, and doing it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from experiments.actions import ActionConflict, ActionRefused, archive, archive_project
from experiments.actions.datasets import empty_dataset
from experiments.models import Candidate, CaseList, Dataset, Experiment, Item, Project, Prompt, Provider
from experiments.models.projects import Person
from experiments.permissions import require
from runs.actions.due import do_later
from runs.live.progress import counts_of
from runs.models import FailedAttempt, Result, Run, Transcript
from runs.models.results import result_id_of
from runs.models.runs import RunQuerySet
from scoring.models import Score

CHUNK = 1_000
RESULTS_AT_ONCE = 1_000
ITEMS_AT_ONCE = 1_000
"""So many of all versions together are deleted while somebody waits; more are a job."""
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """What deleting a project would take away."""

    experiments: int
    runs: int
    results: int
    datasets: int
    items: int
    prompts: int
    providers: int

    @classmethod
    def of(cls, project: Project) -> Loss:
        """Count what belongs to a project; results as the runs' plans have them."""
        runs = Run.objects.filter(experiment__project=project)
        return cls(
            Experiment.objects.filter(project=project).count(),
            runs.count(),
            _result_count(runs),
            Dataset.objects.filter(project=project).listed().count(),
            Item.objects.filter(dataset__project=project, until=None).count(),
            Prompt.objects.filter(project=project).count(),
            Provider.objects.filter(project=project).count(),
        )


@dataclass(frozen=True, slots=True)
class ExperimentLoss:
    """What deleting an experiment would take away."""

    candidates: int
    runs: int
    results: int

    @classmethod
    def of(cls, experiment: Experiment) -> ExperimentLoss:
        """Count what belongs to an experiment; results as the runs' plans have them."""
        runs = Run.objects.filter(experiment=experiment)
        return cls(Candidate.objects.filter(experiment=experiment).count(), runs.count(), _result_count(runs))


def active_runs(owner: Project | Experiment) -> list[Run]:
    """Return the runs that go on or wait, the newest first: nothing is deleted while it has any."""
    runs = _runs_of(owner).active().select_related("experiment")
    return list(runs.order_by("-pk")[:MOST_NAMED])


def delete_experiment(*, experiment: Experiment, typed_name: str, by: Person | None) -> bool:
    """Delete an experiment with its results; return whether it is gone at once: a large one is archived, a job deletes.

    Raises ActionRefused where it has results and the name is another one, ActionConflict while something of it runs.
    """
    require(by, experiment.project, "delete")
    results = _result_count(_runs_of(experiment))
    if results and typed_name.strip() != experiment.name:
        raise ActionRefused("name", f'type the name of the experiment, "{experiment.name}", to delete it')
    _refuse_while_running(experiment)
    if results <= RESULTS_AT_ONCE:
        delete_experiment_rows(experiment)
        return True
    archive(thing=experiment, by=by)
    do_later("scoring.tasks.delete_experiment", experiment.pk)
    return False


def delete_experiment_rows(experiment: Experiment) -> None:
    """Delete an experiment and all that hangs on it, in short transactions; safe to begin again after a crash.

    Raises ActionConflict where something was started meanwhile.
    """
    for run in _runs_of(experiment):
        _refuse_while_running(experiment)
        empty_run(run)
    with transaction.atomic():
        _refuse_while_running(experiment)
        _runs_of(experiment).delete()
        experiment.delete()


def delete_project(*, project: Project, typed_name: str, by: Person | None) -> bool:
    """Delete a project for good; return whether it is gone at once: a large one is hidden now and a job deletes it.

    Raises ActionRefused for a name that is not the project's, ActionConflict while something of it runs.
    """
    require(by, project, "delete")
    if typed_name.strip() != project.name:
        raise ActionRefused("name", f'type the name of the project, "{project.name}", to delete it')
    _refuse_while_running(project)
    items = Item.objects.filter(dataset__project=project).count()
    if _result_count(_runs_of(project)) <= RESULTS_AT_ONCE and items <= ITEMS_AT_ONCE:
        delete_rows(project)
        return True
    archive_project(project=project, by=by)
    do_later("scoring.tasks.delete_project", project.pk)
    return False


def delete_rows(project: Project) -> None:
    """Delete a project and all that hangs on it, in short transactions; safe to begin again after a crash.

    Raises ActionConflict where something was started meanwhile.
    """
    for run in Run.objects.filter(experiment__project=project):
        _refuse_while_running(project)
        empty_run(run)
    _delete_experiments(project)
    for dataset in project.datasets.all():
        empty_dataset(dataset)
    project.delete()


def empty_run(run: Run) -> None:
    """Delete what hangs on computed ids and no cascade reaches, a thousand results at a time."""
    last = Result.objects.of_run(run).aggregate(last=Max("pk"))["last"]
    attempted = FailedAttempt.objects.of_run(run).aggregate(last=Max("result_id"))["last"]
    end = max(last or 0, attempted or 0) + 1
    for first in range(result_id_of(run.pk, 0), end, CHUNK):
        with transaction.atomic():
            for rows in (Score, Transcript, FailedAttempt, Result):
                rows.objects.between(first, first + CHUNK).delete()


@transaction.atomic
def _delete_experiments(project: Project) -> None:
    """Delete runs before the case lists that they protect, those and experiments before datasets and providers."""
    _refuse_while_running(project)
    Run.objects.filter(experiment__project=project).delete()
    CaseList.objects.filter(experiment__project=project).delete()
    project.experiments.all().delete()


def _refuse_while_running(owner: Project | Experiment) -> None:
    running = active_runs(owner)
    if running:
        names = ", ".join(f"{run} of {run.experiment} ({run.status})" for run in running)
        raise ActionConflict(f"Something of {owner} goes on: cancel it or wait for its end. {names}")


def _runs_of(owner: Project | Experiment) -> RunQuerySet:
    if isinstance(owner, Project):
        return Run.objects.filter(experiment__project=owner)
    return Run.objects.filter(experiment=owner)


def _result_count(runs: RunQuerySet) -> int:
    return sum(totals.results for totals in counts_of(list(runs.values_list("pk", flat=True))).values())
