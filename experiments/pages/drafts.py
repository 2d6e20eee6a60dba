"""New experiment: the drafts, one draft with its fields, what it comes to, what was tried of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from experiments.actions import ActionRefused
from experiments.chosen_projects import projects_for_new
from experiments.files.document_nodes import Problem
from experiments.files.draft_form import read_options
from experiments.files.experiment_file import ExperimentFile, FileProblems
from experiments.files.fields import REQUIRED
from experiments.models import Dataset, DatasetVersion, ExperimentDraft, Item, Project, Provider
from experiments.models.projects import Person
from experiments.pages.prompt_editor import KEYS_SHOWN, ItemPreview, PromptEditor
from experiments.pages.providers import known_models
from experiments.pages.scorer_form import kind_choices
from experiments.permissions import may
from experiments.rows.new_items import NewItem
from experiments.templating import item_context
from experiments.templating.preview import PromptPreview
from experiments.wording import counted
from runs.actions.draft_problems import misfit_of, problems_of
from runs.actions.drafting import declared
from scoring.judging.trying import question_of, try_scorer
from scoring.scorers.base import Question, Verdict

TEXTS = ("name", "description", "version", "rows", "trials", "limit")
MISSING = {
    "experiment": "Give it a name.",
    "dataset": "Choose a dataset, or paste rows.",
    "prompt": "Write the prompt.",
    "candidates": "Type the model of at least one candidate.",
    "scorers": "Type a name for at least one scorer: it gives its score a column.",
}
MODEL_OF = re.compile(r"candidates\[(\d+)\]\.model")
CANDIDATE, SCORER = ("name", "provider", "model", "params"), ("kind", "name", "options", "weight")


def typed_fields(post: QueryDict) -> dict[str, Any]:
    """Return what was typed, as a draft keeps it: without empty rows. Browsers send CR LF; what is kept has LF."""
    clean = {name: _typed(post, name) for name in TEXTS}
    return {
        **clean,
        "messages": PromptEditor.typed(post).messages,
        "candidates": _begun(post, "candidate", _rows(post, "candidate", CANDIDATE), "provider"),
        "scorers": _begun(post, "scorer", typed_scorers(post), "kind"),
    }


def typed_scorers(post: QueryDict) -> list[dict[str, str]]:
    """Return the rows of the scorers as they stand in a form, empty ones too."""
    return _rows(post, "scorer", SCORER)


def _begun(post: QueryDict, part: str, rows: list[dict[str, str]], chosen: str) -> list[dict[str, str]]:
    """Return the rows in which anything is written, or another choice is made than the one that the form came with."""
    offered = post.getlist(f"{part}-offered") or [row[chosen] for row in rows]
    return [row for row, preset in zip(rows, offered, strict=False) if _is_begun(row, chosen, preset)]


def _is_begun(row: Mapping[str, str], chosen: str, preset: str) -> bool:
    return row[chosen] != preset or any(value.strip() for name, value in row.items() if name != chosen)


def _typed(post: QueryDict, name: str) -> str:
    return post.get(name, "").replace("\r\n", "\n")


def _rows(post: QueryDict, part: str, names: Sequence[str]) -> list[dict[str, str]]:
    columns = [[value.replace("\r\n", "\n") for value in post.getlist(f"{part}-{name}")] for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=False)]


@dataclass(frozen=True)
class DraftState:
    """What a draft comes to as it is saved: what is wrong, or what starting it would do."""

    draft: ExperimentDraft
    problems: list[str] = field(default_factory=list)
    plan: str = ""
    """How many calls at most; "": something is wrong."""

    @classmethod
    def build(cls, draft: ExperimentDraft) -> "DraftState":
        """Return it; a draft is read as its document would be."""
        try:
            with declared(draft) as file:
                plan, misfit = _plan(draft, file), misfit_of(file, draft.project)
                return cls(draft, [_told(draft, misfit)] if misfit else [], "" if misfit else plan)
        except FileProblems as wrong:
            return cls(draft, [_told(draft, one) for one in problems_of(wrong, draft.project)][:20])
        except ActionRefused as refusal:
            return cls(draft, [str(refusal)])


def _told(draft: ExperimentDraft, problem: Problem) -> str:
    """Return what is wrong as the form says it: what is missing in the words of its fields."""
    if not draft.is_document and problem.sentence.startswith(REQUIRED):
        if problem.where in MISSING:
            return MISSING[problem.where]
        if nameless := MODEL_OF.fullmatch(problem.where):
            return f"Candidate {int(nameless[1]) + 1}: type its model."
    return f"{problem.where}: {problem.sentence}" if problem.where else problem.sentence


def _plan(draft: ExperimentDraft, file: ExperimentFile) -> str:
    """Return how many calls starting it makes, and their price where trying has shown it."""
    items = _item_count(draft.project, file)
    calls = items * file.trials * len(file.candidates)
    parts = [counted(items, "item"), counted(file.trials, "trial"), counted(len(file.candidates), "candidate")]
    return f"{' × '.join(parts)}: {counted(calls, 'call')} at most; equal requests are reused."


def _item_count(project: Project, file: ExperimentFile) -> int:
    part = file.dataset
    if part.rows is not None:
        count = len(part.rows)
    else:
        versions = DatasetVersion.objects.filter(dataset__project=project, dataset__name=part.name)
        version = versions.filter(number=part.number).first() if part.number else versions.first()
        if version is None:
            raise ActionRefused("dataset", f'there is no dataset "{part.name}" in {project}')
        count = version.item_count
    return min(count, part.item_limit or count)


@dataclass(frozen=True)
class NewExperimentPage:
    """Where an experiment begins: drafts that are open, and the ways to make one."""

    drafts: list[ExperimentDraft]
    projects: list[Project]
    problem: str = ""
    document: str = ""

    @classmethod
    def build(cls, request: HttpRequest, problem: str = "", document: str = "") -> "NewExperimentPage":
        """Return the page of a person."""
        user = request.user
        projects = list(projects_for_new(user, "edit_experiment", request.COOKIES))
        drafts = ExperimentDraft.objects.visible_to(user).select_related("project", "saved_by")
        return cls(list(drafts[:50]), projects, problem, document)


@dataclass(frozen=True)
class DraftPage:
    """One draft with its fields."""

    draft: ExperimentDraft
    state: DraftState
    editor: PromptEditor
    item: ItemPreview
    versions: list[DatasetVersion]
    providers: list[Provider]
    models: list[str]
    kinds: list[tuple[str, str]]
    can_edit: bool
    window: str = field(default_factory=lambda: str(uuid4()))
    """Tells this page from others that hold the same draft."""

    @classmethod
    def build(cls, draft: ExperimentDraft, user: Person) -> "DraftPage":
        """Return the page."""
        project = draft.project
        providers = list(Provider.objects.filter(project=project).offered().order_by("name"))
        datasets = Dataset.objects.filter(project=project).listed().offered()
        versions = DatasetVersion.objects.filter(dataset__in=datasets)
        return cls(
            draft,
            DraftState.build(draft),
            PromptEditor(draft.fields.get("messages", [])),
            preview_in(draft, ""),
            list(versions.select_related("dataset").order_by("dataset__name", "-number")[:200]),
            providers,
            known_models(providers),
            kind_choices(),
            may(user, project, "edit_experiment"),
        )

    @property
    def provider_names(self) -> list[str]:
        """The names that may be chosen; a draft may still name another, that was renamed or archived since."""
        return [provider.name for provider in self.providers]

    @property
    def candidates(self) -> list[Mapping[str, str]]:
        """The candidates that were typed, and an empty one for the next."""
        return [*self.draft.fields.get("candidates", []), {}]

    @property
    def scorers(self) -> list[Mapping[str, str]]:
        """The scorers that were typed, and an empty one for the next."""
        return [*self.draft.fields.get("scorers", []), {}]

    @property
    def versions_named(self) -> list[tuple[str, str]]:
        """Name@number of each version, with how many items it has."""
        return [(str(one), f"{one} ({counted(one.item_count, 'item')})") for one in self.versions]

    @property
    def lost_version(self) -> str:
        """The version that the draft names though it is offered no more; "": there is none such."""
        chosen: str = self.draft.fields.get("version", "")
        return "" if chosen in map(str, self.versions) else chosen


def preview_in(draft: ExperimentDraft, key: str) -> ItemPreview:
    """Return the prompt of a draft as an item would get it: one of the version that is named, or of the rows."""
    messages = draft.fields.get("messages", [])
    version = _version(draft)
    if version is not None:
        return ItemPreview.build(messages, version, key, {})
    rows = _pasted(draft)
    item = next((row for row in rows if row.key == key), None) if key else next(iter(rows), None)
    keys = [row.key for row in rows[:KEYS_SHOWN]]
    if item is None:
        return ItemPreview(key, keys, PromptPreview(), is_found=not key)
    context = item_context(item.input, item.metadata, item.tags, item.key, {})
    return ItemPreview.of(messages, item.key, keys, context)


def _version(draft: ExperimentDraft) -> DatasetVersion | None:
    name, _, number = str(draft.fields.get("version", "")).rpartition("@")
    if draft.fields.get("rows") or not number.isdecimal() or len(number) > 9:
        return None
    versions = DatasetVersion.objects.filter(dataset__project=draft.project, dataset__name=name)
    found: DatasetVersion | None = versions.filter(number=int(number)).first()
    return found


def _pasted(draft: ExperimentDraft) -> Sequence[NewItem]:
    """Return the rows that were pasted; while something else is wrong with the draft too."""
    rows_only = ExperimentDraft(project=draft.project, fields=STUB | {"rows": draft.fields.get("rows", "")})
    try:
        with declared(rows_only) as file:
            return file.dataset.rows or ()
    except (FileProblems, ActionRefused):
        return ()


STUB: dict[str, Any] = {
    "name": "rows",
    "messages": [{"role": "user", "content": "-"}],
    "candidates": [{"provider": "any", "model": "any"}],
    "scorers": [{"kind": "contains", "name": "any"}],
}
"""What makes a whole document of pasted rows, so that one reader reads them everywhere."""


@dataclass(frozen=True)
class TriedScorer:
    """What one scorer of a draft says of an answer."""

    problem: str = ""
    verdict: Verdict | None = None
    item: Item | NewItem | None = None
    wanted_key: str = ""

    @classmethod
    def build(cls, draft: ExperimentDraft, number: int, answer: str, key: str) -> "TriedScorer":
        """Return the verdict of the scorer at this place of the form, from 0; nothing is stored."""
        scorers = draft.fields.get("scorers", [])
        if number >= len(scorers):
            return cls(problem="Choose a kind first.")
        version, item = _version(draft), None
        if version is not None:
            item = version.items.filter(key=key).first() if key else version.items.first()
        else:
            rows = _pasted(draft)
            item = next((row for row in rows if key in ("", row.key)), None)
        try:
            options = read_options(scorers[number].get("options", ""), number + 1)
            kind = scorers[number].get("kind", "")
            verdict = try_scorer(kind=kind, options=options, question=_question(item), text=answer)
        except ActionRefused as refusal:
            return cls(problem=str(refusal))
        return cls(verdict=verdict, item=item, wanted_key=key)


def _question(item: Item | NewItem | None) -> Question:
    if isinstance(item, NewItem):
        return Question(item.key, item.input, item.expected, item.metadata, tuple(item.tags))
    return question_of(item)


def project_of(request: HttpRequest, page: NewExperimentPage) -> Project | None:
    """Return the project that a form names among those that the person may edit; the only one without a name."""
    wanted = request.POST.get("project", "")
    chosen = [one for one in page.projects if str(one.uid) == wanted] or (page.projects if not wanted else [])
    return chosen[0] if chosen else None


def address_of_draft(draft: ExperimentDraft) -> str:
    """Return where a draft is written."""
    return reverse("experiments:draft-detail", args=[draft.uid])
