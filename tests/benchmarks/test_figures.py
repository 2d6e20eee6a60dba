"""The benchmarks measure what they say, on a tiny job."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.engine import migrate, run_in_foreground
from benchmarks.job import Job
from benchmarks.measuring import Failed, measured
from benchmarks.provider import Provider, environment

pytestmark = pytest.mark.processes


def test_ideal_time_is_requests_by_latency_over_calls_in_flight() -> None:
    assert Job(items=2000, latency_ms=50, in_flight=64).ideal_s == 1.5625


def test_run_in_foreground_is_measured_by_the_provider_and_the_system(tmp_path: Path) -> None:
    migrate(tmp_path)
    with Provider(tmp_path, latency_ms=5) as provider:
        figures = run_in_foreground(tmp_path, Job(20, latency_ms=5, in_flight=4), provider, "tiny")

    assert (figures.requests, figures.max_in_flight) == (20, 4)
    assert figures.span_s >= 20 * 0.005 / 4
    assert figures.taken.wall_s >= figures.span_s
    assert figures.taken.cpu_s > 0
    assert figures.taken.peak_mib > 10


@pytest.mark.parametrize("client", ["raw", "ours"])
def test_floor_makes_every_call(tmp_path: Path, client: str) -> None:
    with Provider(tmp_path, latency_ms=0) as provider:
        arguments = [client, str(provider.port), provider.key, "50", "8"]
        subprocess.run([sys.executable, "-m", "benchmarks.floor", *arguments], check=True, stdout=subprocess.DEVNULL)
        stats = provider.stats()

    assert stats["requests"] == 50
    assert stats["max_in_flight"] <= 8


def test_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(Failed, match="amiss"):
        measured([sys.executable, "-c", "raise SystemExit('amiss')"], environment(Path("unused")))
