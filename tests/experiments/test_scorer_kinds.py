"""The kinds of scorers, on their pages and by API: what each does, where it is used, one tried on an answer."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from evalsite.plugins import scorers
from scoring.judging.kinds import ScorerKind
from scoring.models import Score
from tests.api_client import Api
from tests.factories import ExperimentFactory, ScorerSpecFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_viewer(client: Client, viewer: Any) -> Client:
    client.force_login(viewer)
    return client


def at(kind: str) -> str:
    """Return the address of a kind."""
    return reverse("experiments:scorer-kind", args=[kind])


def shown(answer: Any) -> str:
    """Return the body of an answer."""
    return str(answer.content.decode())


def test_list_names_every_kind_with_the_experiments_that_use_it(as_viewer: Client, project: Any) -> None:
    ScorerSpecFactory(experiment=ExperimentFactory(project=project), kind="contains")
    ScorerSpecFactory(kind="regex")

    rows = as_viewer.get(reverse("experiments:scorer-kind-list")).context["rows"]

    page = shown(as_viewer.get(reverse("experiments:scorer-kind-list")))

    assert [row.kind.name for row in rows] == list(scorers.kinds())
    assert [row.kind.name for row in rows if f">{row.kind.label}</a>" not in page] == []
    assert {row.kind.name: row.use_count for row in rows if row.use_count} == {"contains": 1}


@pytest.mark.parametrize("kind", scorers.kinds())
def test_kind_shows_its_options_and_judges_its_examples(as_viewer: Client, kind: str) -> None:
    page = shown(as_viewer.get(at(kind)))

    found = ScorerKind.of(kind)
    assert found is not None
    assert f"<h1>{found.label}</h1>" in page.replace(' dir="auto"', "")
    assert escape(found.help_text) in page
    assert ("lower is better" in page) is not found.higher_is_better
    assert all(f"<code>{option.name}</code>" in page for option in found.options)
    assert page.count("<dt>Verdict</dt>") == len(found.examples)
    assert not [one for one in found.examples if one.verdict and one.verdict.error]


def test_kind_names_the_experiments_of_the_person_only(as_viewer: Client, project: Any) -> None:
    ScorerSpecFactory(experiment=ExperimentFactory(project=project, name="support"), kind="contains")
    ScorerSpecFactory(experiment__name="of strangers", kind="contains")

    page = shown(as_viewer.get(at("contains")))

    assert "support" in page
    assert "of strangers" not in page


def test_answer_is_tried_and_nothing_is_stored(as_viewer: Client) -> None:
    typed = {"answer": "It is blue.\nAnswer: b", "expected": "B", "option-extract": "Answer: (.)"}

    wrong = shown(as_viewer.post(at("exact_match"), typed, headers={"HX-Request": "true"}))
    right = as_viewer.post(at("exact_match"), typed | {"option-ignore_case": "on"})

    assert "wrong" in wrong
    assert "<html" not in wrong
    assert right.context["page"].tried.verdict.value == 1.0
    assert right.context["page"].tried.verdict.extracted == "b"
    assert 'value="Answer: (.)"' in shown(right)
    assert not Score.objects.exists()


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("regex", {"option-pattern": "("}, "pattern:"),
        ("regex", {}, "pattern: This field is required."),
        ("contains", {"expected": "[1", "expected_kind": "json"}, "JSON"),
        ("checks", {"metadata": "no"}, "JSON"),
        ("latency", {"latency_ms": "soon"}, "is no number of at least 0"),
        ("cost", {"cost_usd": "NaN"}, "is no number of at least 0"),
    ],
)
def test_bad_input_is_told_in_a_sentence_and_kept(
    as_viewer: Client, kind: str, typed: dict[str, str], sentence: str
) -> None:
    answer = as_viewer.post(at(kind), {"answer": "what was typed", **typed})

    assert answer.status_code == 422
    assert sentence in answer.context["page"].tried.problem
    assert "what was typed" in shown(answer)


def test_kind_that_there_is_not_is_not_found(as_viewer: Client) -> None:
    assert as_viewer.get(at("nonsense")).status_code == 404
    assert as_viewer.post(at("person"), {"answer": "x"}).status_code == 404
    assert as_viewer.get(f"{at('contains')}?example=99").status_code == 200


def test_api_tells_the_same_and_tries(viewer: Any) -> None:
    api = Api(viewer)

    listed = api.get("scorers/?limit=1").json()
    kind = api.get("scorers/numeric_match/").json()
    tried = api.post(
        "scorers/numeric_match/try/", {"answer": "about 101", "expected": 100, "options": {"tolerance": 2}}
    )
    measured = api.post("scorers/cost/try/", {"answer": "", "cost_usd": 0.25})

    assert (listed["total"], len(listed["items"]), listed["next"]) == (
        len(scorers.kinds()),
        1,
        "http://testserver/api/v1/scorers/?limit=1&offset=1",
    )
    assert kind["options"]["tolerance"] | {"description": ""} == {"type": "number", "default": 0.0, "description": ""}
    assert kind["examples"][0]["verdict"]["value"] == 1.0
    assert (tried.status_code, tried.json()["value"]) == (200, 1.0)
    assert measured.json()["value"] == 0.25


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("scorers/nonsense/try/", {"answer": ""}, 404),
        ("scorers/person/try/", {"answer": ""}, 400),
        ("scorers/regex/try/", {"answer": "", "options": {"patern": "x"}}, 400),
        ("scorers/regex/try/", {"answer": 1}, 400),
        ("scorers/regex/try/", {"answer": "", "output": ""}, 400),
    ],
)
def test_api_refuses_what_does_not_fit(viewer: Any, path: str, body: dict[str, Any], status: int) -> None:
    assert Api(viewer).post(path, body).status_code == status
