"""Summing up a run: RunScore and RunStanding, recomputed from the scores and never adjusted."""

from collections.abc import Mapping

import numpy as np
from django.db import transaction
from django.dispatch import receiver

from experiments.models import ScorerSpec
from runs.live.progress import totals_of
from runs.models import Run
from runs.signals import results_changed
from scoring.boards.item_values import ItemValues, mean_and_variance, no_positions
from scoring.boards.kept_values import ItemSets, keep_items, keep_values, kept_values
from scoring.boards.scored import CountingResults, Scored, counting_results, is_of_people, kept_results, scored_by
from scoring.boards.weighting import Weighted, covariance_of, weighted_score
from scoring.models import RunScore, RunStanding
from scoring.statistics import score_interval

SMALL = 1_000
"""Planned results up to which everything is read anew when a person rates one of them."""


@receiver(results_changed)
def sum_up_changed(run: Run, *, is_rating: bool = False, **_: object) -> None:
    """Keep boards true whenever the results of a run change, or what people say of them."""
    if not is_rating or run.planned_count <= SMALL or sum_up_ratings(run) is None:
        sum_up(run)


def sum_up(run: Run) -> RunStanding:
    """Recompute the run's scores and standing from what is stored, write and return them. Safe to call at any time."""
    results = counting_results(run)
    specs = run.experiment.scorers.filter(removed_at=None)
    scored = [scored_by(run, spec, results) for spec in specs]
    with transaction.atomic():
        RunScore.objects.filter(run=run).exclude(scorer__in=[one.spec for one in scored]).delete()
        for one in scored:
            _write_run_score(run, one)
        keep_items(run, _item_sets(scored, results))
        return _write_standing(run, scored, results)


def sum_up_ratings(run: Run) -> RunStanding | None:
    """Recompute what people's scores come to; what code said is as the last summing up has kept it.

    A rating must not read all the scores of a large run. None: not all that it takes is kept, or a scorer has a
    condition, which results are to be asked for.
    """
    specs = list(run.experiment.scorers.filter(removed_at=None))
    results, values = kept_results(run), kept_values([run.pk]).get(run.pk, {})
    rows = {row.scorer_id: row for row in RunScore.objects.filter(run=run)}
    if results is None or not all(is_of_people(spec) or _is_kept(spec, rows, values) for spec in specs):
        return None
    if any(spec.when for spec in specs):
        return None
    scored = [
        scored_by(run, spec, results) if is_of_people(spec) else _of_kept(rows[spec.pk], values[spec.pk], spec, results)
        for spec in specs
    ]
    with transaction.atomic():
        for one in scored:
            if not one.is_code:
                _write_run_score(run, one)
        keep_items(run, _item_sets(scored, results))
        return _write_standing(run, scored, results)


def _is_kept(spec: ScorerSpec, rows: Mapping[int, RunScore], values: Mapping[int, ItemValues]) -> bool:
    row = rows.get(spec.pk)
    return spec.pk in values and row is not None and row.revision == spec.revision and row.lacking_count is not None


def _of_kept(row: RunScore, values: ItemValues, spec: ScorerSpec, results: CountingResults) -> Scored:
    return Scored(spec, values, row.none_count, lacking=row.lacking_count or 0, asked=results.items)


def _write_run_score(run: Run, scored: Scored) -> None:
    mean, variance = mean_and_variance(scored.values.means)
    interval = score_interval(scored.values.means.tolist())
    run_score, _ = RunScore.objects.update_or_create(
        run=run,
        scorer=scored.spec,
        defaults={
            "revision": scored.spec.revision,
            "n": scored.values.n,
            "none_count": scored.none_count,
            "lacking_count": scored.lacking,
            "mean": mean,
            "variance": variance,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
        },
    )
    keep_values(run_score, scored.values)


def _item_sets(scored: list[Scored], results: CountingResults) -> ItemSets:
    rated = [one.values.positions for one in scored if not one.is_code and not one.is_of_run]
    return ItemSets(
        np.flatnonzero(results.answered),
        np.flatnonzero(results.failed),
        np.unique(np.concatenate([no_positions(), *rated])),
    )


def _write_standing(run: Run, scored: list[Scored], results: CountingResults) -> RunStanding:
    weighted = {one.spec.name: Weighted(one.spec.weight, one.scale, one.values, one.asked) for one in scored}
    score = weighted_score(weighted, results.items)
    missing = [one.spec.name for one in scored if one.spec.weight > 0 and one.is_asked and not one.values.n]
    of_all_items = [one.spec for one in scored if one.is_code and not one.spec.when]
    with_range = [spec.name for spec in of_all_items if spec.range_low is not None]
    standing, _ = RunStanding.objects.update_or_create(
        run=run,
        defaults={
            "value": score.value,
            "low": score.low,
            "high": score.high,
            "n": score.n,
            "is_complete": not missing and not any(one.lacking for one in scored),
            "missing": missing,
            "is_tried": False,
            "partial": score.partial,
            "covariance": covariance_of({name: weighted[name] for name in with_range}),
            "totals": totals_of(run).as_json(),
        },
    )
    return standing
