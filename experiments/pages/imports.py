"""The pages of an import: the upload, what the columns mean with a preview, the progress, and what it came to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, QueryDict

from experiments.actions.importing import DataFile, ImportOptions, first_row, preview_file
from experiments.actions.imports import checked_mapping
from experiments.actions.refusals import ActionRefused
from experiments.models import DataImport, Dataset, ImportStatus, Item
from experiments.models.projects import Person
from experiments.permissions import may
from experiments.rows.column_mapping import ColumnMapping, missing_columns, variable_name
from experiments.rows.dataset_files import TABLES
from experiments.rows.new_items import BadRow, NewItem, text_of
from experiments.rows.usual_names import guessed_roles, mapping_meant

ROLES = {
    "": "leave out",
    "input": "input, as a text",
    "variable": "input, as a variable",
    "expected": "expected answer",
    "key": "key",
    "metadata": "metadata",
    "tags": "tags, parted by |",
    "split": "split",
    "checks": "checks, as JSON",
}
MOST_COLUMNS = 500
"""What a form holds: each column is a field."""
WHOLE = "metadata"
"""The column that an export in JSON has all of it in."""
ONCE = ("input", "expected", "key", "tags", "split", "checks")


@dataclass(frozen=True)
class Column:
    """A column of the file and what it is to mean."""

    number: int
    name: str
    sample: str
    """Its first value."""
    role: str
    is_object: bool = False
    """Whether its first value is an object: names with values."""
    roles = ROLES


@dataclass(frozen=True)
class Preview:
    """What the first rows come to."""

    rows: list[NewItem | BadRow]
    problem: str = ""
    """Why there is nothing to be seen; "": all is well."""

    @property
    def items(self) -> list[dict[str, Any]]:
        """The rows as the table shows them."""
        return [_shown(row) for row in self.rows]

    @property
    def bad_count(self) -> int:
        """How many of them make no items."""
        return sum(isinstance(row, BadRow) for row in self.rows)


@dataclass(frozen=True)
class MappingPage:
    """The second step: what the columns mean, and what the first rows come to."""

    data_import: DataImport
    columns: list[Column]
    preview: Preview
    is_merge: bool
    skips_bad_rows: bool
    note: str
    there_count: int
    """How many items the dataset of this name has, which may stay or be replaced; 0: there is nothing to choose."""
    problem: str = ""
    """Why the import cannot be started as it is."""

    @classmethod
    def build(cls, data_import: DataImport, post: QueryDict | None = None, problem: str = "") -> "MappingPage":
        """Return the page with what a form says, else with what the columns' names say."""
        first, unreadable = _first_row(data_import)
        roles = _typed(post, first) if post is not None else _guessed(data_import, first)
        columns = [
            Column(number, name, text_of(value)[:200], roles[number], isinstance(value, Mapping))
            for number, (name, value) in enumerate(first.items())
        ]
        preview = Preview([], unreadable) if unreadable else _preview(data_import, columns)
        there_count = _items_there(data_import)
        chosen = post if post is not None else {}
        return cls(
            data_import,
            columns,
            preview,
            is_merge=bool(there_count) and _is_merge(data_import, post),
            skips_bad_rows="skip" in chosen if post is not None else data_import.skips_bad_rows,
            note=chosen.get("note", "") if post is not None else data_import.note,
            there_count=there_count,
            problem=problem,
        )

    @property
    def options(self) -> dict[str, Any]:
        """What the action takes. Raises ActionRefused when the columns mean nothing that can be imported."""
        return {
            "mapping": mapping_in(self.columns),
            "is_merge": self.is_merge,
            "skips_bad_rows": self.skips_bad_rows,
            "note": self.note[:500],
        }


def import_of(uid: object, user: Person) -> DataImport:
    """Return an import that this person may see. Raises Http404."""
    visible = DataImport.objects.visible_to(user).select_related("project", "version__dataset", "created_by")
    found: DataImport | None = visible.filter(uid=uid).first()
    if found is None:
        raise Http404
    return found


def import_context(data_import: DataImport, user: Person) -> dict[str, Any]:
    """Return what every part of an import's page knows of it."""
    dataset = Dataset.objects.filter(project=data_import.project, name=data_import.dataset_name).first()
    total = data_import.total_count
    return {
        "data_import": data_import,
        "dataset": dataset,
        "can_edit": may(user, data_import.project, "edit_dataset"),
        "can_make_experiment": may(user, data_import.project, "edit_experiment"),
        "is_running": data_import.status == ImportStatus.RUNNING,
        "is_being_cancelled": data_import.status == ImportStatus.CANCELLED and data_import.ended_at is None,
        "percent": round(100 * data_import.done_count / total) if total else 0,
    }


def mapping_in(columns: list[Column]) -> dict[str, Any]:
    """Return the mapping that the columns' roles declare. Raises ActionRefused where they contradict each other."""
    named: dict[str, list[str]] = {}
    for column in columns:
        named.setdefault(column.role, []).append(column.name)
    for role in ONCE:
        if len(named.get(role, [])) > 1:
            raise ActionRefused("mapping", f"two columns cannot both be the {role}: {' and '.join(named[role])}")
    if "input" in named and "variable" in named:
        raise ActionRefused("mapping", "the input is either one text or variables: give the others another meaning")
    mapping: dict[str, Any] = {role: named[role][0] for role in ONCE if role in named}
    if "variable" in named:
        mapping["input"] = {variable_name(name.removeprefix("input.")): name for name in named["variable"]}
    if "metadata" in named:
        mapping["metadata"] = _metadata_in([column for column in columns if column.role == "metadata"])
    checked_mapping(mapping)
    return mapping


def _metadata_in(columns: list[Column]) -> str | dict[str, str]:
    """Return the column that holds all of the metadata as an object, as in an export, else the columns by name."""
    if not any(column.name == WHOLE and column.is_object for column in columns):
        return {column.name.removeprefix("metadata."): column.name for column in columns}
    if others := [column.name for column in columns if column.name != WHOLE]:
        raise ActionRefused("mapping", f"{WHOLE} holds all of the metadata: leave {' and '.join(others)} out, or it")
    return WHOLE


def _items_there(data_import: DataImport) -> int:
    """Return how many items the draft of the dataset that it goes into has; 0: there is none yet."""
    into = {"dataset__project": data_import.project, "dataset__name": data_import.dataset_name}
    return int(Item.objects.filter(**into).in_draft().count())


def _is_merge(data_import: DataImport, post: QueryDict | None) -> bool:
    """Return whether items stay: unless a person chose otherwise, for what goes by mistake is missed too late."""
    if post is not None:
        return post.get("how") != "replace"
    return bool(data_import.is_merge or data_import.status == ImportStatus.UPLOADED)


def _first_row(data_import: DataImport) -> tuple[Mapping[str, Any], str]:
    """Return the first good row and "", or an empty one and why there is none."""
    if not data_import.path.exists():
        return {}, "The file is not here any more: upload it again."
    try:
        row = first_row(_file(data_import), ImportOptions(file_format=data_import.file_format))
    except ActionRefused as refusal:
        return {}, str(refusal)
    if len(row.values) > MOST_COLUMNS:
        return {}, (
            f"{data_import.file_name} has {len(row.values):,} columns, and this page maps {MOST_COLUMNS:,}: leave some "
            "out, or import it by API or command line, which take a mapping."
        )
    return row.values, ""


def _file(data_import: DataImport) -> DataFile:
    return DataFile(data_import.path, data_import.file_name)


def _typed(post: QueryDict, first: Mapping[str, Any]) -> list[str]:
    return [role if (role := post.get(f"role-{number}", "")) in ROLES else "" for number in range(len(first))]


def _guessed(data_import: DataImport, first: Mapping[str, Any]) -> list[str]:
    """Return what the columns mean by their names."""
    if data_import.mapping is not None:
        return [_role_in(checked_mapping(data_import.mapping), name) for name in first]
    mapping = mapping_meant(first, is_table=data_import.file_format in TABLES)
    if missing_columns(mapping, first, is_table=True).keys() & {"input"}:
        return list(guessed_roles(first).values())  # the longest text is offered, for a person looks at it
    return [_role_in(mapping, name) for name in first]


def _role_in(mapping: ColumnMapping, column: str) -> str:
    place = next((place for place, name in mapping.columns().items() if name == column), "")
    if place.startswith("input."):
        return "variable"
    return "metadata" if place.startswith("metadata") else place


def _preview(data_import: DataImport, columns: list[Column]) -> Preview:
    try:
        options = ImportOptions(given=checked_mapping(mapping_in(columns)), file_format=data_import.file_format)
        found = preview_file(_file(data_import), options)
    except ActionRefused as refusal:
        return Preview([], str(refusal))
    return Preview([made for _, made in found.rows])


def _shown(row: NewItem | BadRow) -> dict[str, Any]:
    if isinstance(row, BadRow):
        return {"line": row.line, "problem": row.reason}
    return {
        "key": row.key,
        "input": text_of(row.input),
        "expected": text_of(row.expected),
        "metadata": ", ".join(_pairs(row.metadata)),
        "tags": row.tags,
        "split": row.split,
    }


def _pairs(metadata: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name}: {text_of(value)}" for name, value in metadata.items())
