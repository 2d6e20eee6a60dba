"""The call that made a result as a shell command, without a secret."""

import json
import os
import subprocess
from typing import Any

import pytest

from runs.curl import curl_of
from runs.models import Result, Run
from tests.factories import ProviderFactory, ResultFactory, RunFactory

pytestmark = pytest.mark.django_db

ASKED = [
    {"role": "system", "parts": [{"type": "text", "text": 'Say it\'s "so".'}]},
    {"role": "user", "parts": [{"type": "text", "text": "Grüße $HOME `id` \\ 'x'"}]},
]
ANSWERED = {"role": "assistant", "parts": [{"type": "text", "text": "so"}], "call": {"purpose": "subject"}}


def result_at(base_url: str = "http://127.0.0.1:9/v1", **values: Any) -> tuple[Run, Result]:
    """Return a result of a run at an endpoint."""
    provider = ProviderFactory(base_url=base_url, **values)
    config = {"kind": provider.kind, "base_url": base_url, "model": "small", "messages": [], "params": {"seed": 1}}
    run = RunFactory(provider=provider, config=config)
    return run, ResultFactory(run=run, ordinal=0)


def arguments(command: str) -> list[str]:
    """Return what a shell gives to curl, with the key in its variable."""
    script = f'curl() {{ printf "%s\\0" "$@"; }}\n{command}'
    environment = {**os.environ, "API_KEY": "the-key", "X_TEAM": "the-team"}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split("\0")[:-1]


def test_command_sends_what_the_runner_sent() -> None:
    run, result = result_at(kind="openai")

    given = arguments(curl_of(run, result, [*ASKED, ANSWERED]) or "")

    assert given[0] == "http://127.0.0.1:9/v1/chat/completions"
    assert "Authorization: Bearer the-key" in given
    body = json.loads(given[-1])
    assert (body["model"], body["seed"]) == ("small", 1)
    assert [message["content"] for message in body["messages"]] == [message["parts"][0]["text"] for message in ASKED]


def test_command_holds_no_secret() -> None:
    run, result = result_at("http://127.0.0.1:9/v1?token=very-secret", kind="openai", headers={"X-Team": "hush-hush"})

    command = curl_of(run, result, [*ASKED, ANSWERED]) or ""

    assert "very-secret" not in command
    assert "hush-hush" not in command
    assert "X-Team: the-team" in arguments(command)


def test_other_kinds_are_called_in_their_own_form() -> None:
    run, result = result_at("http://127.0.0.1:9", kind="anthropic")

    given = arguments(curl_of(run, result, [*ASKED, ANSWERED]) or "")

    assert given[0] == "http://127.0.0.1:9/v1/messages"
    assert "x-api-key: the-key" in given


@pytest.mark.parametrize(
    "messages", [[], [ANSWERED], [{"role": "user", "parts": [{"type": "image", "url": "http://x/y.png"}]}, ANSWERED]]
)
def test_no_command_where_no_text_was_kept(messages: list[Any]) -> None:
    run, result = result_at(kind="openai")

    assert curl_of(run, result, messages) is None


def test_no_command_for_recorded_outputs() -> None:
    run, result = result_at("", kind="replay")

    assert curl_of(run, result, [*ASKED, ANSWERED]) is None
