"""The second stage: the completion of a rendered request, from an equal earlier one or from the provider."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from runs.calls import DEFAULT_TIMEOUT_S, Limits
from runs.exchange import Completion, Message, Request
from runs.execution import Job, NotedAnswer, Stage
from runs.lanes.supplies import LaneSupplies
from runs.lines import ProviderLine
from runs.models import Run
from runs.reuse import Reusable, has_forerunners

HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class GeneratePart:
    """What generating needs to know of a run."""

    line: ProviderLine
    limits: Limits
    is_reusing: bool
    hash_head: bytes
    """What the request hash begins with: project, kind, base URL, measured options. Reuse never crosses a project."""


class Generate(Stage):
    """Fetches the completion of a request through the call port."""

    name = "generate"

    def __init__(self, supplies: LaneSupplies) -> None:
        self._supplies = supplies

    def prepare(self, run: Run) -> GeneratePart:
        """Return what this stage needs for the jobs of a run. Called in the database thread."""
        seconds = run.timeout_s or run.provider.timeout_s or DEFAULT_TIMEOUT_S
        config = run.config
        measured = [config["options"]] if config.get("options") else []
        head = orjson.dumps([run.experiment.project_id, config["kind"], config["base_url"], *measured])
        is_reusing = run.is_reusing and has_forerunners(run)
        line = self._supplies.line_of(run)
        limits = Limits(timeout_s=seconds, wallets=self._supplies.wallets_of(run, line))
        return GeneratePart(line, limits, is_reusing, head)

    async def __call__(self, job: Job) -> bool:
        """Fill in the completion."""
        part: GeneratePart = job.run.parts[self.name]
        request = job.request
        if request is None:
            raise RuntimeError("a job reached generate without a request")
        job.request_hash = request_hash(part.hash_head, request)
        if job.noted is not None and job.noted.request_hash == job.request_hash:
            completion: Completion | None = _go_on_from(job, part.line.name, job.noted)
        elif part.is_reusing and (found := await self._supplies.reuse.find(job.request_hash)):
            completion = _take(job, found)
        else:
            completion = await self._ask(job, part, request)
        if completion is None:
            return False
        job.completion, job.outcome, job.detail = completion, completion.outcome, completion.detail
        job.raw_response = completion.raw_response
        return True

    async def _ask(self, job: Job, part: GeneratePart, request: Request) -> Completion | None:
        completion = await self._supplies.port.complete(job, part.line, request, part.limits)
        if job.arrived is not None:
            job.transcript.append(_answer(job, part.line.name, job.arrived))
        return completion


def request_hash(head: bytes, request: Request) -> bytes:
    """Return the identity of a request within its project: 128 bits of SHA-256. The trial is part of it."""
    body: list[Any] = [request.model, request.messages, dict(request.params), request.item_key, request.sample]
    text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(head + text).digest()[:HASH_BYTES]


def _go_on_from(job: Job, provider: str, noted: NotedAnswer) -> Completion:
    """Go on from the answer of a lane that was killed before it stored it."""
    job.completion, job.cost_usd, job.latency_ms = noted.completion, noted.cost_usd, noted.latency_ms
    job.wait_ms, job.call_count, job.attempts = noted.wait_ms, noted.call_count, noted.attempts
    job.transcript.append(_answer(job, provider, noted.completion))
    return noted.completion


def _take(job: Job, found: Reusable) -> Completion:
    """Take over an earlier answer: its text, usage, cost and latency; no call is made."""
    job.reused_from = found.result_id
    job.cost_usd, job.latency_ms = found.cost_usd, found.latency_ms
    job.transcript.append({**found.completion.message, "reused_from": found.result_id})
    return found.completion


def _answer(job: Job, provider: str, completion: Completion) -> Message:
    """Return the assistant's message as the transcript keeps it: with its call, and marked where it broke off."""
    call: dict[str, Any] = {
        "provider": provider,
        "purpose": "subject",
        "usage": {"tokens_in": completion.tokens_in, "tokens_out": completion.tokens_out},
        "cost_usd": str(job.cost_usd) if job.cost_usd is not None else None,
        "wait_ms": job.wait_ms,
        "latency_ms": job.latency_ms,
    }
    if completion.cached_tokens:
        call["usage"]["cached_tokens"] = completion.cached_tokens
    if completion.first_token_ms is not None:
        call["first_token_ms"] = completion.first_token_ms
    if job.partial is not None:
        return {**completion.message, "partial": True, "call": call}
    return {**completion.message, "call": call}
