"""What `evalsite doctor` finds."""

import io
import socket
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from evalsite import address
from evalsite.commands import CommandFailed
from evalsite.examination import Finding, examine
from evalsite.management.commands.doctor import port
from experiments.models import Project, Provider

CANARY = "sk-canary-4711"


def bad() -> list[str]:
    """Return what is to be mended."""
    return [finding.text for finding in examine() if finding.is_well is False]


@pytest.fixture
def provider(settings: Settings) -> Provider:
    """A provider that names a key variable, which its project was given."""
    settings.PROVIDER_ENV = ["Team:EXAMPLE_KEY"]
    project = Project.objects.create(name="Team")
    return Provider.objects.create(project=project, name="Example", kind="openai", api_key_env="EXAMPLE_KEY")


@pytest.mark.both
@pytest.mark.django_db
def test_examination_of_a_finished_site_finds_nothing_to_mend() -> None:
    assert bad() == []


@pytest.mark.django_db
def test_examination_tables_behind_names_the_command() -> None:
    MigrationRecorder(connection).record_unapplied("runs", "0001_initial")

    assert bad() == ["The tables are 1 migration behind: run `evalsite migrate`"]


@pytest.mark.django_db
def test_examination_data_directory_that_is_not_there_is_said(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "none"

    assert [text for text in bad() if "not there yet" in text]


@pytest.mark.django_db
def test_examination_key_that_is_not_set_is_named(provider: Provider) -> None:
    assert bad() == ["Team: Example needs EXAMPLE_KEY, which is not set here"]


@pytest.mark.django_db
def test_examination_key_that_was_not_given_is_named(provider: Provider, settings: Settings) -> None:
    settings.PROVIDER_ENV = []

    assert bad() == ["Team: Example may not use EXAMPLE_KEY: EVALSITE_PROVIDER_ENV gives it"]


@pytest.mark.django_db
def test_examination_key_that_is_set_is_never_shown(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", CANARY)

    texts = [finding.text for finding in examine()]

    assert "Team: Example has its key in EXAMPLE_KEY" in texts
    assert CANARY not in " ".join(texts)


@pytest.mark.django_db
def test_examination_site_without_workers_is_to_be_mended(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address.announce(address.url_of(*listener.getsockname()))

        assert [text for text in bad() if "no worker lives: start `evalsite worker`" in text]


def test_doctor_port_that_is_taken_is_to_be_mended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        finding = port("127.0.0.1", other.getsockname()[1])

    assert finding.is_well is False
    assert "is taken" in finding.text


def test_doctor_port_that_is_free_is_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]

    assert port("127.0.0.1", number) == Finding(True, f"Port {number} of 127.0.0.1 is free")


@pytest.mark.django_db
def test_doctor_with_something_to_mend_fails(provider: Provider) -> None:
    output = io.StringIO()

    with pytest.raises(CommandFailed, match="to mend"):
        call_command("doctor", stdout=output)

    assert "✗ Team: Example needs EXAMPLE_KEY, which is not set here" in output.getvalue().splitlines()
    assert "✓ The tables are up to date" in output.getvalue().splitlines()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "networks", "readers"),
    [
        ("", ["127.0.0.0/8", "::1/128"], "127.0.0.0/8, ::1/128"),
        ("t" * 20, [], "whoever has the token"),
        ("t" * 20, ["10.0.0.0/8"], "whoever has the token and 10.0.0.0/8"),
        ("", [], "nobody"),
    ],
)
def test_examination_says_who_may_read_the_metrics(
    settings: Settings, token: str, networks: list[str], readers: str
) -> None:
    settings.METRICS_TOKEN, settings.METRICS_FROM = token, networks

    assert f"Metrics are given to {readers}" in [finding.text for finding in examine()]


@pytest.mark.django_db
def test_examination_short_token_of_the_metrics_is_to_be_mended(settings: Settings) -> None:
    settings.METRICS_TOKEN = "1234"

    assert bad() == ["EVALSITE_METRICS_TOKEN can be guessed: take at least 20 characters"]
