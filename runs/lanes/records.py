"""From finished jobs to the rows of the hot tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
from django.db import models

from experiments.blobs import default_store
from experiments.cleaning import clean_text
from experiments.media_store import media_apart
from experiments.storage import Row, RowBuilder
from runs.execution import Attempt, Job
from runs.lanes.tallies import StageTally, Tally
from runs.models import Billed, FailedAttempt, Result, Transcript
from runs.models.results import PREVIEW_LENGTH
from runs.outcomes import ANSWERED, ERRORS

BLOB_ABOVE_BYTES = 64 * 1024


@dataclass(slots=True)
class Rows:
    """What one flush writes: rows by model, and what they add to each unit."""

    results: list[Row] = field(default_factory=list)
    transcripts: list[Row] = field(default_factory=list)
    attempts: list[Row] = field(default_factory=list)
    scores: list[tuple[type[models.Model], Row]] = field(default_factory=list)


def dumps(value: Any) -> str:
    """Return JSON as it is stored."""
    return orjson.dumps(value).decode()


def result_row(build: RowBuilder, job: Job) -> Row:
    """Return the Result row of a finished job."""
    completion, arrived = job.completion, job.arrived
    return build(
        id=job.result_id,
        item_id=job.case.item_id,
        trial=job.trial,
        variant=job.variant,
        outcome=job.outcome,
        detail=clean_text(job.detail),
        preview=arrived.text[:PREVIEW_LENGTH] if arrived else "",
        tokens_in=completion.tokens_in if completion else None,
        tokens_out=completion.tokens_out if completion else None,
        cost_usd=job.cost_usd,
        latency_ms=job.latency_ms,
        first_token_ms=arrived.first_token_ms if arrived else None,
        wait_ms=job.wait_ms,
        attempt_count=job.call_count,
        request_hash=job.request_hash if job.outcome in ANSWERED else None,
        reused_from=job.reused_from,
        stages=dumps([[time.stage, time.status, time.ms, time.wait_ms] for time in job.stages]),
        finished_at=job.recorded_at,
    )


def transcript_row(build: RowBuilder, job: Job) -> Row:
    """Return the Transcript row of a finished job; above 64 KiB its media, then its body go to the blob store."""
    body = orjson.dumps(job.transcript)
    if len(body) > BLOB_ABOVE_BYTES:
        body = orjson.dumps(media_apart(job.transcript))
    if len(body) > BLOB_ABOVE_BYTES:
        body = orjson.dumps({"blob": default_store().put(body)})
    return build(
        result_id=job.result_id,
        body=body.decode(),
        raw_request=job.raw_request,
        raw_response=clean_text(job.raw_response) if job.raw_response else None,
    )


def attempt_row(build: RowBuilder, job: Job, attempt: Attempt) -> Row:
    """Return the FailedAttempt row of one attempt."""
    return build(
        result_id=job.result_id,
        outcome=attempt.outcome,
        detail=clean_text(attempt.detail),
        status=attempt.status,
        billed=attempt.billed,
        latency_ms=attempt.latency_ms,
        raw_response=clean_text(attempt.raw_response) if attempt.raw_response else None,
        made_at=job.recorded_at,
    )


class Recorder:
    """Builds the rows of finished jobs; one a lane."""

    def __init__(self) -> None:
        self._result, self._transcript = RowBuilder(Result), RowBuilder(Transcript)
        self._attempt = RowBuilder(FailedAttempt)

    def rows_of(self, jobs: Iterable[Job]) -> Rows:
        """Return all rows of jobs that came to a result."""
        rows = Rows()
        for job in jobs:
            rows.results.append(result_row(self._result, job))
            rows.transcripts.append(transcript_row(self._transcript, job))
            rows.scores.extend(score.row(job.result_id, job.recorded_at) for score in job.scores)
            rows.attempts.extend(self.attempts_of(job))
        return rows

    def attempts_of(self, job: Job) -> list[Row]:
        """Return the rows of a job's attempts."""
        return [attempt_row(self._attempt, job, attempt) for attempt in job.attempts]

    def answer_that_came_second(self, job: Job) -> Row:
        """Return the row of an answer that another worker's answer forestalled: it was paid for all the same."""
        completion = job.completion
        return self._attempt(
            result_id=job.result_id,
            outcome=job.outcome,
            detail="another worker stored its answer first",
            billed=Billed.YES.value,
            tokens_in=completion.tokens_in if completion else None,
            tokens_out=completion.tokens_out if completion else None,
            cost_usd=job.cost_usd,
            latency_ms=job.latency_ms,
            made_at=job.recorded_at,
        )


def count(tally: Tally, job: Job) -> None:
    """Add one finished job to a tally."""
    tally.outcomes[job.outcome] = tally.outcomes.get(job.outcome, 0) + 1
    tally.reused_count += job.reused_from is not None
    tally.wait_ms += job.wait_ms
    count_attempts(tally, job)
    if job.completion:
        tally.tokens_in += job.completion.tokens_in or 0
        tally.tokens_out += job.completion.tokens_out or 0
        if job.completion.first_token_ms is not None:
            tally.first_tokens.add(job.completion.first_token_ms, is_error=False)
    tally.unpriced_count += job.cost_usd is None and job.outcome in ANSWERED
    tally.cost_usd += job.cost_usd or Decimal(0)
    if job.latency_ms is not None:
        tally.calls.add(job.latency_ms, is_error=job.outcome in ERRORS)
    for time in job.stages:
        tally.stages.setdefault(time.stage, StageTally()).add(time.ms, is_error=time.status != "ok")


def count_attempts(tally: Tally, job: Job) -> None:
    """Add the attempts of a job to a tally."""
    tally.attempt_count += len(job.attempts)


def counters_of(tally: Tally) -> Mapping[str, Any]:
    """Return a tally as values of a work unit's columns."""
    return {f"{outcome}_count": count for outcome, count in tally.outcomes.items()} | {
        "reused_count": tally.reused_count,
        "attempt_count": tally.attempt_count,
        "unpriced_count": tally.unpriced_count,
        "tokens_in": tally.tokens_in,
        "tokens_out": tally.tokens_out,
        "wait_ms": tally.wait_ms,
        "cost_usd": tally.cost_usd,
        "stages": tally.stages_json(),
    }
