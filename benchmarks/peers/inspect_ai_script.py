"""The job as a task of Inspect AI: its OpenAI provider, its exact scorer, its log beside the items."""

import json
import sys
from pathlib import Path

import inspect_ai
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import exact
from inspect_ai.solver import generate


def evaluate(base_url: str, key: str, file: Path, model: str, in_flight: int) -> None:
    """Evaluate every item of the file; fail unless all answers are right."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    samples = [Sample(f"{row['question']} Answer with the number alone.", target=row["answer"]) for row in rows]
    config = GenerateConfig(max_connections=in_flight)
    asked = get_model(f"openai/{model}", base_url=base_url, api_key=key, config=config, responses_api=False)
    task = inspect_ai.Task(dataset=MemoryDataset(samples), solver=generate(), scorer=exact())
    (log,) = inspect_ai.eval(task, model=asked, max_samples=in_flight, log_dir=f"{file}.logs", display="none")
    mean = log.results.scores[0].metrics["mean"].value if log.results else None
    if log.status != "success" or mean != 1:
        raise SystemExit(f"{log.status}, mean score {mean}: {log.error}")


if __name__ == "__main__":
    base_url, key, file, model, in_flight = sys.argv[1:]
    evaluate(base_url, key, Path(file), model, int(in_flight))
