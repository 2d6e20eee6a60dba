"""A project with so many rows of everything that the API shows, and the addresses of one object of each kind."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.utils import timezone

from evalsite.plugins import scorers
from experiments.models import BulkEdit, DataImport, DatasetVersion, Experiment, ItemEdit, Project
from runs.models import Result, Run
from runs.result_addresses import address_of
from tests.boards import experiment_in, result_of, run_of
from tests.factories import (
    AccessTokenFactory,
    DatasetFactory,
    DatasetVersionFactory,
    ExperimentDraftFactory,
    ExperimentFactory,
    InvitationFactory,
    ItemFactory,
    MembershipFactory,
    PromptVersionFactory,
    RunRatingFactory,
    ScoreFactory,
    ScorerProposalFactory,
    ScorerRevisionFactory,
    ScorerSpecFactory,
)

PARAMETER = re.compile(r"\(\?P<(\w+)>.*\)")
SLASH = re.compile(r"/(?![^(]*\))")

DOCUMENT = """\
experiment: drafted
dataset: {dataset}
providers: {{ {provider}: {{ use: {provider} }} }}
prompt: "{{{{ input }}}}"
candidates: [{{ provider: {provider}, model: small, name: small }}]
scorers: [{{ kind: contains, name: correct }}]
require: [{{ candidate: small, scorer: correct, at_least: 0.5 }}]
"""


@dataclass(frozen=True)
class World:
    """The objects that addresses and bodies name.

    `ids`: by the first word of an address, or by its first and last. `named`: other parameters, by the first word.
    """

    ids: dict[str, str]
    named: dict[str, dict[str, Any]]
    parameters: dict[str, Any]
    fields: dict[str, Any]

    def parameters_of(self, address: str) -> dict[str, Any]:
        """Return the values for the parameters of an address of the API, like `runs/{id}/pause/`."""
        words = address.strip("/").split("/")
        uid = self.ids.get(f"{words[0]}/{words[-1]}") or self.ids.get("/".join(words[:2])) or self.ids.get(words[0])
        return {**self.parameters, **self.named.get(words[0], {}), "id": uid}

    def address(self, pattern: str) -> str:
        """Return an address of a route's pattern, like `runs/(?P<id>[^/.]+)/pause`."""
        words = [PARAMETER.sub(lambda found: f"{{{found[1]}}}", word) for word in SLASH.split(pattern)]
        return "/".join(words).format(**self.parameters_of("/".join(words)))

    def fill(self, case: Any) -> None:
        """Put what there is into the address, the query and the body of a case of schemathesis."""
        known = self.parameters_of(case.path.removeprefix("/api/v1/"))
        for place in (case.path_parameters, case.query):
            place.update({name: known[name] for name in place if name in known})
        if isinstance(case.body, dict):
            case.body = {name: self.fields.get(name, value) for name, value in case.body.items()}


def world_of(project: Project, person: Any, *, rows: int = 1) -> World:
    """Return a new world with so many rows in every list."""
    experiment = experiment_in(project, items=rows)
    version = experiment.dataset_version
    runs = [_run_in(experiment, rows) for _ in range(rows)]
    tokens = AccessTokenFactory.create_batch(rows, user=person)
    invitations = InvitationFactory.create_batch(rows, project=project)
    members = MembershipFactory.create_batch(rows, project=project)
    provider = runs[0].provider.name
    document = DOCUMENT.format(dataset=version.dataset, provider=provider)
    drafts = ExperimentDraftFactory.create_batch(rows, project=project, saved_by=person, document=document)
    imports = [_import_into(project, version) for _ in range(rows)]
    bulk_edits = [_edits_of(version.dataset, person) for _ in range(rows)]
    prompt = _prompts(project, rows)
    _around(project, version.dataset, rows)
    proposals = [_proposal_of(experiment) for _ in range(rows)]
    score = _judged_by_people(experiment, runs[0], person, rows)
    ids = {
        "projects": project,
        "datasets": version.dataset,
        "versions": version,
        "experiments": experiment,
        "runs": runs[0],
        "providers": runs[0].provider,
        "prompts": prompt,
        "members": members[0],
        "invitations": invitations[0],
        "tokens": tokens[0],
        "imports": imports[0],
        "bulk-edits": bulk_edits[0],
        "scorer-proposals": proposals[0],
        "experiment-drafts": drafts[0],
        "scores": score,
        "runs/leaderboard": experiment,
        "runs/pause": run_of(experiment, status="running", score=None),
        "runs/cancel": run_of(experiment, status="running", score=None),
        "runs/resume": run_of(experiment, status="paused", score=None),
        "runs/retry": _failing_in(experiment),
    }
    return World(
        ids={kind: str(row.uid) for kind, row in ids.items()} | {"results": address_of(runs[0], 0)},
        named={"datasets": {"name": version.dataset.name}, "projects": {"name": project.name}},
        parameters={
            "key": "item-0",
            "name": "correct",
            "candidate": runs[0].name,
            "kind": "contains",
            "with": str(version.uid),
            "a": str(runs[0].uid),
            "b": str(runs[-1].uid),
            "experiment_id": str(experiment.uid),
            "project_id": str(project.uid),
        },
        fields={
            "experiment_id": str(experiment.uid),
            "project": str(project.uid),
            "dataset_version": str(version.uid),
            "provider": provider,
            "scorer_name": "helpful",
            "candidate": runs[0].name,
            "copy_of": runs[0].name,
            "kind": "contains",
            "document": document,
            "baseline": runs[0].name,
            "base_url": "http://127.0.0.1:9/v1",
        },
    )


def _run_in(experiment: Experiment, rows: int) -> Run:
    """Return a completed run with so many results, each with the verdict of code."""
    run: Run = run_of(experiment)
    for ordinal in range(rows):
        result_of(run, ordinal)
    return run


def _failing_in(experiment: Experiment) -> Run:
    """Return a completed run whose only result is an error."""
    run: Run = run_of(experiment, score=None, timeout_count=1)
    result_of(run, value=None, outcome="timeout")
    return run


def _import_into(project: Project, version: DatasetVersion) -> DataImport:
    made: DataImport = DataImport.objects.create(
        project=project,
        dataset_name=version.dataset.name,
        file_name="items.csv",
        file_bytes=1,
        file_format="csv",
        status="completed",
        ended_at=timezone.now(),
        version=version,
    )
    return made


def _edits_of(dataset: Any, person: Any) -> BulkEdit:
    """Make an edit of one item, and one of many, which is returned."""
    single = {"key": "item-0", "draft_number": 2, "after": {"split": "test"}, "position": 1}
    ItemEdit.objects.create(dataset=dataset, changed_by=person, changed_at=timezone.now(), **single)
    values = {"kind": "tag", "value": "new", "status": "completed", "ended_at": timezone.now(), "created_by": person}
    made: BulkEdit = BulkEdit.objects.create(dataset=dataset, **values)
    return made


def _prompts(project: Project, rows: int) -> Any:
    first = PromptVersionFactory(prompt__project=project).prompt
    for number in range(2, rows + 1):
        PromptVersionFactory(prompt=first, number=number)
        PromptVersionFactory(prompt__project=project)
    return first


def _around(project: Project, dataset: Any, rows: int) -> None:
    """Make the other rows of the lists: datasets, experiments, versions of the dataset, items of its draft."""
    for number in range(2, rows + 1):
        DatasetFactory(project=project)
        ExperimentFactory(project=project, dataset_version=DatasetVersionFactory(dataset__project=project))
        DatasetVersionFactory(dataset=dataset, number=number)
    dataset.draft_number = rows + 1
    dataset.save()
    for number in range(rows):
        ItemFactory(dataset=dataset, key=f"new-{number}", since=rows + 1)


def _proposal_of(experiment: Experiment) -> Any:
    options = scorers.get("contains").Options.parse({"value": ["a"]})
    revision = ScorerRevisionFactory(scorer=ScorerSpecFactory(experiment=experiment), options=options)
    return ScorerProposalFactory(revision=revision)


def _judged_by_people(experiment: Experiment, run: Run, person: Any, rows: int) -> Any:
    """Make values that people gave to the run and its results; return one of them."""
    scorer = ScorerSpecFactory(experiment=experiment, name="helpful", kind="person")
    ScorerRevisionFactory(scorer=scorer, options={"scale": [0.0, 1.0]})
    ScorerRevisionFactory(scorer=experiment.scorers.get(name="correct"), options={"value": ["Paris"]})
    for result in Result.objects.of_run(run):
        ScoreFactory(result=result, scorer=scorer, author=person.pk, uid=uuid4(), value=0.5)
    return RunRatingFactory.create_batch(rows, run=run, scorer=scorer)[0]
