"""What must be there before the site can start: data directory, tables, static files, somebody to sign in as."""

import hashlib
import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EACCES
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from evalsite.env import unusable_data_directory
from experiments.actions import project_named
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.models import Membership, Role

FIRST_USER = "admin"
MIGRATION_LOCK = 0x65766C73  # any number that nobody else locks in this database

Report = Callable[[str], object]


class NotPrepared(Exception):
    """Something that the site needs is not there; the text says what to do."""


class DataDirectoryRefused(NotPrepared):
    """The data cannot be kept where the operator said."""

    returncode = 2


def prepare_data_directory() -> None:
    """Make the data directory, for this user alone. Raises DataDirectoryRefused when it cannot be written to."""
    directory = Path(settings.DATA_DIR)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirectoryRefused(unusable_data_directory(directory, error)) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise DataDirectoryRefused(unusable_data_directory(directory, PermissionError(EACCES, os.strerror(EACCES))))


def prepare_database(*, report: Report, also_shared: bool = False) -> bool:
    """Bring the tables up to date and return whether there was anything to do.

    A database that several machines share is only changed where `also_shared`, by `up` and `migrate`; elsewhere
    NotPrepared is raised.
    """
    prepare_data_directory()
    if not missing_migrations():
        return False
    if connection.vendor != "sqlite" and not also_shared:
        raise NotPrepared("The database is older than this version of Evalsite: run `evalsite migrate` once.")
    with alone():
        if missing_migrations():
            report("Bringing the database up to date ...")
            call_command("migrate", interactive=False, verbosity=0)
    return True


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations, by app and name, that this code has and the database has not."""
    here = {
        (config.label, module.name)
        for config in apps.get_app_configs()
        for module in pkgutil.iter_modules([str(Path(config.path) / "migrations")])
        if not module.name.startswith("_")
    }
    return here - set(MigrationRecorder(connection).applied_migrations())


@contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time prepare: a lock in PostgreSQL, a locked file beside SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
        return
    import fcntl  # not everywhere; Linux and macOS have it

    with (Path(settings.DATA_DIR) / "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare_static_files(*, report: Report) -> bool:
    """Collect the static files, with hashed names, and return whether any had changed since the last time."""
    target = Path(settings.STATIC_ROOT)
    mark, fingerprint = target / ".fingerprint", _fingerprint_of_static_files()
    if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
        return False
    report("Collecting the static files ...")
    target.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(fingerprint, encoding="ascii")
    return True


def _fingerprint_of_static_files() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def first_user() -> User | None:
    """Return the administrator of a site that nobody could sign in to yet; None: there are users.

    The default project is theirs: what `evalsite run` declares there is seen on the pages.
    """
    users = get_user_model().objects
    if users.exists():
        return None
    user = users.create_superuser(FIRST_USER)
    Membership.objects.create(project=project_named(DEFAULT_PROJECT), user=user, role=Role.OWNER)
    return user


def someone_to_sign_in() -> User | None:
    """Return whom a link on the terminal signs in: the active administrator who came first; None: there is none."""
    return get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
