"""Which two runs are compared, and which may be chosen instead: of the experiment, and of another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from experiments.identifiers import uid_from
from experiments.models import Experiment
from experiments.models.projects import Person
from runs.models import Run
from scoring.boards.leaderboard import Entry, leaderboard, row_name

FORMER_SHOWN = 20


@dataclass(frozen=True)
class RunGroup:
    """Runs that may be chosen, under one heading."""

    label: str
    options: list[tuple[Run, str]]
    """Each with its name."""


@dataclass(frozen=True)
class Choice:
    """The two, and what else there is."""

    first: Run | None
    second: Run | None
    groups: list[RunGroup]
    is_lost: bool
    """Whether the address names a run that is not there for this person."""
    are_best: bool
    """Whether they are of two experiments, and each leads the board of its own."""

    @classmethod
    def build(cls, experiment: Experiment, request: HttpRequest) -> "Choice":
        """Return the runs that `a` and `b` name; else the second is the baseline's, the first the best other."""
        asked = [request.GET.get(name, "") for name in ("a", "b")]
        known = _named(asked, request.user, experiment)
        entries = _entries(experiment)
        first, second = _pair(experiment, [entry.run for entry in entries], *(known.get(text) for text in asked))
        others = _entries(second.experiment) if second and second.experiment_id != experiment.pk else []
        return cls(
            first,
            second,
            _groups(experiment, entries, others, [run for run in (first, second) if run]),
            any(text and text not in known for text in asked),
            bool(others) and _leads(first, entries) and _leads(second, others),
        )

    @property
    def count(self) -> int:
        """How many runs there are to choose from."""
        return sum(len(group.options) for group in self.groups)


def best_run(experiment: Experiment) -> Run | None:
    """Return the run that leads the board of an experiment; None: nothing has a score."""
    return next((entry.run for entry in _entries(experiment) if entry.weighted_score is not None), None)


def compare_address(first: Run, second: Run) -> str:
    """Return where two runs are compared: on the Compare tab of the first's experiment."""
    return f"{reverse('experiments:experiment-compare', args=[first.experiment.uid])}?a={first.uid}&b={second.uid}"


def _named(texts: Sequence[str], user: Person, experiment: Experiment) -> dict[str, Run]:
    """Return the runs that are named and that this person may see, by their names."""
    uids = {text: uid for text in texts if (uid := uid_from(text))}
    if not uids:
        return {}
    related = ("experiment__project", "candidate", "case_list__dataset_version__dataset")
    visible = Run.objects.visible_to(user).filter(uid__in=uids.values()).select_related(*related)
    found = {run.uid: run for run in visible.prefetch_related("experiment__scorers")}
    for run in found.values():
        if run.experiment_id == experiment.pk:
            run.experiment = experiment
    return {text: found[uid] for text, uid in uids.items() if uid in found}


def _entries(experiment: Experiment) -> list[Entry]:
    entries = leaderboard(experiment).entries
    for entry in entries:
        entry.run.experiment = experiment  # known already: names would ask for it again
    return entries


def _pair(
    experiment: Experiment, runs: Sequence[Run], first: Run | None, second: Run | None
) -> tuple[Run | None, Run | None]:
    known = experiment.baseline_id
    baseline = next((run for run in runs if known is not None and run.candidate_id == known), None)
    other = second or (baseline if baseline != first else None)
    one = first or next((run for run in runs if run != other), None)
    return one, other or next((run for run in runs if run != one), None)


def _groups(experiment: Experiment, entries: list[Entry], others: list[Entry], chosen: list[Run]) -> list[RunGroup]:
    """Return the boards of the experiment and of the other one, and what stands on neither."""
    groups = [RunGroup(str(experiment), [(entry.run, row_name(entry.run)) for entry in entries])]
    if others:
        other = others[0].run.experiment
        groups.append(RunGroup(str(other), [(entry.run, _name_beside(entry.run, experiment)) for entry in others]))
    on_boards = {run.pk for group in groups for run, _ in group.options}
    former = {run.pk: run for run in [*chosen, *_former(experiment)] if run.pk not in on_boards}
    apart = [(run, _name_beside(run, experiment)) for run in former.values()]
    return [*groups, RunGroup("Not on the board", apart)] if apart else groups


def _name_beside(run: Run, experiment: Experiment) -> str:
    """Return the name of a run that is not on the board of the experiment, with where it belongs."""
    is_own = run.experiment_id == experiment.pk
    return f"{row_name(run)} · {run.case_list.dataset_version or 'ad hoc' if is_own else run.experiment}"


def _former(experiment: Experiment) -> list[Run]:
    """Return the newest scored runs of the experiment, over other items or of candidates that were taken out too."""
    runs = experiment.runs.planned().filter(standing__value__isnull=False)
    found = runs.select_related("candidate", "case_list__dataset_version__dataset").order_by("-pk")
    return list(found[:FORMER_SHOWN])


def _leads(run: Run | None, entries: list[Entry]) -> bool:
    return bool(entries) and run == entries[0].run and entries[0].complete
