"""Importing a data file as the next version of a dataset."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from experiments.actions.filling import freeze_rows
from experiments.actions.refusals import ActionRefused
from experiments.models import DatasetVersion, Item, Project
from experiments.models.projects import Person
from experiments.permissions import require
from experiments.rows.column_mapping import ColumnMapping, items_of, mapping_of, missing_columns
from experiments.rows.dataset_files import TABLES, SourceRow, UnreadableFile, format_of, read_rows
from experiments.rows.new_items import BadRow, NewItem
from experiments.templating import did_you_mean

BAD_ROWS_SHOWN = 10


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
class Imported:
    """What an import came to."""

    version: DatasetVersion
    is_new: bool
    """False: the newest version held these items already."""
    bad_rows: list[BadRow]
    """Those that were left out."""


def import_file(
    *, project: Project, name: str, path: Path, options: ImportOptions, by: Person | None, note: str = ""
) -> Imported:
    """Freeze the items of a file as the next version of the named dataset, which is made at the first import.

    Raises ActionRefused for a file that cannot be read, wrong columns or bad rows, ActionConflict when people have
    edited the draft; the dataset is then as it was.
    """
    require(by, project, "edit_dataset")
    items, bad = _read(path, options)
    if bad and not options.skips_bad_rows:
        raise ActionRefused("file", _sentence(path, bad, len(items) + len(bad)))
    if not items:
        raise ActionRefused("file", f"{path.name} holds no items: there has to be one good row below the header")
    newest = DatasetVersion.objects.filter(dataset__project=project, dataset__name=name.strip()).first()
    rows = _merged(newest, items) if newest is not None and options.is_merge else items
    version = freeze_rows(project=project, name=name, rows=rows, by=by, note=note, bad_rows=bad)
    return Imported(version, newest is None or version.pk != newest.pk, bad)


def _read(path: Path, options: ImportOptions) -> tuple[list[NewItem], list[BadRow]]:
    """Return the items and the bad rows of a file. Raises ActionRefused when it is none of ours."""
    items: list[NewItem] = []
    bad: list[BadRow] = []
    try:
        kind = options.file_format or format_of(path.name)
        for row in _rows(read_rows(path, kind), options.given, is_table=kind in TABLES):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                items.append(row)
    except UnreadableFile as error:
        raise ActionRefused("file", f"{path.name}: {error}") from error
    except OSError as error:
        raise ActionRefused("file", f"{path} cannot be read: {error.strerror}") from error
    return items, bad


def _rows(
    rows: Iterator[SourceRow | BadRow], given: ColumnMapping | None, *, is_table: bool
) -> Iterator[NewItem | BadRow]:
    """Yield the items; the first good row says which columns there are. Raises UnreadableFile for missing ones."""
    before: list[SourceRow | BadRow] = []
    for row in rows:
        before.append(row)
        if isinstance(row, SourceRow):
            mapping = given or mapping_of(row.values, is_table=is_table)
            for column in missing_columns(mapping, row.values, is_table=is_table).values():
                there = ", ".join(row.values)
                raise UnreadableFile(
                    f'there is no column "{column}"; there are {there}{did_you_mean(column, row.values)}'
                )
            return (yield from items_of(chain(before, rows), mapping))
    yield from (row for row in before if isinstance(row, BadRow))


def _merged(version: DatasetVersion, items: Iterable[NewItem]) -> list[NewItem]:
    """Return the version's items, those of the file in their places or behind them."""
    rows = {item.key: _new(item) for item in version.items.iterator()}
    rows |= {item.key: item for item in items}
    return list(rows.values())


def _new(item: Item) -> NewItem:
    return NewItem(item.key, item.input, item.expected, item.metadata, item.tag_list, item.split)


def _sentence(path: Path, bad: list[BadRow], count: int) -> str:
    shown = [f"  line {row.line}: {row.reason}" for row in bad[:BAD_ROWS_SHOWN]]
    more = [f"  and {len(bad) - BAD_ROWS_SHOWN} more"] if len(bad) > BAD_ROWS_SHOWN else []
    head = f"{path.name}: {len(bad)} of {count} rows are bad, so nothing was imported. Mend them, or skip bad rows."
    return "\n".join([head, *shown, *more])
