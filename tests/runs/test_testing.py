"""Testing a provider: one real call, as the action and as the command."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from pytest_django import Settings

from evalsite.commands import CommandFailed
from experiments.models import Project, Provider
from runs.actions.testing import test_provider as try_provider
from runs.simulator.thread import running_simulator
from tests.factories import ProjectFactory, ProviderFactory
from tests.model_server import model_server


@pytest.fixture
def simulated(project: Project) -> Provider:
    return ProviderFactory(project=project, name="sim", kind="simulator", base_url="")


def test_test_brings_the_answer_and_what_is_offered(simulated: Provider, editor: User) -> None:
    with running_simulator():
        answer = try_provider(provider=simulated, model="", by=editor)

    assert answer.error == ""
    assert answer.latency_ms is not None
    assert answer.model == answer.models[0]


def test_test_of_a_provider_that_streams_brings_the_time_to_the_first_token(simulated: Provider, editor: User) -> None:
    with running_simulator():
        whole = try_provider(provider=simulated, model="sim-instant", by=editor)
        simulated.options = {"stream": True}
        streamed = try_provider(provider=simulated, model="sim-instant", by=editor)

    assert (whole.error, whole.first_token_ms, streamed.error) == ("", None, "")
    assert streamed.first_token_ms is not None
    assert streamed.text == whole.text


def test_test_of_an_unknown_model_names_those_there_are(simulated: Provider, editor: User) -> None:
    with running_simulator():
        answer = try_provider(provider=simulated, model="nobody", by=editor)

    assert "nobody" in answer.error


def test_test_of_what_nobody_listens_at_says_so(project: Project, editor: User) -> None:
    answer = try_provider(provider=ProviderFactory(project=project), model="m", by=editor)

    assert "was refused" in answer.error


def test_test_without_a_model_where_none_is_listed_asks_for_one(project: Project, editor: User) -> None:
    with model_server() as server:
        server.models = []
        provider = ProviderFactory(project=project, name="mute", base_url=server.url)
        answer = try_provider(provider=provider, model=" ", by=editor)

    assert answer.error == "name a model: mute lists none to choose from"


def test_test_without_a_model_and_with_a_wrong_key_speaks_of_the_key(project: Project, editor: User) -> None:
    with model_server() as server:
        server.key = "another"
        answer = try_provider(provider=ProviderFactory(project=project, base_url=server.url), model="", by=editor)

    assert answer.error.startswith("bad key: ")


def test_test_with_a_key_that_was_not_given_says_who_gives_it(
    project: Project, editor: User, settings: Settings
) -> None:
    settings.PROVIDER_ENV = []
    provider = ProviderFactory(project=project, api_key_env="ANOTHER_TEAMS_KEY")

    answer = try_provider(provider=provider, model="m", by=editor)

    assert 'EVALSITE_PROVIDER_ENV="team:ANOTHER_TEAMS_KEY"' in answer.error


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_test_is_for_editors(request: pytest.FixtureRequest, simulated: Provider, who: str) -> None:
    with pytest.raises(PermissionDenied):
        try_provider(provider=simulated, model="", by=request.getfixturevalue(who))


def written(*arguments: str) -> str:
    """Return what the command writes."""
    output = io.StringIO()
    call_command("test_provider", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is there: the command has nothing to bring up to date."""
    monkeypatch.setattr("runs.management.commands.test_provider.Command.needs_database", False)


def test_command_prints_what_came_back(simulated: Provider, prepared: None) -> None:
    with running_simulator():
        text = written("sim", "--project", "team")

    assert "latency: " in text
    assert "answer: " in text
    assert "first token: " not in text


def test_command_prints_the_time_to_the_first_token(simulated: Provider, prepared: None) -> None:
    Provider.objects.update(options={"stream": True})

    with running_simulator():
        assert "first token: " in written("sim", "--project", "team")


def test_command_without_an_answer_ends_with_1(project: Project, prepared: None) -> None:
    ProviderFactory(project=project, name="away")

    with pytest.raises(CommandFailed, match="was refused") as failed:
        written("away", "--project", "team", "--model", "m")

    assert failed.value.returncode == 1


def test_command_for_an_unknown_provider_names_those_there_are(simulated: Provider, prepared: None) -> None:
    with pytest.raises(CommandFailed, match="there are: sim") as failed:
        written("gone", "--project", "team")

    assert failed.value.returncode == 2


def test_command_for_an_unknown_project_says_so(db: None, prepared: None) -> None:
    ProjectFactory(name="other")

    with pytest.raises(CommandFailed, match="no project"):
        written("sim", "--project", "gone")
