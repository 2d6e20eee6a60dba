"""Rows for tests: one factory a model, each of which makes a valid row with as little around it as can be."""

import hashlib
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import factory
from django.contrib.auth import get_user_model
from django.utils import timezone
from factory import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from experiments.configs import config_of, hash_of
from experiments.models import (
    AccessToken,
    BulkChunk,
    BulkEdit,
    BulkKind,
    Candidate,
    CaseChunk,
    CaseList,
    Dataset,
    DatasetVersion,
    Experiment,
    ExperimentDraft,
    IdempotencyKey,
    Invitation,
    Item,
    ItemEdit,
    Membership,
    Project,
    Prompt,
    PromptVersion,
    Provider,
    Role,
    ScorerRevision,
    ScorerSpec,
    SignInLink,
    TableView,
)
from experiments.models.datasets import POSITION_GAP
from runs.models import (
    FailedAttempt,
    Lane,
    Preparation,
    ProviderPace,
    ProviderShare,
    ProviderSpending,
    Purse,
    PurseHold,
    Result,
    Run,
    Transcript,
    WorkUnit,
)
from runs.models.results import result_id_of
from scoring.models import CODE, RunRating, RunScore, RunStanding, Score, ScorerProposal, Showing


def digest(number: int) -> str:
    """Return 64 hexadecimal digits that no other number has."""
    return hashlib.sha256(str(number).encode()).hexdigest()


class UserFactory(DjangoModelFactory[Any]):
    """A person who may sign in."""

    class Meta:
        model = get_user_model()

    username = Sequence("person-{}".format)


class ProjectFactory(DjangoModelFactory[Project]):
    """A project without members."""

    class Meta:
        model = Project

    name = Sequence("project-{}".format)


class MembershipFactory(DjangoModelFactory[Membership]):
    """A viewer of a project."""

    class Meta:
        model = Membership

    project = SubFactory(ProjectFactory)
    user = SubFactory(UserFactory)
    role = Role.VIEWER


class TableViewFactory(DjangoModelFactory[TableView]):
    """A table as a person wants it: every column, comfortably."""

    class Meta:
        model = TableView

    user = SubFactory(UserFactory)
    table = Sequence("table-{}".format)


class IdempotencyKeyFactory(DjangoModelFactory[IdempotencyKey]):
    """A key under which nothing was created yet."""

    class Meta:
        model = IdempotencyKey

    user = SubFactory(UserFactory)
    key = Sequence("key-{}".format)
    body_hash = Sequence(digest)


class AccessTokenFactory(DjangoModelFactory[AccessToken]):
    """A token whose text nobody knows; `AccessToken.issue` makes one that can be used."""

    class Meta:
        model = AccessToken

    user = SubFactory(UserFactory)
    name = "laptop"
    prefix = Sequence("{:08x}".format)
    digest = Sequence(digest)


class SignInLinkFactory(DjangoModelFactory[SignInLink]):
    """A link whose token nobody knows; `SignInLink.issue` makes one that can be used."""

    class Meta:
        model = SignInLink

    user = SubFactory(UserFactory)
    digest = Sequence(digest)


class InvitationFactory(DjangoModelFactory[Invitation]):
    """An invitation whose token nobody knows; `Invitation.issue` makes one that can be used."""

    class Meta:
        model = Invitation

    project = SubFactory(ProjectFactory)
    digest = Sequence(digest)
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(days=1))


class DatasetFactory(DjangoModelFactory[Dataset]):
    """A dataset without items."""

    class Meta:
        model = Dataset

    project = SubFactory(ProjectFactory)
    name = Sequence("dataset-{}".format)


class ItemFactory(DjangoModelFactory[Item]):
    """An item of the first version."""

    class Meta:
        model = Item

    dataset = SubFactory(DatasetFactory)
    key = Sequence("item-{}".format)
    input = "What is the capital of France?"
    expected = "Paris"
    position = Sequence(lambda number: (number + 1) * POSITION_GAP)
    since = 1
    changed_at = LazyFunction(timezone.now)


class BulkEditFactory(DjangoModelFactory[BulkEdit]):
    """A bulk edit whose items are not chosen yet."""

    class Meta:
        model = BulkEdit

    dataset = SubFactory(DatasetFactory)
    kind = BulkKind.TAG
    value = "hard"


class BulkChunkFactory(DjangoModelFactory[BulkChunk]):
    """The first chunk of a bulk edit, without items."""

    class Meta:
        model = BulkChunk

    bulk = SubFactory(BulkEditFactory)
    number = 0
    rows: ClassVar[list[Any]] = []


class ItemEditFactory(DjangoModelFactory[ItemEdit]):
    """An item that was added to the first draft."""

    class Meta:
        model = ItemEdit

    dataset = SubFactory(DatasetFactory)
    key = Sequence("item-{}".format)
    draft_number = 1
    after: ClassVar[dict[str, Any]] = {"input": "1 + 1"}
    position = 1024
    changed_at = LazyFunction(timezone.now)


class DatasetVersionFactory(DjangoModelFactory[DatasetVersion]):
    """The frozen version 1 of a dataset, without items unless they are made beside it."""

    class Meta:
        model = DatasetVersion

    dataset = SubFactory(DatasetFactory, draft_number=2)
    number = 1
    content_hash = Sequence(digest)
    item_count = 0


class ProviderFactory(DjangoModelFactory[Provider]):
    """An OpenAI-compatible provider that nothing listens at."""

    class Meta:
        model = Provider

    project = SubFactory(ProjectFactory)
    name = Sequence("provider-{}".format)
    kind = "openai"
    base_url = "http://127.0.0.1:9/v1"


class PromptFactory(DjangoModelFactory[Prompt]):
    """A prompt without a text."""

    class Meta:
        model = Prompt

    project = SubFactory(ProjectFactory)
    name = Sequence("prompt-{}".format)


class PromptVersionFactory(DjangoModelFactory[PromptVersion]):
    """The first text of a prompt: the input as it is."""

    class Meta:
        model = PromptVersion

    prompt = SubFactory(PromptFactory)
    number = 1
    messages = LazyFunction(lambda: [{"role": "user", "content": "{{ input }}"}])
    content_hash = Sequence(digest)


class ExperimentFactory(DjangoModelFactory[Experiment]):
    """An experiment without a dataset, candidates and scorers."""

    class Meta:
        model = Experiment

    project = SubFactory(ProjectFactory)
    name = Sequence("experiment-{}".format)


class ExperimentDraftFactory(DjangoModelFactory[ExperimentDraft]):
    """A draft in which nothing is written yet."""

    class Meta:
        model = ExperimentDraft

    project = SubFactory(ProjectFactory)


class CandidateFactory(DjangoModelFactory[Candidate]):
    """A candidate with a model of its own, whose provider and prompt belong to the experiment's project."""

    class Meta:
        model = Candidate

    experiment = SubFactory(ExperimentFactory)
    name = Sequence("candidate-{}".format)
    provider = SubFactory(ProviderFactory, project=factory.SelfAttribute("..experiment.project"))
    model = Sequence("model-{}".format)
    prompt_version = SubFactory(PromptVersionFactory, prompt__project=factory.SelfAttribute("...experiment.project"))
    params = LazyFunction(dict)
    config_hash = LazyAttribute(lambda candidate: hash_of(config_of(candidate)))


class ScorerSpecFactory(DjangoModelFactory[ScorerSpec]):
    """A scorer of weight 1 over 0 to 1, without revisions."""

    class Meta:
        model = ScorerSpec

    experiment = SubFactory(ExperimentFactory)
    name = Sequence("scorer-{}".format)
    kind = "contains"
    range_low = 0.0
    range_high = 1.0


class ScorerRevisionFactory(DjangoModelFactory[ScorerRevision]):
    """The first options of a scorer."""

    class Meta:
        model = ScorerRevision

    scorer = SubFactory(ScorerSpecFactory)
    number = 1


class CaseListFactory(DjangoModelFactory[CaseList]):
    """A case list without cases."""

    class Meta:
        model = CaseList

    experiment = SubFactory(ExperimentFactory)
    identity_hash = Sequence(digest)


class CaseChunkFactory(DjangoModelFactory[CaseChunk]):
    """The first chunk of a case list, with one case of one item."""

    class Meta:
        model = CaseChunk

    case_list = SubFactory(CaseListFactory, case_count=1)
    number = 0
    cases = LazyFunction(lambda: [[ItemFactory().pk, 0, 100]])


class RunFactory(DjangoModelFactory[Run]):
    """A pending run of a candidate over one planned case, without work units."""

    class Meta:
        model = Run

    candidate = SubFactory(CandidateFactory)
    experiment = factory.SelfAttribute("candidate.experiment")
    provider = factory.SelfAttribute("candidate.provider")
    case_list = SubFactory(CaseListFactory, experiment=factory.SelfAttribute("..experiment"), case_count=1)
    name = factory.SelfAttribute("candidate.name")
    config = LazyAttribute(lambda run: config_of(run.candidate))
    config_hash = LazyAttribute(lambda run: run.candidate.config_hash)
    case_limit = 1
    planned_count = 1


class LaneFactory(DjangoModelFactory[Lane]):
    """A lane of a machine that is not this one."""

    class Meta:
        model = Lane

    host = "elsewhere"
    pid = Sequence(lambda number: number + 1)


class PreparationFactory(DjangoModelFactory[Preparation]):
    """A start of an experiment of which nothing is done yet."""

    class Meta:
        model = Preparation

    case_list = SubFactory(CaseListFactory)
    experiment = LazyAttribute(lambda made: made.case_list.experiment)
    case_limit = 1


class ProviderShareFactory(DjangoModelFactory[ProviderShare]):
    """A lane's part of a provider, nothing granted yet."""

    class Meta:
        model = ProviderShare

    provider = SubFactory(ProviderFactory)
    lane = SubFactory(LaneFactory)


class ProviderPaceFactory(DjangoModelFactory[ProviderPace]):
    """A provider that takes all of its limits."""

    class Meta:
        model = ProviderPace

    provider = SubFactory(ProviderFactory)


class ProviderSpendingFactory(DjangoModelFactory[ProviderSpending]):
    """One call that a lane took of a provider's minute."""

    class Meta:
        model = ProviderSpending

    provider = SubFactory(ProviderFactory)
    lane_number = 1
    ends_at_s = 0.0
    calls = 1


class PurseFactory(DjangoModelFactory[Purse]):
    """An experiment's purse, nothing spent."""

    class Meta:
        model = Purse

    experiment = SubFactory(ExperimentFactory)


class PurseHoldFactory(DjangoModelFactory[PurseHold]):
    """What a lane has set aside of a purse."""

    class Meta:
        model = PurseHold

    purse = SubFactory(PurseFactory)
    lane_number = 1


class WorkUnitFactory(DjangoModelFactory[WorkUnit]):
    """The first case of a run, free to be claimed."""

    class Meta:
        model = WorkUnit

    run = SubFactory(RunFactory)
    first = 0
    length = 1


class ResultFactory(DjangoModelFactory[Result]):
    """An answered result of the given `run` (a new one) at the given `ordinal` (0)."""

    class Meta:
        model = Result
        exclude = ("run", "ordinal")

    run = SubFactory(RunFactory)
    ordinal = 0
    id = LazyAttribute(lambda result: result_id_of(result.run.pk, result.ordinal))
    item = SubFactory(ItemFactory)
    outcome = "ok"
    finished_at = LazyFunction(timezone.now)


class TranscriptFactory(DjangoModelFactory[Transcript]):
    """A transcript without messages."""

    class Meta:
        model = Transcript

    result = SubFactory(ResultFactory)


class FailedAttemptFactory(DjangoModelFactory[FailedAttempt]):
    """A call at ordinal 0 of the given `run` (a new one) that ended in a provider's error."""

    class Meta:
        model = FailedAttempt
        exclude = ("run", "ordinal")

    run = SubFactory(RunFactory)
    ordinal = 0
    result_id = LazyAttribute(lambda attempt: result_id_of(attempt.run.pk, attempt.ordinal))
    outcome = "provider_error"
    made_at = LazyFunction(timezone.now)


def _experiment_of(result: Result) -> Experiment:
    return Experiment.objects.get(runs=result.run_id)


class ScoreFactory(DjangoModelFactory[Score]):
    """The value 1 that code gave to a result."""

    class Meta:
        model = Score

    result = SubFactory(ResultFactory)
    scorer = LazyAttribute(lambda score: ScorerSpecFactory(experiment=_experiment_of(score.result)))
    author = CODE
    uid = LazyAttribute(lambda score: uuid4() if score.author else None)
    value = 1.0
    created_at = LazyFunction(timezone.now)


class RunRatingFactory(DjangoModelFactory[RunRating]):
    """The value 1 that a person gave to a run as a whole."""

    class Meta:
        model = RunRating

    run = SubFactory(RunFactory)
    scorer = SubFactory(ScorerSpecFactory, kind="person", experiment=factory.SelfAttribute("..run.experiment"))
    author = SubFactory(UserFactory)
    value = 1.0


class RunScoreFactory(DjangoModelFactory[RunScore]):
    """What no scores at all come to."""

    class Meta:
        model = RunScore

    run = SubFactory(RunFactory)
    scorer = SubFactory(ScorerSpecFactory, experiment=factory.SelfAttribute("..run.experiment"))
    revision = 1


class RunStandingFactory(DjangoModelFactory[RunStanding]):
    """The standing of a run that nobody has judged."""

    class Meta:
        model = RunStanding

    run = SubFactory(RunFactory)


class ShowingFactory(DjangoModelFactory[Showing]):
    """A result that is before a person, not answered yet."""

    class Meta:
        model = Showing

    experiment = SubFactory(ExperimentFactory)
    person = SubFactory(UserFactory)
    result_id = Sequence(lambda number: number + 1)


class ScorerProposalFactory(DjangoModelFactory[ScorerProposal]):
    """A new scorer on trial, judged by nothing yet."""

    class Meta:
        model = ScorerProposal

    revision = SubFactory(ScorerRevisionFactory)
    values = LazyFunction(lambda: {"kind": "contains", "higher_is_better": True, "when": {}})
    in_force = 0
