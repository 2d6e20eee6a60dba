"""Images, audio and files on the machine of the person who runs an experiment file: in prompts and named by items."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.files.dataset import DatasetPart
from experiments.files.fields import Problems
from experiments.media import ADDRESS, TYPES, BadPart, data_uri
from experiments.rows.new_items import NewItem
from experiments.templating.messages import parts_of

MIB = 1024 * 1024
LARGEST_OF_ITEM = MIB
"""Items hold their media themselves: they are read with every claim of a work unit."""
NAMED = re.compile(r"\{\{ (\w+) \}\}")


def read_medium(file: Path, kind: str, *, largest: int) -> tuple[str, bytes]:
    """Return (media type, bytes) of a file. Raises BadPart."""
    media_type = TYPES[kind].get(file.suffix.lower())
    if media_type is None:
        raise BadPart(f"a part of type {kind} is read from {', '.join(TYPES[kind])} files")
    try:
        if file.stat().st_size > largest:
            raise BadPart(f"{file.name} is larger than {largest // MIB} MiB")
        data = file.read_bytes()
    except OSError:
        raise BadPart(f"is not there (tried {file})") from None
    if not data:
        raise BadPart(f"{file.name} is empty")
    return media_type, data


def with_media_read(
    dataset: DatasetPart, prompts: Mapping[str, list[dict[str, Any]]], folder: Path, problems: Problems, line: int
) -> DatasetPart:
    """Return the dataset with the files that its items name for a prompt's media read into them, as data URIs.

    Paths begin at the file in which they stand. What cannot be read is noted as a problem at `line`.
    """
    kinds = {name: part["type"] for messages in prompts.values() for name, part in _named(messages)}
    if not kinds or not dataset.rows:
        return dataset
    base = dataset.source.path.parent if dataset.source else folder
    rows = tuple(_with_media(row, kinds, base, problems, line) for row in dataset.rows)
    return replace(dataset, rows=rows)


def _named(messages: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the media that are variables of the items, by the variable's name."""
    for part in parts_of(messages):
        if found := NAMED.fullmatch(part.get("url", "")):
            yield found[1], part


def _with_media(row: NewItem, kinds: Mapping[str, str], base: Path, problems: Problems, line: int) -> NewItem:
    values = {"input": row.input} if isinstance(row.input, str) else row.input
    read = dict[str, str]()
    for name in sorted(kinds.keys() & values.keys()):
        value = values[name]
        if not isinstance(value, str) or not value.strip() or _needs_no_file(value.strip()):
            continue
        try:
            read[name] = data_uri(*read_medium(base / value.strip(), kinds[name], largest=LARGEST_OF_ITEM))
        except BadPart as bad:
            problems.add(line, "dataset", f"item {row.key}: {name}: {bad}")
    if not read:
        return row
    return replace(row, input=read["input"] if isinstance(row.input, str) else {**row.input, **read})


def _needs_no_file(value: str) -> bool:
    return value.startswith("data:") or ADDRESS.fullmatch(value) is not None
