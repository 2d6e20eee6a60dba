"""Deleting a project with all that belongs to it: what would be lost, what stands against it, and doing it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django_q.tasks import async_task

from experiments.actions import ActionConflict, ActionRefused, archive_project
from experiments.models import CaseList, Dataset, Experiment, Item, Project, Prompt, Provider
from experiments.models.projects import Person
from experiments.permissions import require
from runs.live.progress import counts_of
from runs.models import FailedAttempt, Result, Run, Transcript
from runs.models.results import result_id_of
from scoring.models import Score

CHUNK = 1_000
RESULTS_AT_ONCE = 1_000
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
            _result_count(project),
            Dataset.objects.filter(project=project).listed().count(),
            Item.objects.filter(dataset__project=project, until=None).count(),
            Prompt.objects.filter(project=project).count(),
            Provider.objects.filter(project=project).count(),
        )


def active_runs(project: Project) -> list[Run]:
    """Return the runs that go on or wait, the newest first: a project is not deleted while there are any."""
    runs = Run.objects.filter(experiment__project=project).active().select_related("experiment")
    return list(runs.order_by("-pk")[:MOST_NAMED])


def delete_project(*, project: Project, typed_name: str, by: Person | None) -> bool:
    """Delete a project for good; return whether it is gone at once: a large one is hidden now and a job deletes it.

    Raises ActionRefused for a name that is not the project's, ActionConflict while something of it runs.
    """
    require(by, project, "delete")
    if typed_name.strip() != project.name:
        raise ActionRefused("name", f'type the name of the project, "{project.name}", to delete it')
    _refuse_while_running(project)
    if _result_count(project) <= RESULTS_AT_ONCE:
        delete_rows(project)
        return True
    archive_project(project=project, by=by)
    transaction.on_commit(
        lambda: async_task("scoring.tasks.delete_project", project.pk, q_options={"task_name": "delete project"}),
        robust=True,
    )
    return False


def delete_rows(project: Project) -> None:
    """Delete a project and all that hangs on it, in short transactions; safe to begin again after a crash.

    Raises ActionConflict where something was started meanwhile.
    """
    for run in Run.objects.filter(experiment__project=project):
        _refuse_while_running(project)
        empty_run(run)
    _delete_rest(project)


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
def _delete_rest(project: Project) -> None:
    """Delete runs before the case lists that they protect, those and experiments before datasets and providers."""
    _refuse_while_running(project)
    Run.objects.filter(experiment__project=project).delete()
    CaseList.objects.filter(experiment__project=project).delete()
    project.experiments.all().delete()
    project.delete()


def _refuse_while_running(project: Project) -> None:
    running = active_runs(project)
    if running:
        names = ", ".join(f"{run} of {run.experiment} ({run.status})" for run in running)
        raise ActionConflict(f"Something of {project} goes on: cancel it or wait for its end. {names}")


def _result_count(project: Project) -> int:
    runs = list(Run.objects.filter(experiment__project=project).values_list("pk", flat=True))
    return sum(totals.results for totals in counts_of(runs).values())
