"""The job that everything is measured at: N one-line sums, exact match, so many calls in flight."""

import json
from dataclasses import dataclass
from pathlib import Path

MODEL = "sim-instant"


@dataclass(frozen=True, slots=True)
class Job:
    """How much is asked, and how."""

    items: int
    latency_ms: float
    in_flight: int = 64
    trials: int = 1

    @property
    def calls(self) -> int:
        """How many calls the job is."""
        return self.items * self.trials

    @property
    def ideal_s(self) -> float:
        """Seconds that a client without any cost of its own needs."""
        return self.calls * self.latency_ms / 1000 / self.in_flight


def sums(count: int) -> list[dict[str, str]]:
    """Return so many items: id, question, answer."""
    return [
        {"id": f"s{number}", "question": f"{number}+{number + 7}=?", "answer": str(2 * number + 7)}
        for number in range(count)
    ]


def items_file(folder: Path, job: Job, *, name: str) -> Path:
    """Write the items as JSON lines and return their path."""
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in sums(job.items)), encoding="utf-8")
    return path


def experiment_file(
    folder: Path, job: Job, *, name: str = "sums", model: str = MODEL, candidates: int = 1, project: str = "default"
) -> Path:
    """Write the job as an experiment file with its items and return its path; several candidates differ by seed."""
    rows = items_file(folder, job, name=name)
    document = {
        "experiment": name,
        "project": project,
        "dataset": {"name": name, "file": rows.name, "key": "id", "input": "question", "expected": "answer"},
        "providers": {"simulated": {"kind": "simulator", "max_in_flight": job.in_flight}},
        "prompt": "{{ input }} Answer with the number alone.",
        "candidates": [
            {"name": f"{model}-{number}", "provider": "simulated", "model": model, "params": {"seed": number}}
            for number in range(candidates)
        ],
        "trials": job.trials,
        "scorers": [{"kind": "exact_match", "name": "correct"}],
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
