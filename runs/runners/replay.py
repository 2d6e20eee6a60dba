"""The runner that makes no calls: it answers with outputs that were recorded before."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from django import forms

from experiments.blobs import default_store
from experiments.cleaning import clean_json, clean_text, parse_json
from experiments.options import Options
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import Connection, Runner, Transport

SCHEME = "blob:"
BOM = b"\xef\xbb\xbf"
TEXT_FIELDS = ("text", "output", "content")
NO_MODEL = ""


class ReplayOptions(Options):
    """Which fields of a recording say what."""

    key = forms.CharField(initial="key", help_text="The field with the item's key.")
    output = forms.CharField(
        initial="output",
        help_text="The field with the output: a text, or an object with text, tokens_in, tokens_out, latency_ms; "
        "or an object of either by model.",
    )
    model = forms.CharField(required=False, help_text="The field with the model's name; empty: one output for all.")


class Place(NamedTuple):
    """Where a recording stands in its file, in bytes."""

    offset: int
    length: int


Recordings = dict[tuple[str, str], Place]
"""(item key, model; "" where recordings name none) to the place of the first recording."""


class ReplayRunner(Runner):
    """Answers from a file of recorded outputs, one JSON object a line, kept in the blob store."""

    label = "Recorded outputs"
    help_text = "A JSON Lines file of outputs that exist already; nothing is called."
    Options = ReplayOptions

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        fields = ReplayOptions.parse({name: value for name, value in connection.options.items() if value})
        self._key, self._output, self._model = fields["key"], fields["output"], fields["model"]
        self._indexing: asyncio.Task[Recordings] | None = None

    async def complete(self, request: Request) -> Completion:
        """Return the recorded output of the request's item. Raises CallFailed or NeedsPerson."""
        recordings = await self._recordings()
        model = request.model if self._model else NO_MODEL
        place = recordings.get((request.item_key, model))
        if place is None:
            of_model = f" of {model}" if model else ""
            raise _no_output(f"no recorded output{of_model} for item {request.item_key}")
        record = _read(self._path(), place)
        if self._output not in record:
            raise _no_output(f'the recording of item {request.item_key} has no field "{self._output}"')
        return _completion(record[self._output], request.model)

    async def models(self) -> list[str]:
        """Return the models that the recordings name. Raises NeedsPerson."""
        found = dict.fromkeys(model for _, model in await self._recordings())
        return [model for model in found if model != NO_MODEL]

    async def _recordings(self) -> Recordings:
        """Return where each recording is; the file is gone through once, in a thread, at first use."""
        if self._indexing is None:
            self._indexing = asyncio.create_task(asyncio.to_thread(self._index, self._path()))
        try:
            return await asyncio.shield(self._indexing)
        except NeedsPerson:
            self._indexing = None
            raise

    def _path(self) -> Path:
        scheme, _, name = self.connection.base_url.partition(SCHEME)
        try:
            path = default_store().path(name)
        except ValueError:
            raise NeedsPerson(f"{self.connection.name} names no recorded outputs: declare it with a file") from None
        if scheme or not path.is_file():
            raise NeedsPerson(f"the recorded outputs of {self.connection.name} are not there: declare its file again")
        return path

    def _index(self, path: Path) -> Recordings:
        found: Recordings = {}
        for number, offset, line in _lines(path):
            record = _object(line)
            if record is None:
                raise NeedsPerson(f"line {number} of the recorded outputs of {self.connection.name} is no JSON object")
            key = self._name_in(record, self._key, number)
            model = self._name_in(record, self._model, number) if self._model else NO_MODEL
            found.setdefault((key, model), Place(offset, len(line)))
        return found

    def _name_in(self, record: Mapping[str, Any], field: str, number: int) -> str:
        value = record.get(field)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise NeedsPerson(
                f'line {number} of the recorded outputs of {self.connection.name}: the field "{field}" is no text'
            )
        return clean_text(str(value))


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, offset and bytes of every line that is not blank."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            skipped = len(BOM) if number == 1 and line.startswith(BOM) else 0
            if line[skipped:].strip():
                yield number, offset + skipped, line[skipped:]
            offset += len(line)


def _read(path: Path, place: Place) -> Mapping[str, Any]:
    # Read in the event loop: one line that indexing has just brought into the page cache, where a thread costs more.
    with path.open("rb") as file:
        file.seek(place.offset)
        return _object(file.read(place.length)) or {}


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        record = parse_json(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _completion(output: Any, model: str) -> Completion:
    if isinstance(output, dict) and model in output:
        output = output[model]
    details = output if isinstance(output, dict) else {}
    text = _text_of(output)
    return Completion(
        text=text,
        message={"role": "assistant", "parts": [{"type": "text", "text": text}]},
        tokens_in=_count(details.get("tokens_in")),
        tokens_out=_count(details.get("tokens_out")),
        latency_ms=_count(details.get("latency_ms")),
    )


def _text_of(output: Any) -> str:
    if isinstance(output, dict):
        named = next((name for name in TEXT_FIELDS if name in output), None)
        output = output[named] if named else clean_json(output)
    if output is None:
        return ""
    return clean_text(output if isinstance(output, str) else orjson.dumps(output).decode())


def _count(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return round(value) if is_number else None


def _no_output(detail: str) -> CallFailed:
    return CallFailed("provider_error", detail, is_retriable=False)
