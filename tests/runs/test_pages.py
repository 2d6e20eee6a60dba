"""The pages about runs and results: for members, for strangers, with bad input, plain and htmx."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from experiments.media_store import part_of_bytes
from experiments.models import Project
from runs.lanes.tallies import Tally
from runs.models import Result, Run, RunStatus, Transcript, WorkUnit
from runs.models.results import result_id_of
from runs.pages.run_detail import ROWS
from scoring.models import Score
from tests.boards import SCRIPT, experiment_in, result_of, run_of
from tests.factories import FailedAttemptFactory, ScorerSpecFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def run(project: Project) -> Run:
    run = run_of(experiment_in(project, items=3), status=RunStatus.COMPLETED, ok_count=2, timeout_count=1)
    result_of(run, 0)
    result_of(run, 1, value=0.0)
    result_of(run, 2, value=None, outcome="timeout", detail="no answer within 5 s")
    return run


@pytest.fixture
def as_viewer(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def text(answer: Any) -> str:
    """Return the body of an answer."""
    return str(answer.content.decode())


def query_count(client: Client, url: str) -> int:
    """Return how many queries a page makes."""
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


def test_run_list_shows_score_status_and_errors(as_viewer: Client, run: Run) -> None:
    page = text(as_viewer.get(reverse("runs:run-list")))

    assert run.name in page
    assert "40.0 to 60.0" in page
    assert "1 timeout" in page


def test_run_list_of_a_stranger_is_empty(client: Client, stranger: User, run: Run) -> None:
    client.force_login(stranger)

    assert run.name not in text(client.get(reverse("runs:run-list")))


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ("status=completed", True),
        ("status=failed", False),
        ("min_score=0.5", True),
        ("min_score=0.51", False),
        ("max_score=0.5", True),
        ("max_score=0.49", False),
        ("score_from=50", True),
        ("score_from=50.1", False),
        ("score_to=49.9", False),
        ("ad_hoc=false", True),
        ("ad_hoc=true", False),
        ("candidate=candidate", True),
        ("candidate=nobody", False),
    ],
)
def test_run_list_shows_what_the_filter_leaves(as_viewer: Client, run: Run, query: str, is_shown: bool) -> None:
    page = text(as_viewer.get(f"{reverse('runs:run-list')}?{query}"))

    assert (f'id="run-{run.pk}"' in page) is is_shown


def test_run_list_shows_a_bound_of_the_api_of_100(as_viewer: Client, run: Run) -> None:
    page = text(as_viewer.get(f"{reverse('runs:run-list')}?min_score=0.29&candidate=nobody"))

    assert 'name="score_from" value="29"' in page
    assert "Clear" in page


def test_run_list_with_a_bound_leaves_out_runs_without_a_score(as_viewer: Client, project: Project) -> None:
    run = run_of(experiment_in(project), score=None)

    page = text(as_viewer.get(f"{reverse('runs:run-list')}?min_score=0"))

    assert f'id="run-{run.pk}"' not in page


@pytest.mark.parametrize(
    "query",
    [
        "status=odd",
        "experiment_id=odd",
        "score_from=101",
        "score_from=90&score_to=10",
        "min_score=1.1",
        "min_score=nan",
        "min_score=odd",
    ],
)
def test_run_list_with_a_bad_filter_answers_422(as_viewer: Client, run: Run, query: str) -> None:
    answer = as_viewer.get(f"{reverse('runs:run-list')}?{query}")

    assert answer.status_code == 422
    assert "errorlist" in text(answer)


def test_run_list_asks_as_often_for_20_runs_as_for_one(as_viewer: Client, project: Project) -> None:
    experiment = experiment_in(project)
    run_of(experiment)
    one = query_count(as_viewer, reverse("runs:run-list"))
    [run_of(experiment) for _ in range(19)]

    assert query_count(as_viewer, reverse("runs:run-list")) == one


def test_run_list_pages_older_and_newer(as_viewer: Client, project: Project) -> None:
    experiment = experiment_in(project)
    [run_of(experiment, score=None) for _ in range(51)]

    newest, oldest = (text(as_viewer.get(f"{reverse('runs:run-list')}{query}")) for query in ("", "?offset=50"))

    assert "Older" in newest
    assert "Newer" not in newest
    assert "Newer" in oldest
    assert "Older" not in oldest


def test_run_page_shows_its_score_outcomes_and_results(as_viewer: Client, run: Run) -> None:
    page = text(as_viewer.get(reverse("runs:run-detail", args=[run.uid])))

    assert "50.0" in page
    assert "?outcome=timeout" in page
    assert "item-0" in page
    assert "820 ms" in page


def test_run_page_escapes_what_a_model_wrote(as_viewer: Client, run: Run) -> None:
    page = text(as_viewer.get(f"{reverse('runs:run-detail', args=[run.uid])}?result=0"))

    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("name", ["run-detail", "run-summary", "run-results"])
def test_run_of_a_stranger_is_a_404(client: Client, stranger: User, run: Run, name: str) -> None:
    client.force_login(stranger)

    assert client.get(reverse(f"runs:{name}", args=[run.uid])).status_code == 404


def test_result_of_a_stranger_is_a_404(client: Client, stranger: User, run: Run) -> None:
    client.force_login(stranger)

    assert client.get(reverse("runs:result-detail", args=[run.uid, 0])).status_code == 404


@pytest.mark.parametrize("ordinal", [99, 1 << 32, 1 << 63])
def test_result_that_is_not_there_is_a_404(as_viewer: Client, run: Run, ordinal: int) -> None:
    assert as_viewer.get(reverse("runs:result-detail", args=[run.uid, ordinal])).status_code == 404


@pytest.mark.parametrize("query", ["result=x", "after=x", "before=-1", "outcome=odd", "after=99999999999999999999"])
def test_run_page_passes_over_a_place_that_is_none(as_viewer: Client, run: Run, query: str) -> None:
    answer = as_viewer.get(f"{reverse('runs:run-detail', args=[run.uid])}?{query}")

    assert answer.status_code == 200
    assert "item-0" in text(answer)


def test_results_are_filtered_by_outcome(as_viewer: Client, run: Run) -> None:
    page = text(as_viewer.get(f"{reverse('runs:run-results', args=[run.uid])}?outcome=timeout"))

    assert "item-2" in page
    assert "item-0" not in page


def test_results_name_what_they_can_be_filtered_by_and_mark_what_is_chosen(as_viewer: Client, run: Run) -> None:
    page = text(as_viewer.get(f"{reverse('runs:run-results', args=[run.uid])}?outcome=timeout"))

    chips = re.findall(r'class="chip" href="[^"]*?(\?outcome=\w+)?"( aria-current="true")?>(\w+) .*?(\d+)</span>', page)
    assert chips == [
        ("", "", "all", "3"),
        ("?outcome=errors", "", "errors", "1"),
        ("?outcome=ok", "", "ok", "2"),
        ("?outcome=timeout", ' aria-current="true"', "timeout", "1"),
    ]


def test_results_fragment_of_a_full_page_is_under_20_kb(as_viewer: Client, project: Project) -> None:
    run = run_of(experiment_in(project, items=ROWS + 1))
    [result_of(run, ordinal) for ordinal in range(ROWS + 1)]
    Result.objects.update(preview="x" * 200)

    answer = as_viewer.get(reverse("runs:run-results", args=[run.uid]), headers=HTMX)

    assert len(answer.content) < 20_000


def test_results_page_by_key(as_viewer: Client, project: Project) -> None:
    run = run_of(experiment_in(project, items=ROWS + 1))
    [result_of(run, ordinal) for ordinal in range(ROWS + 1)]
    url = reverse("runs:run-results", args=[run.uid])

    start, rest = text(as_viewer.get(url)), text(as_viewer.get(f"{url}?after={ROWS - 1}"))
    back = text(as_viewer.get(f"{url}?before={ROWS}"))

    assert f'id="result-{ROWS - 1}"' in start
    assert f'id="result-{ROWS}"' not in start
    assert f'id="result-{ROWS}"' in rest
    assert 'id="result-0"' in back


def test_results_ask_as_often_for_20_as_for_one(as_viewer: Client, project: Project) -> None:
    run = run_of(experiment_in(project, items=20))
    url = reverse("runs:run-results", args=[run.uid])
    result_of(run, 0)
    one = query_count(as_viewer, url)
    [result_of(run, ordinal) for ordinal in range(1, 20)]

    assert query_count(as_viewer, url) == one


def test_result_shows_expected_beside_extracted(as_viewer: Client, run: Run) -> None:
    FailedAttemptFactory(run=run, ordinal=1, detail="HTTP 500")

    page = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 1])))

    assert ">Paris<" in page
    assert ">Pari<" in page
    assert "Not the same." in page
    assert "HTTP 500" in page


def test_result_that_was_streamed_shows_how_fast(as_viewer: Client, run: Run) -> None:
    Result.objects.filter(pk=result_id_of(run.pk, 0)).update(first_token_ms=120, tokens_in=7, tokens_out=71)

    page = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 0])))

    assert "first token 120 ms" in page
    assert "100 tokens/s" in page


def test_result_that_was_not_streamed_shows_no_first_token(as_viewer: Client, run: Run) -> None:
    assert "first token" not in text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 0])))


def test_result_that_broke_off_shows_what_had_arrived_as_partial(as_viewer: Client, run: Run) -> None:
    say(run, 2, partial=True)

    page = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 2])))

    assert "The answer broke off; this is what had arrived." in page
    assert "broke off here" in page
    assert "half of it" in page


def test_result_shows_tool_calls_reasoning_and_every_choice(as_viewer: Client, run: Run) -> None:
    calls = [{"id": "call_1", "name": "add", "arguments": '{"a":1}'}, {"id": None, "name": "odd", "arguments": "{a"}]
    other = {"parts": [{"type": "text", "text": f"five {SCRIPT}"}], "outcome": "truncated", "detail": "length limit"}
    say(run, 0, tool_calls=calls, reasoning="one and one", other_choices=[other, {**other, "tool_calls": calls[:1]}])

    page = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 0])))

    assert "{\n  &quot;a&quot;: 1\n}" in page
    assert all(word in page for word in ("call_1", ">odd<", ">{a<", "one and one", "choice 2", "choice 3", "truncated"))
    assert "<script>alert" not in page
    assert "five" in page


def show(run: Run, ordinal: int, *parts: dict[str, str]) -> str:
    """Have the result's transcript be a user's message of these parts; return where its first medium is."""
    transcript = Transcript.objects.filter(result_id=result_id_of(run.pk, ordinal))
    transcript.update(body=[{"role": "user", "parts": [{"type": "text", "text": "Look"}, *parts]}])
    return reverse("runs:result-medium", args=[run.uid, ordinal, 0])


@pytest.mark.parametrize("size", [5, 100_000])
def test_image_of_the_request_is_shown_from_the_site_itself(
    as_viewer: Client, run: Run, size: int, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    url = show(run, 0, part_of_bytes("image", "image/png", b"x" * size))

    page, image = as_viewer.get(reverse("runs:result-detail", args=[run.uid, 0])), as_viewer.get(url)

    assert f'<img class="medium__thumbnail" src="{url}"' in text(page)
    assert "data:image" not in text(page)
    assert (image.status_code, image["Content-Type"], image.content) == (200, "image/png", b"x" * size)
    assert (image["X-Content-Type-Options"], image["Cache-Control"]) == ("nosniff", "private, max-age=3600")


def test_image_by_address_is_a_link_and_nothing_is_fetched(as_viewer: Client, run: Run) -> None:
    url = show(run, 0, {"type": "image", "url": "https://elsewhere.example/a.png"})

    page = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 0])))

    assert 'href="https://elsewhere.example/a.png" rel="noreferrer noopener"' in page
    assert "<img" not in page
    assert as_viewer.get(url).status_code == 404


@pytest.mark.parametrize("number", [1, 1 << 40])
def test_medium_that_is_not_there_is_a_404(as_viewer: Client, run: Run, number: int) -> None:
    show(run, 0, part_of_bytes("image", "image/png", b"x"))

    assert as_viewer.get(reverse("runs:result-medium", args=[run.uid, 0, number])).status_code == 404


def test_medium_of_a_stranger_is_a_404(client: Client, stranger: User, run: Run) -> None:
    client.force_login(stranger)

    assert client.get(show(run, 0, part_of_bytes("image", "image/png", b"x"))).status_code == 404


def say(run: Run, ordinal: int, **more: Any) -> None:
    """Have the result's transcript be one message of an assistant's."""
    result = Result.objects.of_run(run).get(pk=result_id_of(run.pk, ordinal))
    parts = [{"type": "text", "text": "half of it"}]
    Transcript.objects.filter(result=result).update(body=[{"role": "assistant", "parts": parts, **more}])


def test_run_page_shows_times_to_the_first_token_where_answers_were_streamed(as_viewer: Client, run: Run) -> None:
    url = reverse("runs:run-summary", args=[run.uid])
    before = text(as_viewer.get(url))
    tally = Tally()
    tally.first_tokens.add(120.0, is_error=False)

    WorkUnit.objects.filter(run=run).update(stages=tally.stages_json())

    assert "first token" not in before
    assert re.search(r"first token 1[12]\d ms, p95 1[12]\d ms", text(as_viewer.get(url)))


def test_result_for_htmx_is_the_drawer_alone(as_viewer: Client, run: Run) -> None:
    drawer = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 1]), headers=HTMX))

    assert drawer.startswith('<div class="drawer__head"')
    assert "<html" not in drawer


def test_result_leads_to_its_neighbours_under_the_filter(as_viewer: Client, run: Run) -> None:
    url = reverse("runs:result-detail", args=[run.uid, 1])

    everything, ok = text(as_viewer.get(url, headers=HTMX)), text(as_viewer.get(f"{url}?outcome=ok", headers=HTMX))

    assert "data-key-next" in everything
    assert "data-key-next" not in ok
    assert "data-key-previous" in ok


@pytest.mark.parametrize(
    ("name", "status", "after"),
    [
        ("run-pause", RunStatus.RUNNING, RunStatus.PAUSED),
        ("run-cancel", RunStatus.RUNNING, RunStatus.CANCELLED),
        ("run-resume", RunStatus.PAUSED, RunStatus.RUNNING),
    ],
)
def test_run_is_controlled_by_its_buttons(
    as_editor: Client, project: Project, name: str, status: str, after: str
) -> None:
    run = run_of(experiment_in(project), status=status)

    answer = as_editor.post(reverse(f"runs:{name}", args=[run.uid]))

    assert answer.status_code == 302
    assert Run.objects.get(pk=run.pk).status == after


def test_button_that_the_state_forbids_says_why(as_editor: Client, run: Run) -> None:
    answer = as_editor.post(reverse("runs:run-pause", args=[run.uid]), follow=True)

    assert "only a pending or running run can be paused" in text(answer)


@pytest.mark.parametrize("name", ["run-pause", "run-resume", "run-cancel", "run-retry"])
def test_viewer_may_not_control(as_viewer: Client, run: Run, name: str) -> None:
    assert as_viewer.post(reverse(f"runs:{name}", args=[run.uid])).status_code == 403


@pytest.mark.parametrize("name", ["run-pause", "run-resume", "run-cancel", "run-retry"])
def test_stranger_controls_nothing(client: Client, stranger: User, run: Run, name: str) -> None:
    client.force_login(stranger)

    assert client.post(reverse(f"runs:{name}", args=[run.uid])).status_code == 404


def test_way_back_never_leads_off_the_site(as_editor: Client, run: Run) -> None:
    url = reverse("runs:run-pause", args=[run.uid])

    answer = as_editor.post(url, headers={"Referer": "https://evil.example/"})

    assert answer["Location"] == reverse("runs:run-detail", args=[run.uid])


@pytest.fixture
def helpful(run: Run) -> Any:
    return ScorerSpecFactory(experiment=run.experiment, name="helpful", kind="person", weight=0.0)


def test_rating_is_stored_and_shown(as_viewer: Client, viewer: User, run: Run, helpful: Any) -> None:
    url = reverse("runs:result-rate", args=[run.uid, 0])

    answer = as_viewer.post(url, {"scorer_name": "helpful", "value": "0.75"}, headers=HTMX)

    assert answer.status_code == 200
    assert 'value="0.75"' in text(answer)
    assert Score.objects.get(scorer=helpful, author=viewer.pk).value == 0.75


def test_rating_without_javascript_leads_back(as_viewer: Client, run: Run, helpful: Any) -> None:
    url = reverse("runs:result-rate", args=[run.uid, 0])

    answer = as_viewer.post(url, {"scorer_name": "helpful", "value": "0.75"})

    assert answer["Location"] == reverse("runs:result-detail", args=[run.uid, 0])


@pytest.mark.parametrize("value", ["", "good", "2", "nan"])
def test_rating_that_does_not_fit_answers_422_and_keeps_what_was_typed(
    as_viewer: Client, run: Run, helpful: Any, value: str
) -> None:
    url = reverse("runs:result-rate", args=[run.uid, 0])

    answer = as_viewer.post(url, {"scorer_name": "helpful", "value": value}, headers=HTMX)

    assert answer.status_code == 422
    assert f'value="{value}" aria-invalid="true"' in text(answer)
    assert not Score.objects.filter(scorer=helpful).exists()


def test_rating_of_an_error_is_not_offered(as_viewer: Client, run: Run, helpful: Any) -> None:
    page = text(as_viewer.get(reverse("runs:result-detail", args=[run.uid, 2])))

    assert "Your rating" not in page
