"""Imports as jobs: a file is uploaded, its columns are given a meaning, a worker writes it; it may be cancelled.

Whoever is killed leaves the row of the import; the watcher sees that its beat stands still and has it taken over.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from experiments.actions.copying import copy_items
from experiments.actions.datasets import dataset_name
from experiments.actions.filling import Cancelled
from experiments.actions.importing import BadRows, DataFile, Imported, ImportOptions, import_file
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.models import DataImport, ImportStatus, Project
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.rows.column_mapping import ColumnMapping, WrongMapping, mapping_from
from experiments.rows.dataset_files import UnreadableFile, bare_name, format_of
from experiments.rows.new_items import BadRow
from experiments.rows.source_rows import EMPTY

TOLD_EVERY_S = 0.5
MOST_TRIES = 5
FILE_NAME_LENGTH = 255


class TakenOver(Exception):
    """Another job works on the import now."""


def upload_file(*, project: Project, name: str, file: "UploadedFile[Any]", by: Person | None) -> DataImport:
    """Keep a file that is to be imported into the dataset of this name; "": the file's. Raises ActionRefused."""
    require(by, project, "edit_dataset")
    file_name = (file.name or "")[-FILE_NAME_LENGTH:]
    if not file.size:
        raise ActionRefused("file", f"{file_name}: {EMPTY}")
    try:
        kind = format_of(file_name)
    except UnreadableFile as error:
        raise ActionRefused("file", f"{file_name}: {error}") from error
    made = DataImport(
        project=project,
        dataset_name=dataset_name(name or bare_name(file_name)),
        file_name=file_name,
        file_bytes=file.size,
        file_format=kind,
        created_by=user_of(by),
    )
    _keep(file, made)
    made.save()
    return made


def _keep(file: "UploadedFile[Any]", made: DataImport) -> None:
    """Copy the file to where the job finds it. Raises ActionRefused when there is no room."""
    try:
        made.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with made.path.open("wb") as copy:
            for chunk in file.chunks():
                copy.write(chunk)
    except OSError as error:
        made.path.unlink(missing_ok=True)
        raise ActionRefused("file", f"{made.file_name} cannot be kept: {error.strerror}") from error


@transaction.atomic
def start_import(*, data_import: DataImport, by: Person | None, options: Mapping[str, Any]) -> DataImport:
    """Have a worker import the file; `options` are mapping, is_merge, skips_bad_rows and note.

    Raises ActionRefused for a mapping that is none, ActionConflict when it runs or has ended.
    """
    require(by, data_import.project, "edit_dataset")
    values = dict(options)
    if values.get("mapping") is not None:
        checked_mapping(values["mapping"])
    waiting = DataImport.objects.filter(pk=data_import.pk, status__in=(ImportStatus.UPLOADED, ImportStatus.FAILED))
    begun = {"status": ImportStatus.RUNNING, "detail": "", "done_count": 0, "total_count": 0, "ended_at": None}
    if not data_import.path.exists() or not waiting.update(**values, **begun):
        raise ActionConflict("This import has been started already, or its file is gone: upload the file again.")
    data_import.refresh_from_db()
    wake_import(data_import.pk)
    return data_import


def cancel_import(*, data_import: DataImport, by: Person | None) -> DataImport:
    """Stop an import and keep nothing of it. Raises ActionConflict when it has ended."""
    require(by, data_import.project, "edit_dataset")
    now = timezone.now()
    waiting = DataImport.objects.filter(pk=data_import.pk, status__in=(ImportStatus.UPLOADED, ImportStatus.FAILED))
    running = DataImport.objects.filter(pk=data_import.pk, status=ImportStatus.RUNNING)
    if waiting.update(status=ImportStatus.CANCELLED, ended_at=now):
        data_import.path.unlink(missing_ok=True)
    elif not running.update(status=ImportStatus.CANCELLED):
        raise ActionConflict("This import has ended already.")
    data_import.refresh_from_db()
    return data_import


def wake_import(import_id: int) -> None:
    """Have a worker import, once the present transaction is committed."""
    transaction.on_commit(
        lambda: async_task("experiments.tasks.import_data", import_id, q_options={"task_name": "import"}), robust=True
    )


def run_import(data_import: DataImport) -> None:
    """Do the work of an import, or take back what a cancelled one has written; never raises for what the file holds."""
    if not data_import.take():
        return
    watch = _Watch(data_import)
    try:
        imported = _imported(data_import, watch)
    except TakenOver:
        return
    except Cancelled:
        _end(data_import, status=ImportStatus.CANCELLED)
    except BadRows as refusal:
        bad = refusal.reading
        _end(data_import, bad.bad_rows, bad.bad_row_count, status=ImportStatus.FAILED, detail=str(refusal))
    except (ActionRefused, ActionConflict, PermissionDenied) as refusal:
        _end(data_import, status=ImportStatus.FAILED, detail=str(refusal))
    except Exception as error:
        if data_import.lease >= MOST_TRIES:
            _end(data_import, status=ImportStatus.FAILED, detail=f"given up after {MOST_TRIES} tries: {error}")
        raise
    else:
        _completed(data_import, imported)


def _imported(data_import: DataImport, watch: "_Watch") -> Imported:
    """Write the file, or the items of the version that is copied."""
    project, name, by = data_import.project, data_import.dataset_name, data_import.created_by
    told: dict[str, Any] = {"note": data_import.note, "read": watch.read, "beat": watch.wrote}
    if data_import.source is not None:
        return copy_items(source=data_import.source, project=project, name=name, by=by, **told)
    if data_import.is_copy:
        raise ActionRefused("source", f"{data_import.file_name} is not there any more: nothing was copied")
    file = DataFile(data_import.path, data_import.file_name)
    return import_file(project=project, name=name, file=file, options=_options(data_import), by=by, **told)


def _options(data_import: DataImport) -> ImportOptions:
    given = None if data_import.mapping is None else checked_mapping(data_import.mapping)
    return ImportOptions(
        given=given,
        file_format=data_import.file_format,
        is_merge=data_import.is_merge,
        skips_bad_rows=data_import.skips_bad_rows,
    )


def checked_mapping(mapping: Any) -> ColumnMapping:
    """Return what columns mean. Raises ActionRefused for what says no such thing."""
    try:
        return mapping_from(mapping)
    except WrongMapping as error:
        raise ActionRefused("mapping", str(error)) from error


class _Watch:
    """Tells of the progress and hears of a person who cancels."""

    def __init__(self, data_import: DataImport) -> None:
        self._import, self._told_at = data_import, 0.0

    def read(self, count: int) -> None:
        """Store how many rows are read. Raises TakenOver."""
        self._tell(count, 0)

    def wrote(self, done: int, total: int) -> None:
        """Store how many rows are written. Raises Cancelled or TakenOver."""
        if not self._tell(done, total):
            raise Cancelled

    def _tell(self, done: int, total: int) -> bool:
        """Store the progress; False when a person has cancelled. Raises TakenOver.

        What an earlier job wrote is taken back once the rows are read again: reading goes on until then.
        """
        now = time.monotonic()
        if now - self._told_at < TOLD_EVERY_S:
            return True
        if self._import.hold(done_count=done, total_count=total):
            self._told_at = now  # one that was cancelled is asked about again at the next row
            return True
        self._import.refresh_from_db(fields=["status"])
        if self._import.status != ImportStatus.CANCELLED:
            raise TakenOver
        return False


def _completed(data_import: DataImport, imported: Imported) -> None:
    values = {"version": imported.version, "is_new_version": imported.is_new}
    values |= {"status": ImportStatus.COMPLETED, "done_count": imported.version.item_count}
    if imported.mapping is not None:
        values["mapping"] = imported.mapping.declared()  # as it was given, else what the names were taken for
    _end(data_import, imported.bad_rows, imported.bad_row_count, **values)


def _end(data_import: DataImport, bad_rows: Sequence[BadRow] = (), bad_row_count: int = 0, **values: Any) -> None:
    """Note how it ended; what a person cancelled stays so. A file stays while its mapping may be mended."""
    mine = DataImport.objects.filter(pk=data_import.pk, lease=data_import.lease)
    kept = {"bad_row_count": bad_row_count, "bad_rows": [asdict(row) for row in bad_rows]}
    told = {**values, **kept, "ended_at": timezone.now()}
    if values["status"] == ImportStatus.FAILED:
        if mine.exclude(status=ImportStatus.CANCELLED).update(**told):
            return
        told = {"status": ImportStatus.CANCELLED, "ended_at": timezone.now()}
    if mine.update(**told):
        with suppress(OSError):
            data_import.path.unlink(missing_ok=True)
