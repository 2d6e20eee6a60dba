"""What is wrong with a draft: what its reader finds, and besides it what its prompts want and its items have not."""

from collections.abc import Mapping
from typing import Any

from experiments.files.document_nodes import Problem
from experiments.files.experiment_file import ExperimentFile, FileProblems
from experiments.models import DatasetVersion, Project
from experiments.selecting import chosen_rows
from experiments.templating import TemplateProblem, compile_messages, item_context


def problems_of(wrong: FileProblems, project: Project) -> list[Problem]:
    """Return what a reader found, and what a prompt wants that the first item has not, where that is readable."""
    misfit = misfit_of(wrong.file, project) if wrong.file is not None else None
    return [*wrong.problems, *([misfit] if misfit else [])]


def misfit_of(file: ExperimentFile, project: Project) -> Problem | None:
    """Return why a prompt of the candidates cannot be rendered for the first item; None: nothing says that it cannot.

    Prompts that are wrong in themselves are the reader's to find.
    """
    first = _first_item(file, project)
    used = {candidate.prompt for candidate in file.candidates}
    prompts = {name: messages for name, messages in file.prompts.items() if name in used or not used}
    if first is None:
        return None
    key, context = first
    for messages in filter(None, prompts.values()):
        try:
            compile_messages(messages).render(context)
        except TemplateProblem as problem:
            return Problem(1, "prompt", f"item {key}: {problem}")
    return None


def _first_item(file: ExperimentFile, project: Project) -> tuple[str, Mapping[str, Any]] | None:
    """Return the key and the context of the first item that is taken; None: there is none, or it is not known."""
    part = file.dataset
    if part.rows is not None:
        row = next(iter(chosen_rows(part.rows, part.selection)), None)
        return (row.key, item_context(row.input, row.metadata, row.tags, row.key, file.variables)) if row else None
    versions = DatasetVersion.objects.filter(dataset__project=project, dataset__name=part.name)
    version = versions.filter(number=part.number).first() if part.number else versions.first()
    item = version.items.first() if version else None
    return (item.key, item_context(item.input, item.metadata, item.tags, item.key, file.variables)) if item else None
