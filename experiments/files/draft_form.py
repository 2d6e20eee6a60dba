"""From the fields of a draft to the declared form: the same document that a file would hold."""

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from experiments.actions.refusals import ActionRefused
from experiments.files.document_nodes import BadDocument, ObjectNode, plain
from experiments.files.params_text import read_params
from experiments.files.writing import as_yaml
from experiments.files.yaml_document import parse
from experiments.rows.column_mapping import variable_name
from experiments.rows.json_rows import json_list
from experiments.rows.source_rows import SourceRow, UnreadableFile
from experiments.rows.table_rows import table_rows
from experiments.rows.usual_names import usual_roles

OWN_ROLES = ("expected", "key", "tags", "split")


def document_of(fields: Mapping[str, Any]) -> tuple[str, dict[str, bytes]]:
    """Return the document that the fields declare, and the files that it names. Raises ActionRefused.

    What is missing is left out: whoever reads the document says so.
    """
    rows = str(fields.get("rows", "")).strip()
    name, content = f"rows.{_format_of(rows)}", rows.encode()
    candidates = [_candidate(one, number) for number, one in enumerate(_filled(fields, "candidates"), start=1)]
    document = {
        "experiment": fields.get("name"),
        "description": fields.get("description"),
        "dataset": _dataset(fields, name, rows),
        "providers": {one["provider"]: {"use": one["provider"]} for one in candidates if one.get("provider")},
        "prompt": fields.get("messages"),
        "candidates": candidates,
        "scorers": [_scorer(one, number) for number, one in enumerate(_filled(fields, "scorers"), start=1)],
        "trials": _number(fields.get("trials")),
    }
    return as_yaml(_given(document)), ({name: content} if rows else {})


def _dataset(fields: Mapping[str, Any], file: str, rows: str) -> Any:
    select = _given({"limit": _number(fields.get("limit"))})
    if rows:
        name = fields.get("dataset_name") or fields.get("name") or "pasted rows"
        return _given({"name": name, "file": file, **_mapping(rows), "select": select})
    version = fields.get("version")
    return {"name": version, "select": select} if version and select else version


def _mapping(rows: str) -> dict[str, Any]:
    """Return what the columns are by their names: those that are nothing of their own are the input's variables."""
    columns = _first_row(rows)
    own = {role: column for column, role in usual_roles(columns).items() if role in OWN_ROLES}
    inputs = [column for column in columns if column not in own.values()]
    variables = {variable_name(column): column for column in inputs}
    tags = {"tags": {"column": own.pop("tags"), "split": ","}} if "tags" in own else {}
    return {"input": inputs[0] if [*variables] == ["input"] else variables, **own, **tags}


def _format_of(rows: str) -> str:
    """Return what pasted rows are: csv, json or jsonl."""
    if rows.startswith("{"):
        return "jsonl"
    return "json" if rows.startswith("[") and rows[1:].lstrip().startswith("{") else "csv"


def _first_row(rows: str) -> Mapping[str, Any]:
    """Return the columns of the first row with its values. Raises ActionRefused where there is none."""
    try:
        kind = _format_of(rows)
        if kind == "jsonl":
            return dict(json.loads(rows.splitlines()[0]))
        read = json_list(StringIO(rows)) if kind == "json" else table_rows(rows.splitlines(keepends=True))
        first = next((row for row in read if isinstance(row, SourceRow)), None)
    except (UnreadableFile, ValueError) as error:
        raise ActionRefused("rows", f"the rows cannot be read: {error}") from error
    if first is None:
        raise ActionRefused("rows", "write a line of column names, then a row a line: input,expected")
    return first.values


def _candidate(typed: Mapping[str, str], number: int) -> dict[str, Any]:
    try:
        params = read_params(typed.get("params", ""))
    except ActionRefused as refusal:
        raise ActionRefused("candidates", f"candidate {number}: {refusal}") from refusal
    return _given({**{name: typed.get(name) for name in ("name", "provider", "model")}, "params": params})


def _scorer(typed: Mapping[str, str], number: int) -> dict[str, Any]:
    options = read_options(typed.get("options", ""), number)
    values = {"kind": typed.get("kind"), "name": typed.get("name"), "weight": _number(typed.get("weight"))}
    return {**_given(values), **options}


def read_options(text: str, number: int) -> dict[str, Any]:
    """Return the options of a scorer, written as lines of YAML. Raises ActionRefused."""
    if not text.strip():
        return {}
    try:
        root, problems = parse(text)
    except BadDocument as bad:
        raise ActionRefused("scorers", f"scorer {number}, line {bad.problem.line}: {bad.problem.sentence}") from bad
    if problems or not isinstance(root, ObjectNode):
        said = problems[0].sentence if problems else "write one option a line, like ignore_case: true"
        raise ActionRefused("scorers", f"scorer {number}: {said}")
    options: dict[str, Any] = plain(root)
    return options


def _filled(fields: Mapping[str, Any], part: str) -> list[Mapping[str, str]]:
    """Return the rows of a part in which something is written."""
    return [row for row in fields.get(part, ()) if any(str(value).strip() for value in row.values())]


def _number(text: Any) -> Any:
    """Return the number that a text is; another text as it is, for the reader to refuse."""
    try:
        return json.loads(str(text))
    except ValueError:
        return text


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
