"""The base of our commands, and the commands about people."""

import errno
import io
import os
import subprocess
import sys
from datetime import timedelta
from importlib.metadata import version

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError
from django.urls import resolve
from django.utils import timezone
from pytest_django import Settings

from evalsite import address
from evalsite.__main__ import as_django_knows
from evalsite.commands import CommandFailed, SiteCommand
from experiments.actions import ActionRefused
from experiments.models import AccessToken, Membership, Project, Role, SignInLink


def run(name: str, *arguments: str) -> str:
    """Return what a command writes to standard output."""
    output = io.StringIO()
    call_command(name, *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


class Failing(SiteCommand):
    """A command that raises what it is given."""

    needs_database = False

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def handle(self, **options: object) -> None:
        """Raise the error."""
        raise self.error


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        ([], ["overview"]),
        (["--help"], ["overview"]),
        (["help"], ["overview"]),
        (["help", "create-user"], ["help", "create_user"]),
        (["create-user", "some-body"], ["create_user", "some-body"]),
        (["--version"], ["--version"]),
    ],
)
def test_command_name_with_hyphens_is_the_module(arguments: list[str], known: list[str]) -> None:
    assert as_django_knows(arguments) == known


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandFailed("So it is.", returncode=5), 5),
        (ActionRefused("field", "So it is."), 2),
        (OperationalError("So it is."), 1),
        (OSError("So it is."), 1),
    ],
)
def test_command_known_error_is_a_sentence_and_an_exit_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        Failing(error).run_from_argv(["evalsite", "failing"])

    assert end.value.code == code
    assert capsys.readouterr().err.splitlines()[1:] == ["So it is."]


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), None),
        (OSError(errno.ENOSPC, "No space left on device", "/somewhere/board.csv"), "/somewhere/board.csv"),
        (OperationalError("database or disk is full"), None),
    ],
)
def test_command_on_a_full_disk_says_where_and_what_to_do(
    error: Exception, place: str | None, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    with pytest.raises(SystemExit) as end:
        Failing(error).run_from_argv(["evalsite", "failing"])

    said = (
        f"The disk of {place or settings.DATA_DIR} is full: make room there and start again; what was stored is kept."
    )
    assert end.value.code == 1
    assert capsys.readouterr().err.splitlines()[1:] == [said]


def test_command_unknown_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Failing(ZeroDivisionError()).run_from_argv(["evalsite", "failing"])


def test_command_first_line_names_the_data_directory(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    with pytest.raises(SystemExit):
        Failing(OSError("x")).run_from_argv(["evalsite", "failing"])

    assert capsys.readouterr().err.splitlines()[0] == f"Data: {settings.DATA_DIR}"


def test_overview_lists_our_commands_with_hyphens() -> None:
    shown = run("overview")

    assert "create-user " in shown
    assert "cluster" not in shown


@pytest.mark.django_db
def test_sign_in_link_signs_its_user_in() -> None:
    user = User.objects.create_user("ann")

    shown = run("sign_in_link", "ann").strip()

    assert resolve(shown.removeprefix("http://127.0.0.1:8000")).url_name == "sign-in-link"
    assert SignInLink.use(shown.rstrip("/").rpartition("/")[2]) == user


@pytest.mark.django_db
def test_sign_in_link_without_a_name_signs_the_first_administrator_in() -> None:
    User.objects.create_user("ann")
    first = User.objects.create_superuser("bob")
    User.objects.create_superuser("cem")

    shown = run("sign_in_link").strip()

    assert SignInLink.peek(shown.rstrip("/").rpartition("/")[2]) == first


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nobody", "gone"])
def test_sign_in_link_for_nobody_who_may_sign_in_is_refused(name: str) -> None:
    User.objects.create_user("gone", is_active=False)

    with pytest.raises(CommandFailed, match=f'no active user "{name}"'):
        run("sign_in_link", name)


@pytest.mark.django_db
def test_sign_in_link_without_an_administrator_says_how_to_make_one() -> None:
    with pytest.raises(CommandFailed, match="create-user NAME --staff"):
        run("sign_in_link")


@pytest.mark.django_db
def test_create_token_is_found_by_its_text_and_ends_in_time() -> None:
    user = User.objects.create_user("ann")

    secret = run("create_token", "ann", "--name", "script", "--days", "3").strip()

    token = AccessToken.find(secret)
    assert token is not None
    assert (token.user, token.name) == (user, "script")
    assert token.expires_at is not None
    assert timedelta(days=2) < token.expires_at - timezone.now() < timedelta(days=4)


@pytest.mark.django_db
@pytest.mark.parametrize("days", ["0", "99999999999"])
def test_create_token_for_impossible_days_is_refused(days: str) -> None:
    run("create_user", "ann")

    with pytest.raises(CommandFailed, match="1 to 3,650 days"):
        run("create_token", "ann", "--days", days)


@pytest.mark.django_db
def test_create_user_with_a_project_is_a_member() -> None:
    project = Project.objects.create(name="Team")

    run("create_user", "ann", "--project", "Team", "--role", "viewer", "--email", "ann@example.com")

    member = Membership.objects.get(project=project)
    assert (member.user.username, member.user.email, member.role) == ("ann", "ann@example.com", Role.VIEWER)
    assert not member.user.has_usable_password()
    assert not member.user.is_staff


@pytest.mark.django_db
def test_create_user_staff_is_an_administrator() -> None:
    run("create_user", "ann", "--staff")

    user = User.objects.get(username="ann")
    assert user.is_staff
    assert user.is_superuser


@pytest.mark.django_db
def test_create_user_password_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a fine pass phrase\n"))

    run("create_user", "ann", "--password")

    assert User.objects.get(username="ann").check_password("a fine pass phrase")


@pytest.mark.django_db
def test_create_user_weak_password_makes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("123\n"))

    with pytest.raises(CommandFailed, match="too short"):
        run("create_user", "ann", "--password")

    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["taken"], "already exists"),
        (["with space"], "valid username"),
        (["ann", "--email", "nonsense"], "valid email"),
        (["ann", "--project", "none"], 'no project "none"'),
    ],
)
def test_create_user_wrong_option_makes_nobody(arguments: list[str], sentence: str) -> None:
    User.objects.create_user("taken")

    with pytest.raises(CommandFailed, match=sentence) as failed:
        run("create_user", *arguments)

    assert failed.value.returncode == 2
    assert User.objects.count() == 1


def test_path_of_link_is_that_of_the_site() -> None:
    assert resolve(address.PATH_OF_LINK.format(token="abc")).kwargs == {"token": "abc"}


def evalsite(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Return what the command line says in a process of its own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("EVALSITE", "DATABASE", "DJANGO"))
    }
    command = [sys.executable, "-m", "evalsite", *arguments]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=60, check=False)


def test_version_is_that_of_evalsite() -> None:
    said = evalsite("--version", EVALSITE_DATA="/dev/null/x")

    assert (said.returncode, said.stdout) == (0, f"Evalsite {version('evalsite')}\n")


@pytest.mark.parametrize("key", [{}, {"EVALSITE_SECRET_KEY": "of this test alone"}])
def test_data_directory_that_cannot_be_made_is_one_sentence(key: dict[str, str]) -> None:
    said = evalsite("leaderboard", "x", EVALSITE_DATA="/dev/null/x", **key)

    sentence = "The data directory /dev/null/x cannot be used (Not a directory): let EVALSITE_DATA name another one.\n"
    assert (said.returncode, said.stderr.count("data directory")) == (2, 1)
    assert said.stderr.endswith(sentence)


def test_variable_that_cannot_be_read_is_one_sentence() -> None:
    said = evalsite("doctor", EVALSITE_LANES="many", EVALSITE_SECRET_KEY="of this test alone")

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "evalsite: EVALSITE_LANES is 'many': write a whole number of at least 1.\n"
