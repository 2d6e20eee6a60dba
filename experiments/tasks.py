"""What the queue runs for datasets. Safe to run twice or never: the watcher finds the work."""

from experiments.actions.imports import run_import
from experiments.models import DataImport


def import_data(import_id: int) -> None:
    """Import an uploaded file; what does not fit is said at the import."""
    data_import = DataImport.objects.unfinished().select_related("project", "created_by").filter(pk=import_id).first()
    if data_import is not None:
        run_import(data_import)
