"""Jobs for tests: made without a database, or finished ones of a run that is stored."""

from decimal import Decimal
from typing import Any

from runs.exchange import Completion
from runs.execution import Case, Job, RunWork, StageTime, UnitWork


def a_case(item_id: int = 1) -> Case:
    """Return a case whose expected answer is 4."""
    return Case(item_id, f"item-{item_id}", "2 + 2?", "4", {}, ())


def a_job(ordinal: int = 0, *, run: RunWork | None = None, unit: UnitWork | None = None, item_id: int = 1) -> Job:
    """Return a job that has not begun."""
    run = run or RunWork(run_id=1, cases=1000, config={})
    return Job(run, unit or UnitWork(unit_id=1), ordinal, ordinal // run.cases, a_case(item_id))


def answered(job: Job, text: str = "4", **values: Any) -> Job:
    """Return the job as it is with an accepted answer: 3 and 2 tokens, half a cent, 120 ms."""
    job.completion = Completion(text, tokens_in=3, tokens_out=2)
    job.transcript = [{"role": "assistant", "parts": [{"type": "text", "text": text}]}]
    job.cost_usd, job.latency_ms, job.call_count = Decimal("0.005"), 120, 1
    job.request_hash = job.ordinal.to_bytes(16, "big")
    job.stages = [StageTime("generate", "ok", 120.0, 5)]
    for name, value in values.items():
        setattr(job, name, value)
    return job
