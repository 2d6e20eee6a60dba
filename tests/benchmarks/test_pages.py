"""The site with many results is filled as lanes would fill it, and every address that is measured answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.filling import ERROR_EVERY, fill
from benchmarks.pages import timed
from benchmarks.provider import environment
from benchmarks.shape import Shape
from runs.live.progress import counts_of
from runs.models import Lane, Result, RunStatus, Transcript
from scoring.boards.leaderboard import leaderboard
from scoring.models import Score


def test_shape_has_as_many_results_as_asked_for() -> None:
    assert Shape.of(1_000_000).results == 1_000_000


@pytest.mark.both
@pytest.mark.django_db
def test_filled_site_holds_what_a_lane_would_have_stored(tmp_path: Path) -> None:
    experiment = fill(tmp_path, Shape(candidates=2, items=8, trials=2))

    runs = list(experiment.runs.all())
    assert [run.status for run in runs] == [RunStatus.COMPLETED] * 2
    assert (Result.objects.count(), Transcript.objects.count(), Lane.objects.count()) == (32, 32, 0)
    assert Result.objects.errors().count() == len([0 for ordinal in range(16) if ordinal % ERROR_EVERY == 0]) * 2
    assert Score.objects.count() == 30
    assert counts_of([runs[0].pk])[runs[0].pk].results == 16


@pytest.mark.django_db
def test_board_of_a_filled_site_shows_the_share_of_right_answers(tmp_path: Path) -> None:
    experiment = fill(tmp_path, Shape(candidates=1, items=8, trials=1))

    (entry,) = leaderboard(experiment).entries

    assert entry.n == 7
    assert entry.weighted_score == pytest.approx(6 / 7)


@pytest.mark.django_db
def test_timed_counts_the_queries_of_one_call() -> None:
    found = timed(lambda: list(Result.objects.all()), rounds=3)

    assert found["queries"] == 1
    assert found["p95_ms"] >= 0


@pytest.mark.processes
def test_every_address_is_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.pages", "2", "8", "2", "1"]
    output = subprocess.run(command, env=environment(tmp_path), check=True, capture_output=True).stdout

    found = json.loads(output)
    assert {"runs", "drawer", "experiment: board", "API: results", "admin: runs", "leaderboard query"} <= found.keys()
    assert {"export: results as CSV", "outputs, a mode: flaky", "metrics"} <= found.keys()
