"""The part `dataset` of an experiment file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.files.document_nodes import ObjectNode, Scalar
from experiments.files.fields import LONGEST_NAME, Fields, suggestion
from experiments.files.rows import DataFile, read_file, read_items, read_source
from experiments.rows.new_items import BadRow, NewItem
from experiments.selecting import chosen_rows

REFERENCE = re.compile(r"(?P<name>.+?)(@(?P<number>[1-9]\d{0,8}))?")


@dataclass(frozen=True, slots=True)
class DatasetPart:
    """The dataset as the file declares it: rows of its own, or a version of the site."""

    name: str
    number: int | None = None
    """Of a version of the site; None: the newest, where there are no rows."""
    rows: tuple[NewItem, ...] | None = None
    """The rows of a file or list; None: the site's."""
    selection: dict[str, Any] = field(default_factory=dict)
    """split, tags, exclude_tags, keys, seed: those that are given."""
    item_limit: int | None = None
    """The first items of the selection only, with a seed in its order; None: all."""
    source: DataFile | None = None
    """Where the rows were read; None: they stand in the experiment file, or the site has them."""
    bad_rows: tuple[BadRow, ...] = ()
    """Rows of the file that are left out."""


def read_dataset(fields: Fields, folder: Path, environ: Mapping[str, str]) -> DatasetPart:
    """Return the dataset, its rows read and mapped."""
    node = fields.get("dataset")
    if node is None:
        return DatasetPart("")
    if isinstance(node, Scalar):
        return DatasetPart(*_reference(node.text))
    part = Fields(node, "dataset", fields.problems)
    if not isinstance(node, ObjectNode):
        return DatasetPart("")
    part.required("name")
    part.not_yet("hf")
    selection, limit = read_selection(part)
    source = read_source(part, folder, environ)
    rows, bad = _rows(part, source)
    name, number = _reference(part.text("name", longest=LONGEST_NAME))
    part.done()
    if rows is None and "file" not in part:
        return DatasetPart(name, number, None, selection, limit)
    if number is not None:
        part.problem("name", f"{name}@{number} names a version: with file or items the rows make the version")
    if rows:
        _check_selection(part, rows, selection)
    return DatasetPart(name, None, tuple(rows or ()), selection, limit, source, tuple(bad))


def _rows(part: Fields, source: DataFile | None) -> tuple[list[NewItem] | None, list[BadRow]]:
    """Return the items that the file brings, None: none, and the rows that are left out."""
    if "items" in part:
        return read_items(part), []
    return read_file(part, source) if source else (None, [])


def _reference(text: str) -> tuple[str, int | None]:
    """Return the name and the number of `name@7`; without a number, None."""
    match = REFERENCE.fullmatch(text.strip())
    if match is None:
        return "", None
    return match["name"], int(match["number"]) if match["number"] else None


def read_selection(part: Fields) -> tuple[dict[str, Any], int | None]:
    """Return the selection that `select` declares, and how many of its items are taken; None: all."""
    select = part.inner("select")
    found: dict[str, Any] = {}
    split = select.text("split")
    if split:
        found["split"] = split
    for name in ("tags", "exclude_tags", "keys"):
        texts = select.texts(name)
        if texts:
            found[name] = texts
    limit, sample, seed = select.whole("limit", low=1), select.whole("sample", low=1), select.whole("seed", low=0)
    if limit is not None and sample is not None:
        select.problem("limit", "write limit or sample, one of the two")
    if limit is not None and seed is not None:
        select.problem("seed", "goes with sample: limit takes the first items of the version")
    if sample is not None or seed is not None:
        found["seed"] = seed or 0
    select.done()
    return found, limit or sample


def _check_selection(part: Fields, rows: list[NewItem], selection: Mapping[str, Any]) -> None:
    """Note a split, tag or key that no row has, and a choice that leaves none."""
    select = part.inner("select")
    tags = {tag for row in rows for tag in row.tags}
    known = {"split": {row.split for row in rows}, "tags": tags, "exclude_tags": tags, "keys": {r.key for r in rows}}
    problems = len(part.problems.found)
    for name, wanted in [(name, selection[name]) for name in known if name in selection]:
        for value in [wanted] if isinstance(wanted, str) else wanted:
            if value not in known[name]:
                select.problem(name, f'no item has "{value}"{suggestion(value, known[name])}')
    if rows and len(part.problems.found) == problems and not chosen_rows(rows, selection):
        part.problem("select", "no item is left: loosen it")
