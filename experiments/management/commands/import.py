"""`evalsite import`: a data file as the next version of a dataset."""  # noqa: N999 - the command's name

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from experiments.actions import ActionRefused, DataFile, Imported, ImportOptions, import_file, project_named
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.rows.column_mapping import ColumnMapping, SplitColumn
from experiments.rows.dataset_files import FORMATS
from experiments.wording import counted

LARGE = 5000
MAPPING_OPTIONS = ("key", "input", "expected", "metadata", "tags", "split")


class Command(SiteCommand):
    """Import a file."""

    help = "Freeze the rows of a CSV, TSV, JSON or JSON Lines file (also .gz) as a dataset's next version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", help="the file with the rows")
        parser.add_argument("--dataset", metavar="NAME", required=True, help="the dataset; made when there is none")
        parser.add_argument("--project", metavar="NAME", default=DEFAULT_PROJECT, help="its project")
        parser.add_argument("--note", default="", help="what this version is")
        parser.add_argument("--format", choices=FORMATS, default="", help="where the file's name does not say it")
        parser.add_argument(
            "--merge", action="store_true", help="keep items whose keys are not in the file; without, it replaces all"
        )
        parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out and list them")
        parser.add_argument("--key", metavar="COLUMN", default="", help="without: the hash of the input")
        parser.add_argument("--input", metavar="[VARIABLE=]COLUMN", action="append", default=[], help="repeat for more")
        parser.add_argument("--expected", metavar="COLUMN", default="")
        parser.add_argument("--metadata", metavar="[NAME=]COLUMN", action="append", default=[], help="repeat for more")
        parser.add_argument("--tags", metavar="COLUMN", default="", help="tags are parted by |")
        parser.add_argument("--split", metavar="COLUMN", default="")

    def handle(self, **options: Any) -> None:
        """Import the file and say what it came to."""
        path = Path(options["file"])
        if path.is_dir():
            raise CommandFailed(f"{path} is a directory: name the file in it", returncode=2)
        if options["file"] == "-" or (path.exists() and not path.is_file()):
            raise CommandFailed(f"{path} cannot be read twice, as an import is: write its rows to a file", returncode=2)
        chosen = ImportOptions(
            given=_mapping(options) if any(options[name] for name in MAPPING_OPTIONS) else None,
            file_format=options["format"],
            is_merge=options["merge"],
            skips_bad_rows=options["skip_bad_rows"],
        )
        imported = import_file(
            project=project_named(options["project"]),
            name=options["dataset"],
            file=DataFile(path),
            options=chosen,
            by=None,
            note=options["note"],
            beat=Tenths(self.note),
        )
        for row in imported.bad_rows:
            self.note(f"line {row.line} was left out: {row.reason}")
        more = imported.bad_row_count - len(imported.bad_rows)
        if more:
            self.note(f"and {more:,} more rows were left out")
        if chosen.given is None and imported.mapping is not None:
            self.note(f"Columns were taken for {_told(imported.mapping)}; --input and others say otherwise.")
        self.stdout.write(_sentence(imported))


class Tenths:
    """Tells of each tenth of a large import that is written."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell, self._told = tell, 0

    def __call__(self, written: int, planned: int) -> None:
        """Tell when another tenth is done."""
        tenth = written * 10 // planned if planned >= LARGE else 0
        if tenth > self._told:
            self._told = tenth
            self._tell(f"{written:,} of {planned:,} rows written")


def _mapping(options: dict[str, Any]) -> ColumnMapping:
    return ColumnMapping(
        input=_inputs(options["input"]),
        key=options["key"],
        expected=SplitColumn(options["expected"]) if options["expected"] else None,
        metadata=_named(options["metadata"]),
        tags=SplitColumn(options["tags"], "|") if options["tags"] else None,
        split=options["split"],
    )


def _inputs(given: list[str]) -> str | dict[str, str]:
    """Return one column as text, or variables by name. Raises ActionRefused for several columns without names."""
    if not given:
        return "input"
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    bare = next((text for text in given if "=" not in text), None)
    if bare is not None:
        raise ActionRefused("input", f"--input {bare} needs a variable's name beside others: --input question={bare}")
    return _named(given)


def _named(given: Iterable[str]) -> dict[str, str]:
    parts = (text.partition("=") for text in given)
    return {name: column if equals else name for name, equals, column in parts}


def _told(mapping: ColumnMapping) -> str:
    """Return a mapping as a line: input = Question, expected = Answer."""
    return ", ".join(f"{place} = {column}" for place, column in mapping.columns().items())


def _sentence(imported: Imported) -> str:
    version = imported.version
    if not imported.is_new:
        return f"{version} holds these {counted(version.item_count, 'item')} already: no new version."
    counts = f"{version.added_count:,} added, {version.changed_count:,} changed, {version.removed_count:,} removed"
    kept = (
        " Items that the file does not have are gone from the draft: --merge keeps them."
        if version.removed_count
        else ""
    )
    return f"{version}: {counted(version.item_count, 'item')} ({counts}).{kept}"
