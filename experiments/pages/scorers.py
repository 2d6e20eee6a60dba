"""The pages of an experiment's scorers: the list on its Settings, one scorer with its history, a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from evalsite.plugins import scorers
from experiments.actions import ActionRefused
from experiments.files.writing import as_yaml, told_options
from experiments.models import Experiment, Item, ScorerRevision, ScorerSpec
from experiments.pages.prompt_editor import KEYS_SHOWN, chosen_item
from experiments.pages.scorer_form import PREFIX, ScorerFields, kind_choices
from experiments.rows.new_items import text_of
from runs.live.streams import are_workers_gone
from scoring.changing.proposing import EXAMPLES
from scoring.judging.trying import question_of, try_scorer
from scoring.models import Score, ScorerProposal
from scoring.scorers.base import Verdict


@dataclass(frozen=True)
class ScorerRow:
    """One scorer of the list."""

    spec: ScorerSpec
    label: str
    options: str
    """Its options as they would stand in a file, without those that are as by default; "": none."""


@dataclass(frozen=True)
class ScorersPart:
    """The scorers of an experiment."""

    rows: list[ScorerRow]
    proposals: list[ScorerProposal]
    """Proposals that nobody has kept or discarded yet."""

    @classmethod
    def build(cls, experiment: Experiment) -> "ScorersPart":
        """Return those in force, with what could be added."""
        specs = list(experiment.scorers.filter(removed_at=None))
        in_force = {
            revision.scorer_id: revision.options
            for revision in ScorerRevision.objects.filter(scorer__in=specs).select_related("scorer")
            if revision.number == revision.scorer.revision
        }
        open_ones = ScorerProposal.objects.filter(revision__scorer__experiment=experiment)
        proposals = list(open_ones.select_related("revision__scorer", "created_by"))
        rows = [
            ScorerRow(spec, scorers.get(spec.kind).label, _told(spec.kind, in_force.get(spec.pk, {}))) for spec in specs
        ]
        return cls(rows, proposals)


@dataclass(frozen=True)
class FormerOptions:
    """What a scorer was under one revision."""

    revision: ScorerRevision
    options: str
    is_in_force: bool


@dataclass(frozen=True)
class ScorerPage:
    """One scorer, or a new one, with its form."""

    experiment: Experiment
    spec: ScorerSpec | None
    fields: ScorerFields
    kinds: list[tuple[str, str]]
    history: list[FormerOptions]
    keys: list[str]
    """Keys of the first items, to try it on."""
    rating_count: int = 0
    """Ratings that people gave under the options in force; they stay and do not count under others."""

    @classmethod
    def build(cls, experiment: Experiment, spec: ScorerSpec | None, fields: ScorerFields) -> "ScorerPage":
        """Return the page."""
        version = experiment.dataset_version
        keys = list(version.items.values_list("key", flat=True)[:KEYS_SHOWN]) if version else []
        ratings = 0
        if spec is not None and not fields.is_tried:
            ratings = sum(
                Score.objects.of_run(run).by_people().filter(scorer=spec.pk, revision=spec.revision).count()
                for run in experiment.runs.all()
            )
        return cls(experiment, spec, fields, kind_choices(), _history(spec), keys, ratings)


@dataclass(frozen=True)
class TriedPart:
    """What the scorer of a form says of an answer."""

    problem: str = ""
    """Why it cannot say; "": it does."""
    verdict: Verdict | None = None
    item: Item | None = None
    wanted_key: str = ""

    @classmethod
    def build(cls, experiment: Experiment, kind: str, post: QueryDict) -> "TriedPart":
        """Return the verdict on the answer of a form; nothing is stored."""
        version, key = experiment.dataset_version, post.get("item", "")
        item = chosen_item(version, key) if version else None
        options = scorers.get(kind).Options.from_page(post, f"{PREFIX}-")
        text = post.get("answer", "").replace("\r\n", "\n")
        try:
            verdict = try_scorer(kind=kind, options=options, question=question_of(item), text=text)
        except ActionRefused as refusal:
            return cls(problem=str(refusal))
        return cls(verdict=verdict, item=item, wanted_key=key)


@dataclass(frozen=True)
class ProposalPart:
    """A proposal with how far its judging is, and its flips."""

    proposal: ScorerProposal
    is_worker_missing: bool

    @classmethod
    def build(cls, proposal: ScorerProposal) -> "ProposalPart":
        """Return it as of this moment."""
        return cls(proposal, not proposal.is_done and are_workers_gone())

    @property
    def unclear_count(self) -> int:
        """Flips of which one side has no value."""
        return self.proposal.flip_count - self.proposal.better_count - self.proposal.worse_count

    @property
    def more_count(self) -> int:
        """Flips beyond those that are shown."""
        return max(0, self.proposal.flip_count - EXAMPLES)

    @cached_property
    def flips(self) -> list[dict[str, Any]]:
        """The first flips, each with its address and what is expected of its item."""
        version = self.proposal.scorer.experiment.dataset_version
        keys = {flip["key"] for flip in self.proposal.examples}
        items = version.items.filter(key__in=keys).values_list("key", "expected") if version else ()
        expected = {key: _accepted(value) for key, value in items}
        return [
            {
                **flip,
                "url": f"{reverse('runs:run-detail', args=[flip['run']])}?result={flip['ordinal']}",
                "expected": expected.get(flip["key"], ""),
            }
            for flip in self.proposal.examples
        ]

    @property
    def is_share(self) -> bool:
        """Whether its range is 0 to 1, shown of 100."""
        return (self.proposal.values["range_low"], self.proposal.values["range_high"]) == (0.0, 1.0)

    @property
    def options(self) -> str:
        """What is proposed, as it would stand in a file."""
        return _told(self.proposal.values["kind"], self.proposal.revision.options)


def _accepted(expected: Any) -> str:
    return " or ".join(map(text_of, expected)) if isinstance(expected, list) else text_of(expected)


def _history(spec: ScorerSpec | None) -> list[FormerOptions]:
    """Return what the scorer was, the newest first; drafts are none of it."""
    if spec is None:
        return []
    revisions = {revision.number: revision for revision in spec.revisions.select_related("created_by")}
    found, number = [], spec.revision
    while revision := revisions.pop(number, None):
        found.append(FormerOptions(revision, _told(spec.kind, revision.options), number == spec.revision))
        number = revision.replaces or 0
    return found


def _told(kind: str, options: Mapping[str, Any]) -> str:
    told = told_options(kind, options)
    return as_yaml(told).strip() if told else ""
