"""What is made before the site starts."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from evalsite import preparation
from experiments.actions import project_named
from experiments.models import Role


@pytest.fixture
def sources(settings: Settings, tmp_path: Path) -> Path:
    """A directory with one static file; collected files go beside it."""
    settings.STATICFILES_DIRS = [tmp_path / "sources"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "site.css").write_text("a {}")
    return tmp_path / "sources"


@pytest.mark.both
@pytest.mark.django_db
def test_missing_migrations_of_a_finished_database_are_none() -> None:
    assert preparation.missing_migrations() == set()


@pytest.mark.both
@pytest.mark.django_db
def test_missing_migrations_names_what_was_never_applied() -> None:
    MigrationRecorder(connection).record_unapplied("runs", "0001_initial")

    assert preparation.missing_migrations() == {("runs", "0001_initial")}


@pytest.mark.django_db
def test_prepare_database_that_is_finished_changes_nothing() -> None:
    said: list[str] = []

    assert preparation.prepare_database(report=said.append) is False
    assert said == []


@pytest.mark.postgres
@pytest.mark.django_db
def test_prepare_database_that_others_share_is_left_to_migrate() -> None:
    MigrationRecorder(connection).record_unapplied("runs", "0001_initial")

    with pytest.raises(preparation.NotPrepared, match="evalsite migrate"):
        preparation.prepare_database(report=print)


@pytest.mark.both
@pytest.mark.django_db
def test_alone_lets_the_next_in_afterwards() -> None:
    with preparation.alone():
        pass

    with preparation.alone():
        assert connection.is_usable()


def test_data_directory_is_made_for_this_user_alone(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "new" / "data"

    preparation.prepare_data_directory()

    assert settings.DATA_DIR.stat().st_mode & 0o777 == 0o700


def test_data_directory_that_cannot_be_made_is_a_sentence(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.DATA_DIR = tmp_path / "file" / "data"

    with pytest.raises(preparation.NotPrepared, match=r"cannot be used \(Not a directory\)"):
        preparation.prepare_data_directory()


def test_static_files_are_collected_once(sources: Path, settings: Settings) -> None:
    first, second = (preparation.prepare_static_files(report=len) for _ in range(2))

    assert (first, second) == (True, False)
    assert (settings.STATIC_ROOT / "site.css").read_text() == "a {}"


def test_static_files_that_changed_are_collected_again(sources: Path, settings: Settings) -> None:
    preparation.prepare_static_files(report=len)
    (sources / "site.css").write_text("b {}")
    os.utime(sources / "site.css", (2e9, 2e9))

    assert preparation.prepare_static_files(report=len) is True
    assert (settings.STATIC_ROOT / "site.css").read_text() == "b {}"


@pytest.mark.django_db
def test_first_user_of_an_empty_site_is_an_administrator_without_a_password() -> None:
    user = preparation.first_user()

    assert user is not None
    assert (user.is_superuser, user.has_usable_password()) == (True, False)


@pytest.mark.django_db
def test_first_user_owns_the_default_project() -> None:
    made_before = project_named("default")

    user = preparation.first_user()

    assert made_before.role_of(user) == Role.OWNER


@pytest.mark.django_db
def test_first_user_of_a_site_with_users_is_none() -> None:
    User.objects.create_user("ann")

    assert preparation.first_user() is None
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_someone_to_sign_in_is_an_active_administrator() -> None:
    User.objects.create_user("ann")
    User.objects.create_superuser("gone", is_active=False)
    bob = User.objects.create_superuser("bob")

    assert preparation.someone_to_sign_in() == bob
