"""Runs that are planned over real items: sums whose answers the simulator knows."""

from typing import Any

from django.utils import timezone

from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import Candidate, Experiment, Item
from runs.actions import start_experiment
from runs.actions.preparing import prepare
from runs.execution import Job, RunWork
from runs.lanes.claims import CaseCache, HeldUnit, claim_one
from runs.models import Lane, Preparation, Run
from tests.factories import CandidateFactory, DatasetVersionFactory, ExperimentFactory, ProviderFactory

LIMITS = ("max_in_flight", "requests_per_minute", "tokens_per_minute", "timeout_s")


def sums(experiment_items: int, **values: Any) -> Experiment:
    """Return an experiment over this many sums with one exact scorer, without candidates."""
    version = DatasetVersionFactory(item_count=experiment_items)
    Item.objects.bulk_create(
        Item(
            dataset=version.dataset,
            key=f"sum-{number}",
            input=f"{number} + {number} = ?",
            expected=str(2 * number),
            position=number,
            since=1,
            changed_at=timezone.now(),
        )
        for number in range(experiment_items)
    )
    experiment = ExperimentFactory(project=version.dataset.project, dataset_version=version, **values)
    declare_scorers(experiment=experiment, declarations=[ScorerDeclaration("correct", "exact_match")], by=None)
    return experiment


def candidate_at(experiment: Experiment, base_url: str = "http://127.0.0.1:9/v1", **values: Any) -> Candidate:
    """Return a candidate of the experiment at an endpoint of its own, 8 calls in flight."""
    limits = {name: values.pop(name) for name in LIMITS if name in values}
    provider = values.pop("provider", None) or ProviderFactory(
        project=experiment.project, base_url=base_url, **{"max_in_flight": 8, **limits}
    )
    return CandidateFactory(experiment=experiment, provider=provider, **values)


def planned_run(items: int = 20, *, owner: str = "", **values: Any) -> Run:
    """Return the started run of one candidate over some sums."""
    experiment = sums(items, **values)
    candidate_at(experiment)
    run = start_experiment(experiment=experiment, by=None, owner=owner).runs[0]
    for preparation in Preparation.objects.all():
        prepare(preparation=preparation)
    run.refresh_from_db()
    return run


def claimed(lane: Lane, run: Run) -> HeldUnit:
    """Return the next unit of a run, claimed by the lane."""
    held = claim_one(lane, run, CaseCache())
    assert held is not None
    return held


def jobs_of(run: Run, held: HeldUnit) -> list[Job]:
    """Return the jobs of a unit, none of which has begun."""
    work = RunWork(run.pk, run.case_list.case_count, run.config)
    return [Job(work, held.work, ordinal, ordinal // work.cases, case) for ordinal, case in held.cases.items()]
