"""`evalsite export-dataset`: the items of a dataset's version as a data file."""

from argparse import ArgumentParser
from typing import Any

from evalsite.commands import SiteCommand
from experiments.actions import ActionRefused
from experiments.exporting import KINDS, version_lines
from experiments.models import Dataset, DatasetVersion
from experiments.named import dataset_named


class Command(SiteCommand):
    """Print the items of a version."""

    help = "Print the items of a dataset's newest version, or of NAME@2, as JSON Lines or CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the dataset's name, or NAME@2 for its version 2")
        parser.add_argument("--project", metavar="NAME", help="its project, where several have one of this name")
        parser.add_argument("--format", choices=KINDS, default="jsonl", help="jsonl keeps every type")
        parser.add_argument("--for-spreadsheets", action="store_true", help="CSV whose cells are no formulas")

    def handle(self, **options: Any) -> None:
        """Print them, a line at a time."""
        if options["for_spreadsheets"] and options["format"] != "csv":
            raise ActionRefused("format", "--for-spreadsheets goes with --format csv")
        version = _version(options["name"], options["project"])
        for line in version_lines(version, options["format"], is_for_spreadsheets=options["for_spreadsheets"]):
            self.stdout.write(line, ending="")


def _version(reference: str, project: str | None) -> DatasetVersion:
    """Return the version that is named. Raises ActionRefused when there is none."""
    name, at, number = reference.rpartition("@")
    is_numbered = bool(at) and number.isdecimal()
    dataset: Dataset = dataset_named(name if is_numbered else reference, project)
    versions = dataset.versions.filter(number=int(number)) if is_numbered else dataset.versions.all()
    version: DatasetVersion | None = versions.first()
    if version is None:
        what = f"version {number}" if is_numbered else "frozen version"
        raise ActionRefused("name", f"{dataset} has no {what}: its versions go up to {dataset.draft_number - 1}")
    return version
