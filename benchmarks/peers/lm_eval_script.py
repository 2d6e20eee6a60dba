"""The job as a task of lm-evaluation-harness: its client of chat completions, its exact match."""

import os
import sys
from pathlib import Path


def evaluate(base_url: str, key: str, file: Path, model: str, in_flight: int) -> None:
    """Evaluate every item of the file; fail unless all answers are right."""
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": f"{file}.cache", "OPENAI_API_KEY": key}
    os.environ |= offline
    import lm_eval  # reads the environment as it is imported

    task = {
        "task": "sums",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(file)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{question}} Answer with the number alone.",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": [], "max_gen_toks": 16},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    asked = {
        "model": model,
        "base_url": f"{base_url}/chat/completions",
        "num_concurrent": in_flight,
        "tokenizer_backend": None,
        "tokenized_requests": False,
    }
    found = lm_eval.simple_evaluate(
        "local-chat-completions", asked, tasks=[task], apply_chat_template=True, bootstrap_iters=0
    )
    mean = found["results"]["sums"]["exact_match,none"]
    if mean != 1:
        raise SystemExit(f"mean score {mean}")


if __name__ == "__main__":
    base_url, key, file, model, in_flight = sys.argv[1:]
    evaluate(base_url, key, Path(file), model, int(in_flight))
