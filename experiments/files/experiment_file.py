"""The experiment file: the declared form of an experiment, from YAML or JSON to frozen values with every error said.

The format is docs/experiment-file.md. Nothing here touches the database.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from experiments.declarations import ScorerDeclaration
from experiments.files.candidates import CandidatePart, read_candidates
from experiments.files.dataset import DatasetPart, read_dataset
from experiments.files.document_nodes import BadDocument, ObjectNode, Problem
from experiments.files.fields import LONGEST_NAME, Fields, Problems, suggestion
from experiments.files.media_files import with_media_read
from experiments.files.overrides import with_overrides
from experiments.files.prompts import read_prompts
from experiments.files.providers import ProviderPart, read_providers
from experiments.files.requirements import read_max_errors, read_requirements
from experiments.files.rows import bad_row_sentences
from experiments.files.scorers import read_scorers
from experiments.files.yaml_document import parse
from experiments.requirements import Requirement
from experiments.rows.column_mapping import ColumnMapping
from experiments.templating import compile_messages
from experiments.wording import counted

SHOWN = 20
VERSION = "1"
STANDARD_INPUT = "-"
LATER = ("judges", "variants", "gate")
MOST_TRIALS = 100
MOST_USD = 10_000_000
__all__ = ["CandidatePart", "ColumnMapping", "ExperimentFile", "FileProblems", "load", "read_text"]


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    """What a file declares."""

    name: str
    dataset: DatasetPart
    providers: dict[str, ProviderPart]
    prompts: dict[str, list[dict[str, Any]]]
    """Checked messages by the prompt's name."""
    candidates: list[CandidatePart]
    scorers: list[ScorerDeclaration]
    project: str = "default"
    description: str = ""
    tags: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    baseline: str = ""
    """A candidate's name; "": the first."""
    trials: int = 1
    errors_policy: str = "exclude"
    is_reusing: bool = True
    timeout_s: float | None = None
    max_errors: str = "0"
    budget_usd: Decimal | None = None
    requirements: list[Requirement] = field(default_factory=list)

    def without_rows(self) -> "ExperimentFile":
        """Return what the file declares without the items it brings: they are the site's once it was declared."""
        rows = None if self.dataset.rows is None else ()
        return replace(self, dataset=replace(self.dataset, rows=rows))

    @property
    def warnings(self) -> list[str]:
        """What is allowed and probably not meant, a sentence each."""
        used = {candidate.prompt for candidate in self.candidates}
        constant = [name for name in self.prompts if name in used and compile_messages(self.prompts[name]).is_constant]
        same = [f'the prompt "{name}" has no variable of the items: each item gets the same call' for name in constant]
        return [*self._left_out, *same]

    @property
    def _left_out(self) -> list[str]:
        bad, source = self.dataset.bad_rows, self.dataset.source
        if not bad or source is None:
            return []
        head = f"{counted(len(bad), 'bad row')} of {source.path.name} left out:"
        return [head, *(f"  {sentence}" for sentence in bad_row_sentences(source.path.name, bad))]


class FileProblems(ValueError):
    """A file that declares no experiment: its first problems, each with path, line and place."""

    def __init__(self, path: str, problems: list[Problem], file: ExperimentFile | None = None) -> None:
        self.path, self.problems = path, problems
        self.file = file
        """What could be read all the same, with gaps; None: nothing could."""
        lines = [line_of(path, problem) for problem in problems[:SHOWN]]
        if len(problems) > SHOWN:
            lines.append(f"… and {len(problems) - SHOWN} more")
        super().__init__("\n".join(lines))


def line_of(path: str, problem: Problem) -> str:
    """Return a problem as one line: `file.yaml:31: candidates[1].model: what is wrong`."""
    where = f" {problem.where}:" if problem.where else ""
    return f"{path}:{problem.line}:{where} {problem.sentence}"


def load(
    path: str | Path, *, overrides: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> ExperimentFile:
    """Return what the file at `path` declares ("-": standard input). Raises FileProblems.

    `overrides` put values in the place of the file's, by their paths: trials, limit, defaults.params.temperature.
    """
    shown = str(path)
    if shown == STANDARD_INPUT:
        return read_text(sys.stdin.read(), path="<stdin>", folder=Path.cwd(), overrides=overrides, environ=environ)
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except IsADirectoryError:
        raise FileProblems(shown, [Problem(1, "", "is a directory: name the file in it")]) from None
    except FileNotFoundError:
        raise FileProblems(shown, [Problem(1, "", f"is not there (tried {file.resolve()})")]) from None
    except UnicodeDecodeError:
        raise FileProblems(shown, [Problem(1, "", "is no text in UTF-8: save it as UTF-8")]) from None
    except OSError as error:
        raise FileProblems(shown, [Problem(1, "", f"cannot be read: {error.strerror}")]) from None
    return read_text(text, path=shown, folder=file.resolve().parent, overrides=overrides, environ=environ)


def read_text(
    text: str,
    *,
    path: str,
    folder: Path,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> ExperimentFile:
    """Return what a text declares; `folder` is where its paths begin. Raises FileProblems with all that is wrong."""
    try:
        root, found = parse(text, is_json=path.endswith(".json"))
    except BadDocument as bad:
        raise FileProblems(path, [bad.problem]) from None
    if not isinstance(root, ObjectNode):
        raise FileProblems(path, [Problem(root.line, "", "write keys: experiment, dataset, candidates, scorers")])
    root, unset = with_overrides(root, overrides or {})
    problems = Problems([*found, *unset])
    fields = Fields(root, "", problems)
    file = _read(fields, folder, os.environ if environ is None else environ)
    fields.done()
    if problems.found:
        raise FileProblems(path, sorted(problems.found, key=lambda problem: problem.line), file)
    return file


def _read(fields: Fields, folder: Path, environ: Mapping[str, str]) -> ExperimentFile:
    for key in ("experiment", "dataset", "candidates", "scorers"):
        fields.required(key)
    if fields.text("version", VERSION) != VERSION:
        fields.problem("version", f"this release reads version {VERSION}")
    fields.not_yet(*LATER)
    providers = read_providers(fields, folder, environ)
    prompts = read_prompts(fields, folder)
    candidates = read_candidates(fields, providers, prompts)
    dataset = read_dataset(fields, folder, environ)
    dataset = with_media_read(dataset, prompts, folder, fields.problems, fields.line("dataset"))
    scorers = read_scorers(fields, folder, dataset.rows)
    scoring = fields.inner("scoring")
    policy = scoring.choice("errors", ("exclude", "zero"), "exclude")
    scoring.choice("trials", ("mean",), "mean")
    scoring.done()
    return ExperimentFile(
        name=fields.text("experiment", longest=LONGEST_NAME).strip(),
        dataset=dataset,
        providers=providers,
        prompts=prompts,
        candidates=candidates,
        scorers=scorers,
        project=fields.text("project", "default"),
        description=fields.text("description"),
        tags=fields.texts("tags"),
        variables=fields.written("vars"),
        baseline=_baseline(fields, [candidate.name for candidate in candidates]),
        trials=fields.whole("trials", low=1, high=MOST_TRIALS, default=1) or 1,
        errors_policy=policy,
        is_reusing=fields.flag("reuse", default=True),
        timeout_s=fields.number("timeout_s", low=0.1),
        max_errors=read_max_errors(fields),
        budget_usd=_budget(fields),
        requirements=read_requirements(fields, [one.name for one in candidates], [one.name for one in scorers]),
    )


def _baseline(fields: Fields, names: list[str]) -> str:
    name = fields.text("baseline")
    if name and name not in names:
        fields.problem("baseline", f'there is no candidate "{name}"{suggestion(name, names)}')
    return name


def _budget(fields: Fields) -> Decimal | None:
    """Return what the calls may cost in USD, to the ten-thousandth."""
    usd = fields.number("budget", low=0, high=MOST_USD)
    return None if usd is None else Decimal(str(usd)).quantize(Decimal("0.0001"))
