"""The job as an evaluation of promptfoo: its command line, its OpenAI provider, an `equals` for each item."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = Path(sys.prefix) / "node_modules" / ".bin" / "promptfoo"
QUIET = ("--no-cache", "--no-progress-bar", "--no-table", "--no-share")


def configuration(base_url: str, key: str, items: list[dict[str, Any]], model: str) -> dict[str, Any]:
    """Return what is asked of whom, and what is right."""
    provider = {"id": f"openai:chat:{model}", "config": {"apiBaseUrl": base_url, "apiKey": key}}
    tests = [
        {"vars": {"question": item["question"]}, "assert": [{"type": "equals", "value": item["answer"]}]}
        for item in items
    ]
    return {"prompts": ["{{question}} Answer with the number alone."], "providers": [provider], "tests": tests}


def evaluate(base_url: str, key: str, file: Path, model: str, in_flight: int) -> None:
    """Evaluate every item of the file; fail unless all answers are right."""
    items = [json.loads(line) for line in file.read_text().splitlines()]
    written, found = file.with_suffix(".promptfoo.json"), file.with_suffix(".found.json")
    written.write_text(json.dumps(configuration(base_url, key, items, model)))
    own = {"PROMPTFOO_CONFIG_DIR": f"{file}.promptfoo"}
    off = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
    command = [str(COMMAND), "eval", "-c", str(written), "-o", str(found), "-j", str(in_flight), *QUIET]
    subprocess.run(command, env={**os.environ, **own, **off}, check=True)  # noqa: S603 - the tool that is measured
    right = json.loads(found.read_text())["results"]["stats"]["successes"]
    if right != len(items):
        raise SystemExit(f"{right} of {len(items)} answers are right")


if __name__ == "__main__":
    base_url, key, file, model, in_flight = sys.argv[1:]
    evaluate(base_url, key, Path(file), model, int(in_flight))
