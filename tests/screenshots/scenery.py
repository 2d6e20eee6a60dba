"""What the pictures show beside the demo: a project with runs in every state, long names, drafts, members, edits."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from evalsite.demo.presenting import FILE
from evalsite.preparation import someone_to_sign_in
from experiments.actions import (
    create_project,
    declare_experiment,
    edit_item,
    freeze_dataset,
    invite,
    issue_token,
    project_named,
    remove_item,
    save_prompt,
    set_monthly_budget,
    start_bulk_edit,
    upload_file,
)
from experiments.actions.drafts import create_draft
from experiments.declarations import ScorerDeclaration
from experiments.files.experiment_file import read_text
from experiments.models import (
    BulkEdit,
    BulkKind,
    DataImport,
    Dataset,
    Experiment,
    ExperimentDraft,
    Item,
    Membership,
    Project,
    Role,
)
from runs.actions import start_experiment
from runs.models import Run, RunStatus
from scoring.changing.proposing import change_scorer
from scoring.models import ScorerProposal
from tests.boards import experiment_in, result_of, run_of
from tests.waiting import wait_until

LONG = "a-candidate-whose-name-goes-on-because-it-holds-prompt-model-temperature-and-all-else-7b-instruct-v0.3"
SUPPORT = """\
version: 1
experiment: '%s'
description: Does the shorter prompt answer as well?
project: Support
dataset:
  {name: questions, file: ../../runs/simulator/knowledge.jsonl, key: key, input: question, expected: answer}
providers:
  slow:
    kind: simulator
    max_in_flight: 1
    timeout_s: 2
    prices: {sim-large: {input: 2.5, output: 10}, sim-small: {input: 0.1, output: 0.4}}
  quick: {kind: simulator, prices: {sim-large: {input: 2.5, output: 10}, sim-small: {input: 0.1, output: 0.4}}}
  gone: {kind: openai, base_url: "http://127.0.0.1:9/v1", max_in_flight: 2, prices: {any: {input: 0, output: 0}}}
prompts: {answer: '{{ input }} - End with a line "A: <answer>".'}
candidates: [%s]
scorers: [{kind: exact_match, name: correct, extract: '^A: ?(.*)$', ignore_case: true}]
trials: %d
"""
SLOW = ", ".join(f"{{name: {size}, provider: slow, model: sim-{size}, prompt: answer}}" for size in ("large", "small"))
GONE = "{name: nobody-answers, provider: gone, model: any, prompt: answer}"
FIELDS = {
    "name": "capitals",
    "rows": "question,expected\nCapital of Peru?,Lima\nCapital of France?,Paris\n",
    "messages": [{"role": "user", "content": "In one word: {{ qestion }}"}],
    "candidates": [{"provider": "slow", "model": "sim-large"}, {"provider": "nowhere", "model": ""}],
    "scorers": [{"kind": "exact_match", "name": "correct"}],
}
FITTING = FIELDS | {
    "name": "capitals, tried",
    "messages": [{"role": "user", "content": "In one word: {{ question }}"}],
    "candidates": [{"provider": "quick", "model": "sim-large"}, {"provider": "quick", "model": "sim-small"}],
}
SHORTER = '{{ input }} - Answer in one word: "A: <answer>".'
BAD_ROWS = b"question,expected,topic\nCapital of Peru?,Lima,places\n,Paris,places\nCapital of Italy?,Rome\n"


@dataclass(frozen=True, slots=True)
class Scenery:
    """What there is to take pictures of."""

    admin: Any
    """Signed in on most pictures: the administrator."""
    reader: Any
    """A viewer of the project Support."""
    newcomer: Any
    """Belongs to no project."""
    visitor: Any
    """Belongs to the demo's project alone."""
    demo: Experiment
    running: Experiment
    stuck: Experiment
    """Its run is paused with a reason."""
    broken: Experiment
    """Its runs failed or were cancelled."""
    huge: Experiment
    """Long names, foreign scripts, markup in outputs."""
    empty: Experiment
    """Nothing has run."""
    draft: ExperimentDraft
    """Some of its fields are wrong."""
    tried: ExperimentDraft
    """All of it fits."""
    bulk: BulkEdit
    """Some items were tagged at once."""
    data_import: DataImport
    """Uploaded, with bad rows, not started."""
    proposal: ScorerProposal
    """A changed scorer of the demo with its flips."""
    invitation: str
    """The token of an open invitation."""


def build() -> Scenery:
    """Make all of it, on the site that this process is connected to; its workers are at work."""
    admin = someone_to_sign_in()
    project = create_project(name="Support", by=admin)
    reader, newcomer, visitor = map(get_user_model().objects.create_user, ("reader", "newcomer", "visitor"))
    Membership.objects.create(project=project, user=reader, role=Role.VIEWER)
    set_monthly_budget(project=project, usd=20, by=admin)
    issue_token(name="nightly job", by=admin, days=30)
    demo = Experiment.objects.get(project__is_demo=True)
    Membership.objects.create(project=demo.project, user=visitor, role=Role.EDITOR)
    running, stuck = declared("answers, shorter", SLOW, trials=40), declared("unreachable", GONE)
    dataset = running.dataset_version.dataset  # type: ignore[union-attr]
    edit_dataset(dataset, admin)
    save_prompt(project=project, name="answers, shorter/answer", messages=SHORTER, by=admin, note="In one word")
    rows = Item.objects.filter(dataset=dataset, key__startswith="logic")
    wait_until(lambda: stuck.runs.filter(status=RunStatus.PAUSED).exists(), 120, "a paused run")
    file = SimpleUploadedFile("capitals.csv", BAD_ROWS)
    return Scenery(
        admin=admin,
        reader=reader,
        newcomer=newcomer,
        visitor=visitor,
        demo=demo,
        running=running,
        stuck=stuck,
        broken=broken_in(project),
        huge=huge_in(project),
        empty=experiment_in(project, name="not started yet"),
        tried=create_draft(project=project, by=admin, fields=FITTING),
        bulk=start_bulk_edit(dataset=dataset, kind=BulkKind.TAG, items=rows.in_draft(), by=admin, value="riddles"),
        draft=create_draft(project=project, by=admin, fields=FIELDS),
        data_import=upload_file(project=project, name="capitals", file=file, by=admin),
        proposal=proposed(demo),
        invitation=invite(project=project, role=Role.EDITOR, by=admin, note="for Noor")[1],
    )


def declared(name: str, candidates: str, *, trials: int = 1) -> Experiment:
    """Declare and start an experiment of the project Support."""
    text = SUPPORT % (name, candidates, trials)
    file = read_text(text, path="support.yaml", folder=FILE.parent, environ={})
    experiment = declare_experiment(file=file, project=project_named("Support"), by=None).experiment
    start_experiment(experiment=experiment, by=None)
    return experiment


def edit_dataset(dataset: Dataset, by: Any) -> None:
    """Freeze a second version and leave edits in the draft."""
    first, second, third, *_ = Item.objects.filter(dataset=dataset).in_draft().order_by("position")
    edit_item(item=first, seen_at=first.changed_at, changes={"input": f"{first.input} In one word."}, by=by)
    remove_item(item=second, seen_at=second.changed_at, by=by)
    freeze_dataset(dataset=dataset, by=by, note="One question less")
    edit_item(item=third, seen_at=third.changed_at, changes={"expected": "another", "split": "dev"}, by=by)


def broken_in(project: Project) -> Experiment:
    """Return an experiment of which one run failed and one was cancelled."""
    experiment = experiment_in(project, name="wrong key", items=6)
    run_of(experiment, status=RunStatus.FAILED, score=None, timeout_count=6)
    run_of(experiment, status=RunStatus.CANCELLED, score=None, ok_count=2)
    return experiment


def huge_in(project: Project) -> Experiment:
    """Return an experiment whose names and texts are as long and strange as they come."""
    name = f"مقارنة النماذج 模型比较 {LONG[:60]}"
    experiment = experiment_in(project, name=name, items=12, description=LONG * 3)
    for number in range(14):
        run = run_of(experiment, ok_count=12, score=0.4 + number / 30)
        Run.objects.filter(pk=run.pk).update(
            name=f"{LONG}-{number}", started_at=timezone.now() - timedelta(hours=number)
        )
        experiment.candidates.filter(pk=run.candidate_id).update(name=f"{LONG}-{number}")
        for ordinal in range(12 if number < 3 else 1):
            result_of(run, ordinal, value=float(ordinal % 3 != number % 3))
    return experiment


def proposed(demo: Experiment) -> ScorerProposal:
    """Return the proposal to compare whole answers: what was right is wrong."""
    options = {"ignore_case": True}
    declaration = ScorerDeclaration(name="correct", kind="exact_match", options=options, weight=3)
    proposal = change_scorer(experiment=demo, declaration=declaration, by=someone_to_sign_in())
    if not isinstance(proposal, ScorerProposal):
        raise AssertionError("no verdict of the demo can flip")
    return proposal
