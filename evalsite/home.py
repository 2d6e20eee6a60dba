"""Home: what runs now, what needs the person, what came out last; at the first visit the demo."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from evalsite.live_parts import live_answer, live_part_of
from experiments.chosen_projects import ChosenProjects, projects_for_new
from experiments.forms import ProjectForm
from experiments.models import Experiment, Project
from experiments.models.projects import Person
from experiments.pages.leaderboard import LeaderboardPart
from experiments.pages.providers import can_add_provider
from experiments.permissions import permitted
from runs.limits.month import MonthSpend, spent_this_month
from runs.live.pace import Pace, paces_of
from runs.live.streams import are_workers_gone
from runs.models import FINISHED, Run, RunStatus
from runs.models.runs import RUNNABLE, RunQuerySet
from scoring.boards.run_lines import RunLine, with_lines

MOST_RUNNING, MOST_PAUSED, MOST_LATEST, MOST_PROJECTS = 20, 20, 10, 20


@dataclass(frozen=True)
class HomeNow:
    """The part of Home that is live."""

    running: list[Pace]
    paused: list[Run]
    latest: list[RunLine]
    is_worker_missing: bool

    @classmethod
    def build(cls, request: HttpRequest) -> "HomeNow":
        """Return what goes on in the person's projects, in the chosen one where there is a choice."""
        projects = ChosenProjects.of(request.user, request.COOKIES).ids
        visible = Run.objects.visible_to(request.user).filter(experiment__project__in=projects)
        runs: RunQuerySet = visible.select_related("experiment", "provider")
        running = list(runs.filter(status__in=RUNNABLE).order_by("-pk")[:MOST_RUNNING])
        paused = list(runs.filter(status=RunStatus.PAUSED).order_by("-pk")[:MOST_PAUSED])
        finished = with_lines(visible.filter(status__in=FINISHED, experiment__archived_at=None))
        latest = [RunLine.of(run) for run in finished.order_by(F("completed_at").desc(), "-pk")[:MOST_LATEST]]
        waiting = any(not run.owner for run in running)
        return cls(paces_of(running), paused, latest, waiting and are_workers_gone())


@dataclass(frozen=True)
class HomePage:
    """The page."""

    now: HomeNow
    demo: LeaderboardPart | None
    """The board of the demo, until the person's projects have an experiment of their own; None: none is there."""
    can_add_provider: bool
    can_import: bool
    can_make_experiment: bool
    stream_url: str
    spend: list[MonthSpend]
    """What the person's projects have spent this month: those that spent something or have a budget."""

    @classmethod
    def build(cls, request: HttpRequest) -> "HomePage":
        """Return the page of a person."""
        user = request.user
        stream_url = reverse("runs:home-stream") if settings.STREAMS else ""
        can_import = projects_for_new(user, "edit_dataset", {}).exists()
        spend = _spend(request)
        can_make = projects_for_new(user, "edit_experiment", {}).exists()
        return cls(HomeNow.build(request), _demo(user), can_add_provider(user), can_import, can_make, stream_url, spend)


def _spend(request: HttpRequest) -> list[MonthSpend]:
    chosen = ChosenProjects.of(request.user, request.COOKIES).ids
    projects = Project.objects.visible_to(request.user).filter(pk__in=chosen).order_by("name")
    spends = spent_this_month(projects[:MOST_PROJECTS])
    return [one for one in spends if one.spent_usd != 0 or one.project.monthly_budget_usd is not None]


def _demo(user: Person) -> LeaderboardPart | None:
    offered = Experiment.objects.visible_to(user).offered()
    experiments = offered.select_related("project", "dataset_version__dataset")
    if experiments.filter(project__is_demo=False).exists():
        return None
    demo: Experiment | None = experiments.filter(project__is_demo=True).order_by("pk").first()
    return LeaderboardPart.build(demo, permitted(user, demo.project)) if demo else None


@require_safe
@gzip_page  # the first page that anybody loads; compressing costs less than a millisecond
def home(request: HttpRequest) -> HttpResponse:
    """Show Home; whoever has no project yet is asked for one."""
    if not Project.objects.visible_to(request.user).exists():
        return render(request, "no_project.html", {"project_form": ProjectForm()})
    return render(request, "home.html", {"page": HomePage.build(request)})


@require_safe
def home_now(request: HttpRequest) -> HttpResponse:
    """Show the live part of Home, as a fragment."""
    return live_answer(request, live_part_of("_home_now.html", {"now": HomeNow.build(request)}))
