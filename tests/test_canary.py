"""What is secret of a provider stays secret, though its errors echo it: in no page, answer, log, file or row."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client

from experiments.actions import edit_provider
from experiments.models import Membership, Project, Provider, Role
from runs.actions import start_experiment
from runs.lanes.foreground import Foreground
from runs.models import FailedAttempt, Result, Run
from runs.result_addresses import address_of
from tests.api_client import Api
from tests.factories import UserFactory
from tests.runs.planned import candidate_at, sums

KEY, TEAM = "canary-key-4711", "canary-team-4712"
ITEMS = 2
CODES = {"unauthorized": 401, "broken": 500, "faulty": 200}

pytestmark = pytest.mark.django_db(transaction=True)


class Echo(BaseHTTPRequestHandler):
    """Repeats the headers of each request in an error, with the status that the model's name asks for."""

    heard: list[str]

    def do_POST(self) -> None:
        """Answer a chat completion with what it was sent."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._echo(CODES[asked["model"]])

    def do_GET(self) -> None:
        """Answer the list of models the same way."""
        self._echo(401)

    def _echo(self, status: int) -> None:
        sent = f"{self.headers['Authorization']} of {self.headers['X-Team']}"
        self.server.heard.append(sent)  # type: ignore[attr-defined] # the server of `echoing`
        data = json.dumps({"error": {"message": f"refused: {sent}", "headers": dict(self.headers)}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def echoing() -> Iterator[tuple[str, list[str]]]:
    """Serve while the block runs; gives the base URL and what was heard."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.heard = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", server.heard  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def ran(url: str, give_key: Callable[[], None]) -> list[Run]:
    """Return the runs of a model for each kind of error, worked on until they stand still."""
    experiment = sums(ITEMS)
    for model in CODES:
        candidate_at(experiment, url, model=model)
    give_key()
    foreground = Foreground()
    try:
        experiment.refresh_from_db()
        runs = start_experiment(experiment=experiment, by=None, owner=foreground.owner).runs
        foreground.work([run.pk for run in runs])
    finally:
        foreground.leave()
    return list(Run.objects.filter(pk__in=[run.pk for run in runs]))


@pytest.fixture(params=["named", "typed"])
def give_key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give every provider its key, by the name of a variable or as a person types it."""

    def name() -> None:
        monkeypatch.setenv("CANARY_API_KEY", KEY)
        Provider.objects.update(api_key_env="CANARY_API_KEY", headers={"X-Team": TEAM}, is_from_command_line=True)

    def type_in() -> None:
        for provider in Provider.objects.all():
            edit_provider(provider=provider, by=None, changes={"headers": {"X-Team": TEAM}, "api_key": KEY})

    return name if request.param == "named" else type_in


def rows() -> Iterator[tuple[str, str]]:
    """Give every row of every table as text, less the one column that has to hold the header's value."""
    for model in apps.get_models(include_auto_created=True):
        columns = [
            field.column for field in model._meta.concrete_fields if (model, field.name) != (Provider, "headers")
        ]
        quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {quoted} FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608
            for row in cursor.fetchall():
                yield model._meta.db_table, " ".join(_text_of(value) for value in row)


def _text_of(value: Any) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)


def addresses(project: Project, runs: list[Run]) -> list[str]:
    """Return every page, part of a page and API answer in which the provider has a say."""
    experiment = f"experiments/{runs[0].experiment.uid}"
    providers = [f"providers/{provider.uid}/" for provider in Provider.objects.filter(project=project)]
    of_runs = [f"runs/{run.uid}/{part}" for run in runs for part in ("", "results/")]
    pages = ["", "home/now/", "experiments/", "runs/", "providers/", f"{experiment}/", f"{experiment}/runs/"]
    pages += [f"{experiment}/board/{part}" for part in ("", "progress/", "leaderboard/")]
    pages += [f"runs/{run.uid}/summary/" for run in runs]
    stored = [(run, result.ordinal) for run in runs for result in Result.objects.of_run(run)]
    pages += [f"runs/{run.uid}/results/{ordinal}/" for run, ordinal in stored]
    api = ["projects/", "experiments/", "runs/", "providers/", f"{experiment}/", f"{experiment}/export/"]
    api += [f"{experiment}/leaderboard/?include=running"]
    api += [f"results/{address_of(run, ordinal)}/" for run, ordinal in stored]
    admin = ["experiments/provider/", "runs/run/", *(f"runs/run/{run.pk}/change/" for run in runs)]
    return [
        *(f"/{path}" for path in [*pages, *of_runs, *providers]),
        *(f"/api/v1/{path}" for path in [*api, *of_runs, *providers]),
        *(f"/admin/{path}" for path in admin),
    ]


def seen_by(person: Any, runs: list[Run]) -> dict[str, str]:
    """Return what a person sees at each address, and at the Test of each provider."""
    browser, api = Client(), Api(person)
    browser.force_login(person)
    project = runs[0].experiment.project
    shown = {path: _shown(browser, api, path) for path in addresses(project, runs)}
    for provider in Provider.objects.filter(project=project):
        path = f"/providers/{provider.uid}/test/"
        shown[f"POST {path}"] = browser.post(path, {"model": "broken"}).content.decode()
    return shown


def _shown(browser: Client, api: Api, path: str) -> str:
    answer = api.get(path) if path.startswith("/api/") else browser.get(path, follow=True)
    assert answer.status_code in (200, 404), (path, answer.status_code)
    return answer.getvalue().decode() if answer.status_code == 200 else ""


def printed(run: Run, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the commands print of a run's experiment."""
    call_command("export", run.experiment.name, project=run.experiment.project.name)
    call_command("leaderboard", run.experiment.name, project=run.experiment.project.name)
    return "".join(capsys.readouterr())


def leaking(texts: dict[str, str]) -> list[str]:
    """Return the names of the texts that hold what is secret."""
    return [name for name, text in texts.items() if KEY in text or TEAM in text]


def test_what_is_secret_and_echoed_is_nowhere(
    give_key: Callable[[], None], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    person = UserFactory(username="root", is_staff=True, is_superuser=True)

    with echoing() as (url, heard):
        runs = ran(url, give_key)
        Membership.objects.create(project=runs[0].experiment.project, user=person, role=Role.OWNER)
        shown = seen_by(person, runs)
    shown["terminal"] = printed(runs[0], capsys)
    shown["log"] = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)

    assert any(KEY in one and TEAM in one for one in heard)
    assert set(FailedAttempt.objects.values_list("outcome", flat=True)) >= {"provider_error", "invalid_output"}
    assert "bad key" in " ".join(run.status_reason for run in runs)
    assert [path for path, text in shown.items() if not text] == ["log"]
    assert leaking(shown) == []
    assert leaking({f"{table} {number}": text for number, (table, text) in enumerate(rows())}) == []
