"""Every constraint of the doing bites."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.utils import timezone

from runs.models import Run, RunStatus, UnitState
from tests.constraints import breach_pattern, constraints_of
from tests.factories import (
    CaseListFactory,
    FailedAttemptFactory,
    LaneFactory,
    PreparationFactory,
    ProjectFactory,
    ProviderFactory,
    ProviderPaceFactory,
    ProviderShareFactory,
    PurseFactory,
    PurseHoldFactory,
    RunFactory,
    WorkUnitFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def two_runs_of_one_configuration(**values: object) -> list[Run]:
    """Make two runs of one candidate over one case list."""
    run = RunFactory(**values)
    return [run, RunFactory(candidate=run.candidate, case_list=run.case_list, **values)]


BREACHES: dict[str, Callable[[], object]] = {
    "run_planned_once": two_runs_of_one_configuration,
    "run_status_known": lambda: RunFactory(status="sleeping"),
    "run_completed_at_when_finished": lambda: RunFactory(status=RunStatus.COMPLETED),
    "run_stopped_with_reason": lambda: RunFactory(status=RunStatus.PAUSED),
    "unit_range_once": lambda: WorkUnitFactory.create_batch(2, run=RunFactory()),
    "unit_not_empty": lambda: WorkUnitFactory(length=0),
    "unit_lane_when_claimed": lambda: WorkUnitFactory(lane=LaneFactory()),
    "preparation_wants_something": lambda: PreparationFactory(case_limit=0),
    "hold_once_per_lane": lambda: PurseHoldFactory.create_batch(2, purse=PurseFactory()),
    "purse_once_per_month": lambda: PurseFactory.create_batch(
        2, experiment=None, project=ProjectFactory(), month="2026-11"
    ),
    "purse_of_an_experiment_or_a_month": lambda: PurseFactory(month="2026-11"),
    "pace_is_a_share_of_the_limit": lambda: ProviderPaceFactory(share_of_limit=1.5),
    "share_once_per_lane": lambda: ProviderShareFactory.create_batch(2, provider=ProviderFactory(), lane=LaneFactory()),
    "attempt_billed_known": lambda: FailedAttemptFactory(billed="perhaps"),
}


# An unknown status is in neither list of that constraint, and PostgreSQL checks in the order of the names.
BREACHED_TOO = {"run_status_known": ("run_completed_at_when_finished",)}


@pytest.mark.parametrize("name", BREACHES)
def test_constraint_of_runs_when_breached_bites(name: str) -> None:
    names = (name, *BREACHED_TOO.get(name, ()))

    with pytest.raises(IntegrityError, match="|".join(breach_pattern("runs", each) for each in names)):
        BREACHES[name]()


def test_constraints_of_runs_are_all_under_test() -> None:
    assert set(BREACHES) == set(constraints_of("runs"))


def test_constraint_run_planned_once_lets_ad_hoc_runs_repeat() -> None:
    first, second = two_runs_of_one_configuration(is_ad_hoc=True)

    assert first.config_hash == second.config_hash


def test_constraint_run_planned_once_lets_another_case_list_have_its_own() -> None:
    run = RunFactory()

    assert RunFactory(candidate=run.candidate, case_list=CaseListFactory(experiment=run.experiment)).pk != run.pk


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.RUNNING])
def test_constraint_run_completed_at_when_finished_refuses_an_end_of_what_goes_on(status: RunStatus) -> None:
    with pytest.raises(IntegrityError, match="run_completed_at_when_finished"):
        RunFactory(status=status, completed_at=timezone.now())


def test_constraint_unit_lane_when_claimed_lets_a_claimed_unit_have_a_lane() -> None:
    assert WorkUnitFactory(lane=LaneFactory(), state=UnitState.CLAIMED).pk
