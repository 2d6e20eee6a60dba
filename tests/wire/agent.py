"""An agent with a format of its own: a question in, parts of an answer out, whole or in events."""

import json
from collections import Counter
from typing import Any

from tests.wire.server import Answer, Asked
from tests.wire.sums import answer_to

KEY = "key-of-the-agent"
MODELS = ["swift", "wordy", "strict", "busy"]
OPTIONS: dict[str, Any] = {
    "path": "/agents/{{ model }}/ask",
    "request_headers": {"X-Session": "{{ key }}-{{ sample }}"},
    "body": {
        "question": "Q: {{ prompt }}",
        "rules": ["{{ system }}"],
        "turns": "{{ messages }}",
        "settings": {"heat": "{{ params.temperature }}", "tries": 1},
    },
    "key_header": "X-Agent-Key",
    "key_prefix": "",
    "text": "result.parts[*].say | delta",
    "tokens_in": "usage.read",
    "tokens_out": "usage.written",
    "refusal": "declined",
    "truncated": "stopped=limit",
    "error": "problem",
    "models_path": "/agents",
    "models": "agents[*].name",
}


def said(*parts: str, **more: Any) -> dict[str, Any]:
    """Return an answer."""
    return {"result": {"parts": [{"say": part} for part in parts]}, "usage": {"read": 12, "written": 3}, **more}


def problem(status: int, message: str) -> Answer:
    """Return an error."""
    return Answer(status, {"message": message})


def events_of(whole: dict[str, Any]) -> tuple[bytes, ...]:
    """Return an answer as its stream gives it."""
    rest = {name: value for name, value in whole.items() if name != "result"}
    values = [*({"delta": part["say"]} for part in whole["result"]["parts"]), rest]
    return (*(f"data: {json.dumps(value)}\n\n".encode() for value in values), b"data: [DONE]\n\n")


class AgentApi:
    """Answers sums; busy fails when a question first comes."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> Answer:
        """Return the answer to a request."""
        if asked.headers.get("x-agent-key") != KEY:
            return problem(401, "who are you")
        if (asked.method, asked.path) == ("GET", "/agents"):
            return Answer(200, {"agents": [{"name": name} for name in MODELS]})
        _, agents, model, *rest = asked.path.split("/")
        if (asked.method, agents, rest) != ("POST", "agents", ["ask"]):
            return Answer(404, b"nothing here")
        if model not in MODELS:
            return problem(404, f"no agent {model}")
        answer = self._answer(model, asked.body)
        is_streamed = asked.headers.get("accept") == "text/event-stream" and answer.status == 200
        return Answer(200, pieces=events_of(answer.body)) if is_streamed else answer

    def _answer(self, model: str, body: dict[str, Any]) -> Answer:
        self._tries[body["question"]] += 1
        if model == "busy" and self._tries[body["question"]] == 1:
            return problem(503, "too many visitors")
        if model == "strict":
            return Answer(200, said(declined="not for me"))
        words = answer_to(body["question"])
        if model == "wordy":
            return Answer(200, said("Well, ", words, stopped="limit"))
        return Answer(200, said(*words))
