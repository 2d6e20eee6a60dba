"""Writing experiment files: *Copy as YAML*, `evalsite export` and `evalsite init`."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from evalsite.plugins import runners, scorers
from experiments.canonical import item_key
from experiments.declarations import ScorerDeclaration
from experiments.files.dataset import DatasetPart
from experiments.files.document_nodes import NULLS, NUMBER
from experiments.files.experiment_file import CandidatePart, ExperimentFile
from experiments.files.prompts import DEFAULT
from experiments.files.providers import ProviderPart
from experiments.rows.column_mapping import ColumnMapping, SplitColumn
from experiments.rows.new_items import NewItem

TEXT_TAG = "tag:yaml.org,2002:str"
ODD_BREAKS = ("\x85", "\u2028", "\u2029", "\r")
NAMED_ALIKE = re.compile(r"\$\{")
WIDTH = 120
INITIAL = """\
# An experiment: the same items, answered by several candidates, judged by scorers.
#   evalsite run {name}            runs it, and prints the board; again: what is missing
#   evalsite run {name} --check    says what it would do, and calls nothing
experiment: sums

dataset:
  name: sums
  # Items may stand in a file instead: file: items.csv, with input: and expected: naming its columns.
  items:
    - {{input: "17 + 25 = ?", expected: "42"}}
    - {{input: "38 + 44 = ?", expected: "82"}}
    - {{input: "120 + 95 = ?", expected: "215"}}

providers:
  # Models that are only simulated, on this machine. A real endpoint looks like
  #   gateway: {{kind: openai, base_url: https://gateway.example.com/v1, api_key_env: GATEWAY_API_KEY}}
  simulated: {{kind: simulator}}

prompt: |
  Answer with the number alone.
  {{{{ input }}}}

defaults: {{provider: simulated, params: {{temperature: 0}}}}
candidates:
  - model: sim-small
  - model: sim-large

scorers:
  - {{kind: numeric_match, name: correct}}
"""


def initial_file(name: str = "experiment.yaml") -> str:
    """Return a small commented experiment file that runs as it is; `name` is what its comments call it."""
    return INITIAL.format(name=name)


def to_yaml(file: ExperimentFile) -> str:
    """Return the experiment as YAML; reading that gives the same candidates with the same config_hashes."""
    return as_yaml(document_of(file))


def as_yaml(document: Mapping[str, Any]) -> str:
    """Return plain values as YAML that our reader reads back."""
    return yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=WIDTH,
    )


def document_of(file: ExperimentFile) -> dict[str, Any]:
    """Return the experiment as plain values under the keys of the file; what is as by default is left out."""
    scoring = {"errors": file.errors_policy} if file.errors_policy != "exclude" else {}
    document = {
        "experiment": file.name,
        "description": file.description,
        "tags": list(file.tags),
        "project": "" if file.project == "default" else file.project,
        "vars": dict(file.variables),
        "dataset": _dataset(file.dataset),
        "providers": {name: _provider(part) for name, part in file.providers.items()},
        **_prompts(file.prompts),
        "candidates": [_candidate(part) for part in file.candidates],
        "baseline": file.baseline,
        "scorers": [_scorer(declaration) for declaration in file.scorers],
        "scoring": scoring,
        "trials": file.trials if file.trials != 1 else None,
        "reuse": None if file.is_reusing else False,
        "timeout_s": file.timeout_s,
        "budget": None if file.budget_usd is None else float(file.budget_usd),
        "max_errors": "" if file.max_errors == "0" else file.max_errors,
        "require": [requirement.as_json() for requirement in file.requirements],
    }
    return _given(document)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that say anything."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _dataset(part: DatasetPart) -> Any:
    number = "sample" if "seed" in part.selection else "limit"
    select = _given({**part.selection, number: part.item_limit})
    if part.rows is None:
        reference = part.name if part.number is None else f"{part.name}@{part.number}"
        return {"name": reference, "select": select} if select else reference
    if part.source is not None:
        rows = {
            "file": _escaped(str(part.source.path)),
            "format": part.source.format,
            **_mapping(part.source.mapping),
            "bad_rows": "skip" if part.source.skips_bad_rows else "",
        }
    else:
        rows = {"items": [_item(row) for row in part.rows]}
    return _given({"name": part.name, **rows, "select": select})


def _mapping(mapping: ColumnMapping) -> dict[str, Any]:
    return {
        "key": mapping.key,
        "input": _columns(mapping.input),
        "expected": _column(mapping.expected),
        "metadata": _columns(mapping.metadata),
        "tags": _column(mapping.tags),
        "split": mapping.split,
        "checks": mapping.checks,
    }


def _columns(columns: str | Mapping[str, str]) -> str | dict[str, str]:
    return columns if isinstance(columns, str) else dict(columns)


def _column(column: SplitColumn | None) -> Any:
    if column is None or not column.split:
        return column.column if column else None
    return {"column": column.column, "split": column.split}


def _item(item: NewItem) -> dict[str, Any]:
    key = "" if item.key == item_key(item.input) else item.key
    return _given({**item.content, "key": key})


def _provider(part: ProviderPart) -> dict[str, Any]:
    if part.use:
        return {"use": _escaped(part.use)}
    values = {
        "kind": part.kind,
        "base_url": part.base_url,
        "file": str(part.file) if part.file else "",
        "api_key_env": part.api_key_env,
        "headers": part.headers,
        "max_in_flight": part.max_in_flight if part.max_in_flight != ProviderPart("").max_in_flight else None,
        "requests_per_minute": part.requests_per_minute,
        "tokens_per_minute": part.tokens_per_minute,
        "timeout_s": part.timeout_s,
        "prices": part.prices,
    }
    return {name: _escaped(value) for name, value in {**_given(values), **_options(part)}.items()}


def _options(part: ProviderPart) -> dict[str, Any]:
    """Return the options that say anything: an empty one does where it would else be something."""
    defaults = runners.get(part.kind).Options.defaults()
    return {name: value for name, value in part.options.items() if _given({name: value}) or defaults.get(name)}


def _escaped(value: Any) -> Any:
    """Return a value of a provider so that the reader replaces no variable in it."""
    if isinstance(value, str):
        return NAMED_ALIKE.sub("$${", value)
    if isinstance(value, Mapping):
        return {name: _escaped(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_escaped(part) for part in value]
    return value


def _prompts(prompts: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    if list(prompts) == [DEFAULT]:
        return {"prompt": _messages(prompts[DEFAULT])}
    return {"prompts": {name: _messages(messages) for name, messages in prompts.items()}}


def _messages(messages: list[dict[str, Any]]) -> Any:
    if [message["role"] for message in messages] == ["user"] and isinstance(messages[0]["content"], str):
        return messages[0]["content"]
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def _candidate(part: CandidatePart) -> dict[str, Any]:
    values = {"name": part.name, "provider": part.provider, "model": part.model, "prompt": part.prompt}
    return _given({**values, "params": part.params})


def told_options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a scorer that a file has to say: those that are not as by default."""
    defaults = scorers.get(kind).Options.defaults()
    return {
        name: value
        for name, value in options.items()
        if value != defaults.get(name) and (name in defaults or value not in (None, "", [], {}, False))
    }


def _scorer(declaration: ScorerDeclaration) -> dict[str, Any]:
    options = told_options(declaration.kind, declaration.options)
    better = declaration.higher_is_better
    values = {
        "kind": declaration.kind,
        "name": declaration.name,
        "weight": declaration.weight,
        "direction": None if better is None else "higher_is_better" if better else "lower_is_better",
        "range": list(declaration.range) if declaration.range else None,
        "pass": declaration.pass_value,
        "when": dict(declaration.when),
    }
    return {**_given(values), **options}


class _Dumper(yaml.SafeDumper):
    """Writes so that our reader, which knows the types of keys only, reads the same values."""

    # Without them every scalar is text to the dumper, and what is quoted is for _text to say.
    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: a value that is there twice is written twice."""
        del data
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Return a text, in quotes where our reader or one of YAML 1.1 would take it for something else."""
    style = "|" if "\n" in text else None
    if any(sign in text for sign in ODD_BREAKS):
        style = '"'
    elif text in (*NULLS, "true", "false") or NUMBER.fullmatch(text) or _means_something(text):
        style = "'"
    return dumper.represent_scalar(TEXT_TAG, text, style=style)


def _means_something(text: str) -> bool:
    resolver = yaml.resolver.Resolver()
    tag = resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call] # untyped in the stubs
    return bool(tag != TEXT_TAG)


def _plain(dumper: _Dumper, value: float | None) -> yaml.ScalarNode:
    return dumper.represent_scalar(TEXT_TAG, json.dumps(value))


_Dumper.add_representer(str, _text)
for _kind in (bool, int, float, type(None)):
    _Dumper.add_representer(_kind, _plain)
