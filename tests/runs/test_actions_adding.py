"""A candidate added to an experiment that lives, whose run alone is started; one taken out, whose runs are kept."""

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionConflict, ActionRefused, save_prompt
from experiments.declarations import CandidateDeclaration
from experiments.models import Candidate, Prompt
from runs.actions import add_and_start, start_experiment, take_out
from runs.models import Run
from tests.api_client import Api
from tests.people import member_of
from tests.runs.planned import candidate_at, sums

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> Candidate:
    """A candidate whose run is there."""
    experiment = sums(3)
    version = save_prompt(project=experiment.project, name="plain", messages="{{ input }}", by=None)
    candidate = candidate_at(experiment, prompt_version=version)
    start_experiment(experiment=candidate.experiment, by=None)
    return candidate


def like(candidate: Candidate, **changes: object) -> CandidateDeclaration:
    """Return a copy of a candidate, ready to be added."""
    values = {
        "name": "copy",
        "provider": candidate.provider,
        "model": candidate.model,
        "messages": candidate.prompt_version.messages,
        "prompt_name": candidate.prompt_version.prompt.name,
        "params": {"temperature": 0.5},
    }
    return CandidateDeclaration(**{**values, **changes})  # type: ignore[arg-type]


def test_add_and_start_starts_the_new_run_only(first: Candidate) -> None:
    Run.objects.update(status="cancelled", completed_at="2026-01-01T00:00:00Z", started_at="2026-01-01T00:00:00Z")

    candidate, run = add_and_start(experiment=first.experiment, declaration=like(first), by=None)

    assert (run.candidate, run.status, run.planned_count) == (candidate, "pending", 3)
    assert Run.objects.get(candidate=first).status == "cancelled"


def test_add_and_start_with_the_same_text_uses_the_same_version(first: Candidate) -> None:
    candidate, _ = add_and_start(experiment=first.experiment, declaration=like(first), by=None)

    assert candidate.prompt_version == first.prompt_version
    assert candidate.position == first.position + 1


def test_add_and_start_with_another_text_makes_a_version_of_the_same_prompt(first: Candidate) -> None:
    declaration = like(first, messages="Only the number: {{ input }}")

    candidate, _ = add_and_start(experiment=first.experiment, declaration=declaration, by=None)

    assert candidate.prompt_version.prompt == first.prompt_version.prompt
    assert candidate.prompt_version.number == first.prompt_version.number + 1


def test_add_and_start_of_a_twin_is_refused(first: Candidate) -> None:
    with pytest.raises(ActionRefused, match="is the same candidate"):
        add_and_start(experiment=first.experiment, declaration=like(first, params=first.params), by=None)


def test_add_and_start_with_a_prompt_that_does_not_fit_leaves_nothing(first: Candidate) -> None:
    prompts = Prompt.objects.count()

    with pytest.raises(ActionRefused, match='item sum-0: line 1: "question" is missing'):
        add_and_start(
            experiment=first.experiment,
            declaration=like(first, messages="{{ question }}", prompt_name="new"),
            by=None,
        )

    assert (Candidate.objects.count(), Run.objects.count(), Prompt.objects.count()) == (1, 1, prompts)


def test_add_and_start_by_a_viewer_is_forbidden(first: Candidate) -> None:
    viewer = member_of(first.experiment.project, "viewer")

    with pytest.raises(PermissionDenied):
        add_and_start(experiment=first.experiment, declaration=like(first), by=viewer)


def test_take_out_waits_for_the_run_and_keeps_it(first: Candidate) -> None:
    with pytest.raises(ActionConflict, match="goes on: pause or cancel it"):
        take_out(candidate=first, by=None)
    Run.objects.update(status="cancelled", completed_at="2026-01-01T00:00:00Z")

    assert take_out(candidate=first, by=None)
    assert not take_out(candidate=first, by=None)
    assert not first.experiment.candidates.listed().exists()
    assert Run.objects.get().candidate == first


def test_candidate_is_taken_out_by_api_by_its_name_once(first: Candidate) -> None:
    api, path = Api(member_of(first.experiment.project, "editor")), f"experiments/{first.experiment.uid}/candidates"

    working = api.delete(f"{path}/{first.name}/")
    Run.objects.update(status="cancelled", completed_at="2026-01-01T00:00:00Z")
    answers = [api.delete(f"{path}/{first.name}/").status_code for _ in range(2)]

    assert (working.status_code, answers) == (409, [204, 404])
    assert api.get(f"{path}/").json()["items"] == []
