"""What an experiment will cost in all, from the results that exist: those of a pilot, or of the runs so far."""

import math
from dataclasses import dataclass

from django.db.models import Q

from experiments.actions.case_lists import current_case_list
from experiments.models import Candidate, Experiment
from experiments.wording import dollars
from runs.actions.planning import wanted_plan
from runs.models import Result, Run
from runs.models.results import ORDINAL_BITS, result_id_of
from scoring.statistics.quantiles import t_quantile

TWO_SIDED_95 = 0.975
MOST_RESULTS = 1000
"""As many of the first results are looked at: more would not narrow the range by much."""


RUNS_AT_ONCE = 100
"""Ranges in one query: databases bound how long a condition may be."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one candidate will cost in all."""

    candidate: str
    planned: int
    priced: int
    """Results with a cost that the forecast is made from."""
    spent_usd: float
    """What those have cost."""
    cost_usd: float | None
    """What all will cost; None: no priced result yet."""
    low_usd: float | None
    high_usd: float | None
    """In which 95 of 100 such forecasts come true; None with fewer than two priced results."""
    unpriced_model: str = ""
    """The model, where its provider has no price for it: no pilot would give a forecast."""

    @property
    def why_none(self) -> str:
        """Why there is no forecast, and what to do."""
        if self.unpriced_model:
            return f"no price is set for {self.unpriced_model}: give it one on its provider's page"
        return "no priced results yet: a pilot of 5 items gives a forecast"


def predicted(planned: int, costs: int, mean: float, variance: float) -> tuple[float, float | None, float | None]:
    """Return (total, low, high) of `planned` costs of which the first have this mean and variance.

    The range is that of a sum of new values: it widens with those that are missing, and with how little the mean of
    those at hand is known. Source: prediction interval of a future mean, Student's t, n - 1 degrees of freedom.
    """
    left = max(0, planned - costs)
    total = mean * (costs + left)
    if costs < 2:
        return total, None, None
    spread = t_quantile(TWO_SIDED_95, costs - 1) * math.sqrt(variance * (left + left * left / costs))
    return total, max(mean * costs, total - spread), total + spread


def forecast_of(experiment: Experiment) -> list[Forecast]:
    """Return the forecast of each candidate, in their order; without a dataset there is none."""
    case_list = current_case_list(experiment) if experiment.dataset_version_id else None
    if case_list is None:
        return []
    planned = wanted_plan(experiment, case_list).count
    runs = {run.config_hash: run for run in Run.objects.planned().filter(case_list=case_list, experiment=experiment)}
    costs = _costs_of([run.pk for run in runs.values()])
    listed = experiment.candidates.listed().select_related("provider").order_by("position", "pk")
    pairs = [(candidate, runs.get(candidate.config_hash)) for candidate in listed]
    return [_forecast(candidate, costs[run.pk] if run else [], planned) for candidate, run in pairs]


def _forecast(candidate: Candidate, costs: list[float], planned: int) -> Forecast:
    if not costs:
        unpriced = "" if candidate.provider.prices.get(candidate.model) else candidate.model
        return Forecast(candidate.name, planned, 0, 0.0, None, None, None, unpriced)
    mean = sum(costs) / len(costs)
    variance = sum((cost - mean) ** 2 for cost in costs) / max(1, len(costs) - 1)
    total, low, high = predicted(planned, len(costs), mean, variance)
    return Forecast(candidate.name, planned, len(costs), sum(costs), total, low, high)


def _costs_of(run_ids: list[int]) -> dict[int, list[float]]:
    """Return, by run, the costs of its first results that were called for and have one."""
    found: dict[int, list[float]] = {run_id: [] for run_id in run_ids}
    for start in range(0, len(run_ids), RUNS_AT_ONCE):
        ranges = Q()
        for run_id in run_ids[start : start + RUNS_AT_ONCE]:
            first = result_id_of(run_id, 0)
            ranges |= Q(pk__gte=first, pk__lt=first + MOST_RESULTS)
        results = Result.objects.filter(ranges, cost_usd__isnull=False, reused_from=None).order_by()
        for pk, cost in results.values_list("pk", "cost_usd"):
            found[pk >> ORDINAL_BITS].append(float(cost))
    return found


def sentence_of(one: Forecast) -> str:
    """Return a forecast in words."""
    if one.cost_usd is None:
        return one.why_none
    ends = [dollars(end) for end in (one.low_usd, one.high_usd) if end is not None]
    within = f" ({' to '.join(ends)})" if len(set(ends)) == 2 else ""
    return f"about {dollars(one.cost_usd)}{within} for {one.planned} results, from {one.priced}"
