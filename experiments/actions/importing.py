"""Importing a data file as the next version of a dataset: read twice, a row at a time, and never held in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from experiments.actions.filling import Beat, Filling, fill
from experiments.actions.freezing import BAD_ROWS_KEPT
from experiments.actions.refusals import ActionRefused
from experiments.actions.surveying import survey
from experiments.models import DatasetVersion, Project
from experiments.models.projects import Person
from experiments.permissions import require
from experiments.rows.column_mapping import ColumnMapping, items_of, missing_columns
from experiments.rows.dataset_files import TABLES, SourceRow, UnreadableFile, format_of, read_rows
from experiments.rows.new_items import BadRow, NewItem
from experiments.rows.usual_names import mapping_meant
from experiments.templating import did_you_mean
from experiments.wording import counted

BAD_ROWS_SHOWN = 10
PREVIEW_ROWS = 20
BEAT_EVERY_ROWS = 200
WHICH_INPUT = ": say which of them is the input"
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file becomes a version."""

    given: ColumnMapping | None = None
    """What the columns mean; None: what their names say."""
    file_format: str = ""
    """csv, tsv, json or jsonl; "": what the file's name ends in."""
    is_merge: bool = False
    """Whether items whose keys are not in the file stay; else the file replaces all."""
    skips_bad_rows: bool = False
    """Whether bad rows are left out; else one of them refuses the file."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file with rows."""

    path: Path
    name: str = ""
    """What people call it; "": the name of the path."""

    @property
    def shown(self) -> str:
        """The name in sentences."""
        return self.name or self.path.name


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    version: DatasetVersion
    is_new: bool
    """False: the newest version held these items already."""
    bad_rows: list[BadRow]
    """The first of those that were left out."""
    bad_row_count: int
    mapping: ColumnMapping | None = None
    """What the columns were taken for; None: a copy has none."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the first rows of a file come to."""

    columns: list[str]
    """Those of the first row."""
    mapping: ColumnMapping
    """As it was given, else what the columns' names say."""
    rows: list[tuple[SourceRow | BadRow, NewItem | BadRow]]
    """Each as it is read, and the item or why it makes none; at most 20."""


@dataclass(slots=True)
class Reading:
    """The rows of a file, read anew by each call of `items`; the bad ones are noted."""

    file: DataFile
    options: ImportOptions
    told: Callable[[int], object] = lambda _count: None
    """Called from time to time with how many rows are read."""
    bad_rows: list[BadRow] = field(default_factory=list)
    bad_row_count: int = 0
    row_count: int = 0

    def items(self) -> Iterator[NewItem]:
        """Yield the items. Raises ActionRefused when the file is none of ours, or is gone."""
        self.bad_rows, self.bad_row_count, self.row_count = [], 0, 0
        for row in _refusing(self.file, _rows(self.file, self.options)):
            self.row_count += 1
            if self.row_count % BEAT_EVERY_ROWS == 0:
                self.told(self.row_count)
            if isinstance(row, NewItem):
                yield row
            else:
                self.note(row)

    def note(self, row: BadRow) -> None:
        """Count a bad row, and keep it while it is among the first."""
        self.bad_row_count += 1
        if len(self.bad_rows) < BAD_ROWS_KEPT:
            self.bad_rows.append(row)

    def check(self, item_count: int) -> None:
        """Raise ActionRefused for bad rows that are not to be skipped, and for a file without any item."""
        if not item_count or (self.bad_row_count and not self.options.skips_bad_rows):
            raise self.refusal()

    def refusal(self) -> ActionRefused:
        """Return what is to be said of a file with bad rows, or without any row."""
        if self.bad_row_count:
            return BadRows(self)
        below = " below the line of column names" if _format(self.file, self.options) in TABLES else ""
        return ActionRefused("file", f"{self.file.shown} holds no items: there has to be one row at least{below}")


class BadRows(ActionRefused):
    """A file is refused for its bad rows."""

    def __init__(self, reading: Reading) -> None:
        super().__init__("file", _sentence(reading))
        self.reading = reading


def import_file(
    *,
    project: Project,
    name: str,
    file: DataFile,
    options: ImportOptions,
    by: Person | None,
    note: str = "",
    read: Callable[[int], object] = lambda _count: None,
    beat: Beat = lambda _written, _planned: None,
) -> Imported:
    """Freeze the items of a file as the next version of the named dataset, which is made at the first import.

    `read` hears how many rows are read, `beat` how many are written; what they raise ends the import. Raises
    ActionRefused for a file that cannot be read, wrong columns or bad rows, ActionConflict when people have edited
    the draft; the dataset is then as it was.
    """
    require(by, project, "edit_dataset")
    newest = DatasetVersion.objects.filter(dataset__project=project, dataset__name=name.strip()).first()
    reading = Reading(file, options, read)
    items = reading.items()
    first = next(items, None)
    if first is None:
        reading.check(0)
    surveyed = survey(chain([first] if first else [], items), file.shown)
    reading.check(len(surveyed.digests))
    mapping = mapping_taken(file, options)
    filling = Filling(
        source=Reading(file, options).items,
        survey=surveyed,
        by=by,
        is_merge=options.is_merge,
        note=note,
        bad_rows=reading.bad_rows,
        bad_row_count=reading.bad_row_count,
        beat=beat,
    )
    version = fill(project=project, name=name, filling=filling)
    is_new = newest is None or version.pk != newest.pk
    return Imported(version, is_new, reading.bad_rows, reading.bad_row_count, mapping)


def preview_file(file: DataFile, options: ImportOptions) -> Preview:
    """Return what the first rows of a file come to. Raises ActionRefused for what is no such file, or has no rows."""
    kind = _format(file, options)
    read = list(_refusing(file, islice(read_rows(file.path, kind), PREVIEW_ROWS)))
    first = next((row for row in read if isinstance(row, SourceRow)), None) or first_row(file, options)
    mapping = options.given or mapping_meant(first.values, is_table=kind in TABLES)
    columns = list(dict.fromkeys(name for row in [first, *read] if isinstance(row, SourceRow) for name in row.values))
    return Preview(columns, mapping, list(zip(read, items_of(read, mapping), strict=True)))


def mapping_taken(file: DataFile, options: ImportOptions) -> ColumnMapping:
    """Return what the columns are taken for: what was given, else what their names mean. Raises ActionRefused."""
    is_table = _format(file, options) in TABLES
    return options.given or mapping_meant(first_row(file, options).values, is_table=is_table)


def first_row(file: DataFile, options: ImportOptions) -> SourceRow:
    """Return the first row that can be read, which names the columns. Raises ActionRefused where there is none."""
    reading = Reading(file, options)
    for row in _refusing(file, read_rows(file.path, _format(file, options))):
        if isinstance(row, SourceRow):
            return row
        reading.row_count += 1
        reading.note(row)
    raise reading.refusal()


def _format(file: DataFile, options: ImportOptions) -> str:
    try:
        return options.file_format or format_of(file.shown)
    except UnreadableFile as error:
        raise ActionRefused("file", f"{file.shown}: {error}") from error


def _refusing(file: DataFile, rows: Iterator[R]) -> Iterator[R]:
    """Pass rows on. Raises ActionRefused when the file is none of ours."""
    try:
        yield from rows
    except UnreadableFile as error:
        raise ActionRefused("file", f"{file.shown}: {error}") from error
    except OSError as error:
        raise ActionRefused("file", f"{file.name or file.path} cannot be read: {error.strerror}") from error


def _rows(file: DataFile, options: ImportOptions) -> Iterator[NewItem | BadRow]:
    """Yield the items; the first good row says which columns there are. Raises UnreadableFile for missing ones."""
    kind = _format(file, options)
    rows, is_table = read_rows(file.path, kind), kind in TABLES
    before: list[SourceRow | BadRow] = []
    for row in rows:
        before.append(row)
        if isinstance(row, SourceRow):
            mapping = options.given or mapping_meant(row.values, is_table=is_table)
            for column in missing_columns(mapping, row.values, is_table=is_table).values():
                there = ", ".join(row.values)
                advice = did_you_mean(column, row.values) or ("" if options.given else WHICH_INPUT)
                raise UnreadableFile(f'there is no column "{column}"; there are {there}{advice}')
            return (yield from items_of(chain(before, rows), mapping))
    yield from (row for row in before if isinstance(row, BadRow))


def _sentence(reading: Reading) -> str:
    bad, count = reading.bad_rows, reading.bad_row_count
    shown = [f"  line {row.line}: {row.reason}" for row in bad[:BAD_ROWS_SHOWN]]
    more = [f"  and {count - BAD_ROWS_SHOWN:,} more"] if count > BAD_ROWS_SHOWN else []
    advice = "Mend them, or skip bad rows." if count < reading.row_count else "One good row is needed at least."
    head = (
        f"{reading.file.shown}: {count:,} of {counted(reading.row_count, 'row')} {'is' if count == 1 else 'are'} bad, "
        f"so nothing was imported. {advice}"
    )
    return "\n".join([head, *shown, *more])
