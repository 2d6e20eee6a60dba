"""README and docs: their marked commands run, their files load, their lists are whole, their links lead somewhere."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from evalsite.management.commands.overview import APPS, INTERNAL
from evalsite.plugins import runners, scorers
from runs.exchange import CallFailed, NeedsPerson, Request
from runs.outcomes import Outcome
from runs.runners.base import Connection, HttpResponse, Runner
from scoring.scorers.base import Answer, Question

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKED = re.compile(
    r"<!-- (?P<what>run|file: (?P<name>[\w.-]+)) -->\n```\w+\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
VARIABLE = re.compile(r'"(EVALSITE_[A-Z_]+|DATABASE_URL|FORWARDED_ALLOW_IPS)"')
COMMANDS_S = 400
MADE_LATER = {"docs/board.png"}
CAPITALS = {"France": "Paris", "Peru": "Lima", "Australia": "Canberra"}


class Chat(BaseHTTPRequestHandler):
    """Answers questions for capitals like a model behind chat completions, without asking for a key."""

    def do_POST(self) -> None:
        """Answer one call."""
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = re.findall(r"\w+", call["messages"][-1]["content"])
        message = {"role": "assistant", "content": CAPITALS[words[-1]]}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 1}
        body = json.dumps({"choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base gives it
        """Say nothing."""


def marked(page: Path) -> list[re.Match[str]]:
    """Return the blocks of a page that are marked for tests, in their order."""
    return list(MARKED.finditer(page.read_text(encoding="utf-8")))


PAGES_THAT_RUN = [page for page in PAGES if any(block["what"] == "run" for block in marked(page))]


@pytest.fixture
def provider() -> Iterator[str]:
    """An endpoint that stands for the providers that the pages name; its base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Chat) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.fixture
def environment(tmp_path: Path, provider: str) -> dict[str, str]:
    """What a reader's shell has: the commands on its path, data of its own, the endpoints that the files ask for."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVALSITE_", "DJANGO_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    urls = {"MODEL_URL": provider, "GATEWAY_URL": provider}
    return {**kept, **urls, "PATH": path, "EVALSITE_DATA": str(tmp_path / "data")}


def script_of(page: Path, folder: Path) -> str:
    """Write the files that a page shows into a folder and return its commands as one script."""
    blocks = marked(page)
    _ = [(folder / block["name"]).write_text(block["text"], encoding="utf-8") for block in blocks if block["name"]]
    return "".join(block["text"] for block in blocks if not block["name"])


@pytest.mark.processes
@pytest.mark.parametrize("document", PAGES_THAT_RUN, ids=lambda document: document.name)
def test_commands_of_document_succeed(document: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    script = script_of(document, tmp_path)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMANDS_S,
        check=False,
    )

    assert (done.returncode, done.stderr[-2000:]) == (0, done.stderr[-2000:])


@pytest.mark.processes
def test_first_experiment_of_readme_has_a_board(tmp_path: Path, environment: dict[str, str]) -> None:
    script = script_of(ROOT / "README.md", tmp_path)

    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, check=True)

    entries = json.loads((tmp_path / "board.json").read_text(encoding="utf-8"))["entries"]
    assert [(entry["n"], entry["results"], entry["scores"]["correct"]["value"]) for entry in entries] == [
        (3, 9, 1.0)
    ] * 2


def shown_class(document: str, name: str) -> Any:
    """Return a class that a page shows as Python."""
    block = next(block for block in marked(ROOT / "docs" / document) if block["what"].endswith(".py"))
    namespace: dict[str, Any] = {}
    exec(compile(block["text"], document, "exec"), namespace)  # noqa: S102 - our own page
    return namespace[name]


def test_scorer_of_its_page_judges() -> None:
    brevity = shown_class("writing-a-scorer.md", "Brevity")
    scorer = brevity(brevity.Options.parse({"words": 2}))
    question = Question("a", "?", None, {}, ())

    values = [scorer.score(question, Answer(text, "ok", 1, None)).value for text in ("one two", "1 2 3 4", "")]

    assert values == [1.0, 0.5, 0.0]


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, b'{"said": "HELLO"}', "HELLO"),
        (200, b"[]", "invalid_output"),
        (500, b"", "provider_error"),
        (401, b"", "shouter does not take its key: check it, then resume"),
    ],
)
async def test_runner_of_its_page_completes_or_classifies(status: int, body: bytes, found: str) -> None:
    runner_class = shown_class("writing-a-runner.md", "ShoutingRunner")
    runner = runner_class(Connection("shouter", "http://127.0.0.1:1/"), Answering(HttpResponse(status, {}, body)))
    request = Request("any", [{"role": "user", "parts": [{"type": "text", "text": "hello"}]}], {})

    assert await _outcome_of(runner, request) == found


async def _outcome_of(runner: Runner, request: Request) -> str:
    """Return the text of the completion, or what its failure says."""
    try:
        return (await runner.complete(request)).text
    except CallFailed as failure:
        return failure.outcome
    except NeedsPerson as reason:
        return str(reason)


class Answering:
    """A transport that always has the same answer."""

    def __init__(self, response: HttpResponse) -> None:
        self._response = response

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Return the answer to a call that says something."""
        assert json.loads(body) == {"say": "hello"}
        return self._response


def test_readme_and_command_line_are_run() -> None:
    assert {"README.md", "command-line.md"} <= {page.name for page in PAGES_THAT_RUN}


def test_command_line_names_every_command() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    commands = {name.replace("_", "-") for name, app in get_commands().items() if app in APPS and name not in INTERNAL}

    assert {name for name in commands if f"`evalsite {name}" not in text} == set()


def test_operations_names_every_variable() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    sources = "".join((ROOT / "evalsite" / name).read_text(encoding="utf-8") for name in ("settings.py", "env.py"))

    assert {name for name in VARIABLE.findall(sources) if f"`{name}`" not in text} == set()


def test_experiment_file_names_every_kind_of_scorer() -> None:
    text = (ROOT / "docs" / "experiment-file.md").read_text(encoding="utf-8")

    assert {kind for kind in scorers.kinds() if f"`{kind}`" not in text} == set()


def test_providers_names_every_kind() -> None:
    text = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")

    assert {kind for kind in runners.kinds() if f"`{kind}`" not in text} == set()


def test_concepts_names_every_outcome() -> None:
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")

    assert {outcome for outcome in Outcome if f"| {outcome} |" not in text} == set()


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.name)
def test_links_of_document_lead_to_files(document: Path) -> None:
    targets = {(document.parent / link).resolve() for link in LINK.findall(document.read_text(encoding="utf-8"))}

    assert {target for target in targets if not target.exists()} <= {ROOT / name for name in MADE_LATER}
