"""The pages about prompts: the list, the newest text with a preview, the versions with their differences, the uses."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from experiments.chosen_projects import ChosenProjects, projects_for_new
from experiments.models import Candidate, DatasetVersion, Experiment, Project, Prompt, PromptVersion
from experiments.models.projects import Person
from experiments.pages.endings import ArchivedChoice
from experiments.pages.head import Tab
from experiments.pages.prompt_editor import ItemPreview, PromptEditor
from experiments.permissions import may
from experiments.rows.new_items import text_of
from experiments.templating import TemplateProblem, compile_messages
from scoring.grid.text_pieces import Piece, difference_of_texts

VERSIONS_SHOWN = 500
USES_SHOWN = 500


@dataclass(frozen=True)
class PromptListPage:
    """The prompts of a person's projects, each with its newest version and how many experiments use it."""

    rows: list[Prompt]
    can_add: bool
    archived: ArchivedChoice

    @classmethod
    def build(cls, request: HttpRequest) -> "PromptListPage":
        """Return those of the chosen projects by project and name."""
        user = request.user
        mine = Prompt.objects.visible_to(user).filter(project__in=ChosenProjects.of(user, request.COOKIES).ids)
        archived = ArchivedChoice.of(request, mine)
        newest = PromptVersion.objects.filter(prompt=OuterRef("pk")).order_by("-number")
        used = Candidate.objects.filter(prompt_version__prompt=OuterRef("pk"), removed_at=None).order_by()
        counted = used.values("prompt_version__prompt").annotate(uses=Count("experiment", distinct=True))
        annotated = archived.chosen(mine).select_related("project")
        annotated = annotated.annotate(
            number=Subquery(newest.values("number")[:1]),
            note=Subquery(newest.values("note")[:1]),
            changed_at=Subquery(newest.values("created_at")[:1]),
            changed_by=Subquery(newest.values("created_by__username")[:1]),
            use_count=Subquery(counted.values("uses")),
        )
        return cls(
            list(annotated.order_by("project__name", "name")),
            projects_for_new(user, "edit_prompt", {}).exists(),
            archived,
        )


@dataclass(frozen=True)
class PromptHead:
    """What the tabs of a prompt share."""

    prompt: Prompt
    newest: PromptVersion
    tabs: list[Tab]
    can_edit: bool

    @classmethod
    def build(cls, uid: object, user: Person, current: str) -> "PromptHead":
        """Return the head of one tab. Raises Http404 for strangers, and for a prompt without any text."""
        prompt = get_object_or_404(Prompt.objects.visible_to(user).select_related("project"), uid=uid)
        newest = get_object_or_404(prompt.versions.select_related("created_by")[:1])
        names = {
            "Text": "prompt-detail",
            "Versions": "prompt-versions",
            "Experiments": "prompt-uses",
            "Settings": "prompt-settings",
        }
        tabs = [
            Tab(label, reverse(f"experiments:{name}", args=[prompt.uid]), label == current)
            for label, name in names.items()
        ]
        return cls(prompt, newest, tabs, may(user, prompt.project, "edit_prompt"))


@dataclass(frozen=True)
class Variable:
    """A name that a prompt reads, and the messages that do."""

    name: str
    messages: list[int]
    """Their numbers, from 1."""


@dataclass(frozen=True)
class PromptTextPage:
    """A prompt in an editor, with a chosen item of a chosen dataset."""

    editor: PromptEditor
    variables: list[Variable]
    datasets: list[DatasetVersion]
    """The newest versions that the prompt may be shown with."""
    chosen: DatasetVersion | None
    item: ItemPreview
    note: str = ""

    @classmethod
    def build(cls, request: HttpRequest, project: Project, prompt: Prompt | None = None) -> "PromptTextPage":
        """Return the page with what was typed, else with the newest text."""
        given = request.POST if request.method == "POST" else request.GET
        is_typed = request.method == "POST"
        newest = prompt.versions.first() if prompt is not None else None
        editor = PromptEditor.typed(request.POST) if is_typed else PromptEditor(newest.messages if newest else [])
        datasets = _datasets(project)
        chosen = next((one for one in datasets if str(one.uid) == given.get("dataset")), None) or _usual(
            datasets, prompt
        )
        item = ItemPreview.build(editor.messages, chosen, given.get("item", ""), _constants(prompt))
        return cls(editor, _variables(editor.messages), datasets, chosen, item, given.get("note", ""))

    def refused(self, sentence: str) -> "PromptTextPage":
        """Return the page with what does not fit."""
        return replace(self, editor=replace(self.editor, problem=sentence))


@dataclass(frozen=True)
class PromptVersionsPage:
    """The versions, and the difference of two."""

    versions: list[PromptVersion]
    older: PromptVersion | None
    newer: PromptVersion | None
    before: list[Piece]
    after: list[Piece]

    @classmethod
    def build(cls, head: PromptHead, request: HttpRequest) -> "PromptVersionsPage":
        """Return the page; the query's `a` and `b` name the two, else the newest and the one before it are shown."""
        versions = list(head.prompt.versions.select_related("created_by")[:VERSIONS_SHOWN])
        numbers = {str(version.number): version for version in versions}
        newer = numbers.get(request.GET.get("b", ""), versions[0])
        older = numbers.get(request.GET.get("a", "")) or next(
            (version for version in versions if version.number < newer.number), None
        )
        if older is None:
            return cls(versions, None, None, [], [])
        before, after = difference_of_texts(as_text(older.messages), as_text(newer.messages))
        return cls(versions, older, newer, before, after)


def uses_of(head: PromptHead, user: Person) -> list[Candidate]:
    """Return the candidates that have any version of a prompt, the newest experiments first."""
    experiments = Experiment.objects.visible_to(user)
    used = Candidate.objects.filter(prompt_version__prompt=head.prompt, experiment__in=experiments)
    related = used.select_related("experiment", "prompt_version", "provider")
    return list(related.order_by("-experiment_id", "position", "pk")[:USES_SHOWN])


def as_text(messages: list[dict[str, Any]]) -> str:
    """Return messages as one text, each under its role."""
    return "\n\n".join(f"{message['role']}:\n{text_of(message['content'])}" for message in messages)


def _variables(messages: list[dict[str, Any]]) -> list[Variable]:
    found: dict[str, list[int]] = {}
    for number, message in enumerate(messages, start=1):
        try:
            names = compile_messages([message]).variables
        except TemplateProblem:
            continue
        for name in names:
            found.setdefault(name, []).append(number)
    return [Variable(name, numbers) for name, numbers in sorted(found.items())]


def _datasets(project: Project) -> list[DatasetVersion]:
    newest = DatasetVersion.objects.filter(dataset=OuterRef("dataset")).order_by("-number").values("pk")[:1]
    listed = Q(dataset__project=project, dataset__is_hidden=False, dataset__archived_at=None)
    versions = DatasetVersion.objects.filter(listed, pk=Subquery(newest)).select_related("dataset")
    return list(versions.order_by("dataset__name"))


def _usual(datasets: list[DatasetVersion], prompt: Prompt | None) -> DatasetVersion | None:
    """Return the dataset of the experiment that used the prompt last, else the first one."""
    last = _last_experiment(prompt)
    mine = [
        one for one in datasets if last and last.dataset_version and one.dataset_id == last.dataset_version.dataset_id
    ]
    return next(iter([*mine, *datasets]), None)


def _constants(prompt: Prompt | None) -> dict[str, Any]:
    last = _last_experiment(prompt)
    return dict(last.variables) if last else {}


def _last_experiment(prompt: Prompt | None) -> Experiment | None:
    if prompt is None:
        return None
    used = Experiment.objects.filter(candidates__prompt_version__prompt=prompt).select_related("dataset_version")
    last: Experiment | None = used.order_by("-pk").first()
    return last
