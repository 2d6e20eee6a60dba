"""Every constraint of what is measured bites."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError

from tests.constraints import breach_pattern, constraints_of
from tests.factories import (
    AccessTokenFactory,
    BulkChunkFactory,
    BulkEditFactory,
    CandidateFactory,
    CaseChunkFactory,
    CaseListFactory,
    DatasetFactory,
    DatasetVersionFactory,
    ExperimentDraftFactory,
    ExperimentFactory,
    IdempotencyKeyFactory,
    InvitationFactory,
    ItemEditFactory,
    ItemFactory,
    MembershipFactory,
    ProjectFactory,
    PromptFactory,
    PromptVersionFactory,
    ProviderFactory,
    ScorerRevisionFactory,
    ScorerSpecFactory,
    TableViewFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]

BREACHES: dict[str, Callable[[], object]] = {
    "membership_once_per_project": lambda: MembershipFactory.create_batch(
        2, project=ProjectFactory(), user=UserFactory()
    ),
    "membership_role_known": lambda: MembershipFactory(role="king"),
    "invitation_role_known": lambda: InvitationFactory(role="king"),
    "token_scope_known": lambda: AccessTokenFactory(scope="all"),
    "dataset_name_once_per_project": lambda: DatasetFactory.create_batch(2, project=ProjectFactory(), name="a"),
    "version_number_once_per_dataset": lambda: DatasetVersionFactory.create_batch(2, dataset=DatasetFactory()),
    "version_number_from_1": lambda: DatasetVersionFactory(number=0),
    "item_until_after_since": lambda: ItemFactory(since=2, until=2),
    "item_key_once_in_draft": lambda: [
        ItemFactory(dataset=dataset, key="a", since=since) for dataset in [DatasetFactory()] for since in (1, 2)
    ],
    "item_key_once_per_version": lambda: [
        ItemFactory(dataset=dataset, key="a", until=until) for dataset in [DatasetFactory()] for until in (2, 3)
    ],
    "idempotency_key_once_per_user": lambda: IdempotencyKeyFactory.create_batch(2, user=UserFactory(), key="a"),
    "provider_name_once_per_project": lambda: ProviderFactory.create_batch(2, project=ProjectFactory(), name="a"),
    "provider_allows_a_call": lambda: ProviderFactory(max_in_flight=0),
    "prompt_name_once_per_project": lambda: PromptFactory.create_batch(2, project=ProjectFactory(), name="a"),
    "prompt_version_number_once": lambda: PromptVersionFactory.create_batch(2, prompt=PromptFactory()),
    "prompt_version_text_once": lambda: [
        PromptVersionFactory(prompt=prompt, number=number, content_hash="a")
        for prompt in [PromptFactory()]
        for number in (1, 2)
    ],
    "experiment_name_once_per_project": lambda: ExperimentFactory.create_batch(2, project=ProjectFactory(), name="a"),
    "experiment_trials_1_to_100": lambda: ExperimentFactory(trials=101),
    "experiment_errors_policy_known": lambda: ExperimentFactory(errors_policy="ignore"),
    "candidate_config_once": lambda: CandidateFactory.create_batch(2, experiment=ExperimentFactory(), config_hash="a"),
    "candidate_name_once": lambda: CandidateFactory.create_batch(2, experiment=ExperimentFactory(), name="a"),
    "scorer_name_once_per_experiment": lambda: ScorerSpecFactory.create_batch(
        2, experiment=ExperimentFactory(), name="a"
    ),
    "scorer_weight_not_negative": lambda: ScorerSpecFactory(weight=-1),
    "scorer_range_upright": lambda: ScorerSpecFactory(range_low=1, range_high=1),
    "scorer_weight_needs_range": lambda: ScorerSpecFactory(range_low=None, range_high=None),
    "scorer_revision_once": lambda: ScorerRevisionFactory.create_batch(2, scorer=ScorerSpecFactory()),
    "case_list_once_per_identity": lambda: CaseListFactory.create_batch(
        2, experiment=ExperimentFactory(), identity_hash="a"
    ),
    "draft_is_fields_or_a_document": lambda: ExperimentDraftFactory(fields={"name": "a"}, document="experiment: a"),
    "table_view_once_per_person": lambda: TableViewFactory.create_batch(2, user=UserFactory(), table="runs"),
    "table_view_density_known": lambda: TableViewFactory(density="tiny"),
    "bulk_edit_undo_names_another": lambda: BulkEditFactory(kind="undo"),
    "bulk_chunk_number_once": lambda: BulkChunkFactory.create_batch(2, bulk=BulkEditFactory()),
    "item_edit_changes_something": lambda: ItemEditFactory(before=None, after=None),
    "case_chunk_once": lambda: CaseChunkFactory.create_batch(2, case_list=CaseListFactory()),
}


@pytest.mark.parametrize("name", BREACHES)
def test_constraint_of_experiments_when_breached_bites(name: str) -> None:
    with pytest.raises(IntegrityError, match=breach_pattern("experiments", name)):
        BREACHES[name]()


def test_constraints_of_experiments_are_all_under_test() -> None:
    assert set(BREACHES) == set(constraints_of("experiments"))


@pytest.mark.parametrize("trials", [1, 100])
def test_constraint_experiment_trials_1_to_100_lets_the_ends_pass(trials: int) -> None:
    assert ExperimentFactory(trials=trials).trials == trials


def test_constraint_candidate_name_once_lets_candidates_that_were_taken_out_share_it() -> None:
    experiment = ExperimentFactory()
    CandidateFactory(experiment=experiment, name="a", removed_at=experiment.created_at)

    assert CandidateFactory(experiment=experiment, name="a").pk


def test_constraint_scorer_weight_needs_range_lets_an_unweighted_scorer_go_without() -> None:
    assert ScorerSpecFactory(weight=0, range_low=None, range_high=None).pk


def test_constraint_item_key_once_in_draft_lets_a_closed_row_share_the_key() -> None:
    closed = ItemFactory(key="a", until=2)

    assert ItemFactory(dataset=closed.dataset, key="a", since=2).pk
