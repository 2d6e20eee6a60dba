"""What stands beside what was expected: what was extracted, else a short answer that was compared as a whole."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from experiments.models import Project, ScorerSpec
from runs.models import Result, Run
from runs.pages.judgements import LONGEST_BESIDE, Judgement, judgements_of
from tests.boards import experiment_in, result_of, run_of
from tests.factories import ScoreFactory, ScorerRevisionFactory, TranscriptFactory

LONG = "x" * (LONGEST_BESIDE + 1)


@pytest.fixture
def run(project: Project) -> Run:
    return run_of(experiment_in(project, items=1))


@pytest.fixture
def result(run: Run) -> Result:
    return result_of(run, value=None)


def spec_of(kind: str, options: Mapping[str, Any]) -> ScorerSpec:
    """Return the experiment's scorer, as a kind with options."""
    spec = ScorerSpec.objects.get()
    spec.kind = kind
    spec.save()
    ScorerRevisionFactory(scorer=spec, options={"extract": "", "value": [], **options})
    return spec


def judgement_of(
    result: Result, answer: str, *, kind: str = "exact_match", expected: Any = "Paris", **verdict: Any
) -> Judgement:
    """Return what a scorer says of an answer; `options` are its own, the rest the verdict's."""
    spec = spec_of(kind, verdict.pop("options", {}))
    score = ScoreFactory(result=result, scorer=spec, **{"value": 0.0, "extracted": None, **verdict})
    [judgement] = judgements_of([spec], [score], expected, answer)
    return judgement


def marked(judgement: Judgement) -> tuple[str, str]:
    """Return both sides, what only one has in brackets."""
    expected, compared = (
        "".join(f"[{piece.visible}]" if piece.is_own else piece.text for piece in pieces)
        for pieces in (judgement.expected_pieces, judgement.compared_pieces)
    )
    return expected, compared


@pytest.mark.django_db
def test_answer_compared_as_a_whole_stands_beside_the_expected_one(result: Result) -> None:
    judgement = judgement_of(result, "Paris.")

    assert (judgement.is_extracted, marked(judgement)) == (False, ("Paris", "Paris[.]"))


@pytest.mark.django_db
def test_what_was_extracted_goes_before_the_answer(result: Result) -> None:
    judgement = judgement_of(result, "It is Pari", extracted="Pari")

    assert (judgement.is_extracted, marked(judgement)) == (True, ("Pari[s]", "Pari"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "options", "has_sides"),
    [
        pytest.param("contains", {}, True, id="expected-is-looked-for"),
        pytest.param("contains", {"value": ["refund"]}, False, id="a-text-of-its-own-is-looked-for"),
        pytest.param("numeric_match", {}, True, id="no-number"),
        pytest.param("exact_match", {"extract": "A: (.*)"}, False, id="the-pattern-missed"),
        pytest.param("regex", {"pattern": "P"}, False, id="a-pattern-decides"),
        pytest.param("checks", {}, False, id="the-item-brings-rules"),
        pytest.param("uninstalled", {}, False, id="of-a-package-that-is-gone"),
    ],
)
def test_kind_says_whether_it_compares_the_answer(
    result: Result, kind: str, options: Mapping[str, Any], *, has_sides: bool
) -> None:
    assert judgement_of(result, "Paris", kind=kind, options=options).has_sides is has_sides


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "changes"),
    [
        pytest.param(LONG, {}, id="long-answer"),
        pytest.param("Paris", {"expected": ["Paris", LONG]}, id="long-expected"),
        pytest.param("Paris", {"expected": None}, id="none-expected"),
        pytest.param("Paris", {"value": None, "error": "ValueError: no"}, id="scorer-failed"),
        pytest.param("Paris", {"author": 7}, id="a-person-says"),
        pytest.param("Paris", {"revision": 2}, id="options-unknown"),
    ],
)
def test_nothing_stands_beside_where_nothing_was_compared_or_it_is_long(
    result: Result, answer: str, changes: dict[str, Any]
) -> None:
    assert not judgement_of(result, answer, **changes).has_sides


@pytest.mark.django_db
def test_kind_of_a_package_shows_its_pair(result: Result, settings: Settings) -> None:
    settings.EVALSITE_SCORERS = {**settings.EVALSITE_SCORERS, "mirrored": "tests.scoring.plugged_in.Mirrored"}

    assert marked(judgement_of(result, "siraP", kind="mirrored"))[1] != ""


@pytest.mark.django_db
def test_result_page_shows_the_short_answer_with_its_difference(
    client: Client, viewer: User, run: Run, result: Result
) -> None:
    parts = [{"type": "text", "text": "Paris!"}]
    result.transcript.delete()
    TranscriptFactory(result=result, body=[{"role": "assistant", "parts": parts}])
    spec = spec_of("exact_match", {})
    ScoreFactory(result=result, scorer=spec, value=0.0)
    client.force_login(viewer)

    page = client.get(reverse("runs:result-detail", args=[run.uid, 0])).content.decode()

    assert "<dt>answer</dt>" in page
    assert "Paris<mark>!</mark>" in page
