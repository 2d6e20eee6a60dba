"""What the queue runs for datasets. Safe to run twice or never: the watcher finds the work."""

from experiments.actions.bulk_edits import run_bulk_edit
from experiments.actions.imports import run_import
from experiments.models import BulkEdit, DataImport


def import_data(import_id: int) -> None:
    """Import an uploaded file; what does not fit is said at the import."""
    data_import = (
        DataImport.objects.unfinished()
        .select_related("project", "created_by", "source__dataset")
        .filter(pk=import_id)
        .first()
    )
    if data_import is not None:
        run_import(data_import)


def edit_in_bulk(bulk_id: int) -> None:
    """Edit the items of a bulk edit; what does not fit is said at the bulk edit."""
    running = BulkEdit.objects.running().select_related("dataset__project", "created_by")
    bulk = running.filter(pk=bulk_id).first()
    if bulk is not None:
        run_bulk_edit(bulk)
