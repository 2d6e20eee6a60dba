"""The pages about experiments and providers: for members, for strangers, with bad input, plain and htmx."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from evalsite.plugins import runners
from experiments.models import Experiment, Project, Provider
from runs.actions import pause_run
from runs.models import Run, RunStatus
from runs.simulator.thread import running_simulator
from scoring.models import RunStanding
from tests.boards import experiment_in, run_of
from tests.factories import CandidateFactory, ExperimentFactory, LaneFactory, ProviderFactory

HTMX = {"HX-Request": "true"}
TABS = [
    "experiment-board",
    "experiment-runs",
    "experiment-progress",
    "experiment-leaderboard",
    "experiment-charts",
    "experiment-detail",
]


@pytest.fixture
def experiment(project: Project) -> Experiment:
    return experiment_in(project, name="support-qa")


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


def board_of(client: Client, experiment: Experiment) -> str:
    """Return the page of a board."""
    return text(client.get(reverse("experiments:experiment-board", args=[experiment.uid])))


def test_experiment_list_shows_status_and_best_score(as_viewer: Client, experiment: Experiment) -> None:
    run_of(experiment, score=0.4)
    run_of(experiment, score=0.7, ok_count=1, timeout_count=1)

    page = text(as_viewer.get(reverse("experiments:experiment-list")))

    assert "60.0 to 80.0" in page
    assert "1 error" in page
    assert "completed" in page


def test_experiment_list_shows_when_each_was_started_and_sorts_by_it(as_viewer: Client, project: Project) -> None:
    early, late = (experiment_in(project, name=name) for name in ("early", "late"))
    draft = experiment_in(project, name="draft")
    for experiment, day in ((late, 9), (early, 3)):
        run = run_of(experiment)
        type(run).objects.filter(pk=run.pk).update(started_at=datetime(2026, 2, day, tzinfo=UTC))
    Experiment.objects.filter(pk=draft.pk).update(created_at=datetime(2026, 2, 5, tzinfo=UTC))

    newest: Any = as_viewer.get(reverse("experiments:experiment-list"))
    oldest: Any = as_viewer.get(f"{reverse('experiments:experiment-list')}?ordering=started")

    assert [row.experiment.name for row in newest.context["page"].rows] == ["late", "draft", "early"]
    assert [row.experiment.name for row in oldest.context["page"].rows] == ["early", "draft", "late"]
    assert "9 Feb 00:00" in text(newest)
    assert 'aria-label="not started"' in text(newest)


def test_experiments_with_a_score_can_be_chosen_for_compare(as_viewer: Client, project: Project) -> None:
    scored, draft = experiment_in(project), experiment_in(project)
    run_of(scored)

    page = text(as_viewer.get(reverse("experiments:experiment-list")))

    assert f'data-choose="{scored.uid}"' in page
    assert f'data-choose="{draft.uid}"' not in page
    assert page.count("data-choose-box disabled") == 1


def test_experiment_list_of_a_stranger_is_empty(client: Client, stranger: User, experiment: Experiment) -> None:
    client.force_login(stranger)

    assert "support-qa" not in text(client.get(reverse("experiments:experiment-list")))


@pytest.mark.parametrize(
    ("query", "is_shown"), [("status=draft", True), ("status=running", False), ("mine=on", False), ("status=", True)]
)
def test_experiment_list_shows_what_the_filter_leaves(
    as_viewer: Client, experiment: Experiment, query: str, is_shown: bool
) -> None:
    page = text(as_viewer.get(f"{reverse('experiments:experiment-list')}?{query}"))

    assert (f'id="experiment-{experiment.pk}"' in page) is is_shown


@pytest.mark.parametrize("query", ["status=odd", "dataset=odd"])
def test_experiment_list_with_a_bad_filter_answers_422(as_viewer: Client, experiment: Experiment, query: str) -> None:
    assert as_viewer.get(f"{reverse('experiments:experiment-list')}?{query}").status_code == 422


def test_experiment_list_asks_as_often_for_20_as_for_one(as_viewer: Client, project: Project) -> None:
    url = reverse("experiments:experiment-list")
    run_of(experiment_in(project))
    one = query_count(as_viewer, url)
    [run_of(experiment_in(project)) for _ in range(19)]

    assert query_count(as_viewer, url) == one


@pytest.mark.parametrize("name", TABS)
def test_experiment_of_a_stranger_is_a_404(client: Client, stranger: User, experiment: Experiment, name: str) -> None:
    client.force_login(stranger)

    assert client.get(reverse(f"experiments:{name}", args=[experiment.uid])).status_code == 404


def test_experiment_leads_to_its_board(as_viewer: Client, experiment: Experiment) -> None:
    answer = as_viewer.get(reverse("experiments:experiment-detail", args=[experiment.uid]))

    assert answer["Location"] == reverse("experiments:experiment-board", args=[experiment.uid])


def test_board_ranks_runs_by_score(as_viewer: Client, experiment: Experiment) -> None:
    low, high = run_of(experiment, score=0.4), run_of(experiment, score=0.7)

    page = board_of(as_viewer, experiment)

    assert page.index(f'id="row-{high.pk}"') < page.index(f'id="row-{low.pk}"')
    assert "Score: correct × 1, 0 to 100. Intervals 95\N{NO-BREAK SPACE}%, items as units. Errors excluded." in page


def test_board_marks_baseline_provisional_missing_and_partial(as_viewer: Client, experiment: Experiment) -> None:
    run = run_of(experiment, status=RunStatus.RUNNING)
    RunStanding.objects.filter(run=run).update(missing=["helpful"], partial={"kind": [12, 60]})
    Experiment.objects.filter(pk=experiment.pk).update(baseline=run.candidate)

    page = board_of(as_viewer, experiment)

    assert ">baseline<" in page
    assert ">provisional<" in page
    assert "missing: helpful" in page
    assert "partial: kind 12 of 60" in page


def test_board_shows_progress_while_something_goes_on(as_viewer: Client, experiment: Experiment) -> None:
    LaneFactory(kind="host")
    run_of(experiment, status=RunStatus.RUNNING, ok_count=1, open_calls=1)

    page = board_of(as_viewer, experiment)

    assert 'data-live="/experiments/' in page
    assert 'data-live-title="(50 %) support-qa' in page
    assert "1/2" in page
    assert "No worker" not in page


def test_board_leads_editors_to_its_scorers(client: Client, editor: User, viewer: User, experiment: Experiment) -> None:
    run_of(experiment)
    pages = []
    for person in (editor, viewer):
        client.force_login(person)
        pages.append(board_of(client, experiment))

    assert ["Edit scorers" in page for page in pages] == [True, False]


def test_board_polls_where_streams_are_off(as_viewer: Client, experiment: Experiment, settings: Settings) -> None:
    settings.STREAMS = False
    run_of(experiment, status=RunStatus.RUNNING)

    assert 'data-live=""' in board_of(as_viewer, experiment)


def test_board_of_an_ended_experiment_is_not_live(as_viewer: Client, experiment: Experiment) -> None:
    run_of(experiment)

    assert "data-live=" not in board_of(as_viewer, experiment)


def test_board_says_that_no_worker_is_there(as_viewer: Client, experiment: Experiment) -> None:
    run_of(experiment, status=RunStatus.PENDING, score=None)

    assert "No worker is there" in board_of(as_viewer, experiment)


def test_board_shows_why_a_run_is_paused(as_viewer: Client, experiment: Experiment) -> None:
    run_of(experiment, status=RunStatus.PAUSED)

    assert "the key is wrong" in board_of(as_viewer, experiment)


def test_board_offers_buttons_by_role(client: Client, editor: User, viewer: User, experiment: Experiment) -> None:
    run = run_of(experiment, status=RunStatus.RUNNING)
    pause = reverse("runs:run-pause", args=[run.uid])

    client.force_login(editor)
    of_editor = board_of(client, experiment)
    client.force_login(viewer)
    of_viewer = board_of(client, experiment)

    assert pause in of_editor
    assert pause not in of_viewer


def test_board_sets_apart_who_is_not_in_the_file(as_viewer: Client, experiment: Experiment) -> None:
    run = run_of(experiment)
    experiment.candidates.update(removed_at="2026-01-01T00:00:00Z")

    page = board_of(as_viewer, experiment)

    assert "Not on the board" in page
    assert f'id="run-{run.pk}"' in page
    assert f'id="row-{run.pk}"' not in page


def test_board_asks_as_often_for_20_runs_as_for_one(as_viewer: Client, experiment: Experiment) -> None:
    url = reverse("experiments:experiment-board", args=[experiment.uid])
    run_of(experiment)
    one = query_count(as_viewer, url)
    [run_of(experiment) for _ in range(19)]

    assert query_count(as_viewer, url) == one


@pytest.mark.parametrize("name", ["experiment-progress", "experiment-leaderboard", "experiment-charts"])
def test_part_of_the_board_is_a_fragment(as_viewer: Client, experiment: Experiment, name: str) -> None:
    run_of(experiment)

    answer = as_viewer.get(reverse(f"experiments:{name}", args=[experiment.uid]), headers=HTMX)

    assert text(answer).startswith(f'<section id="{name}"')
    assert answer["Cache-Control"] == "no-store"
    assert len(answer.content) < 20_000


def test_leaderboard_of_ten_is_a_light_fragment(as_editor: Client, experiment: Experiment) -> None:
    runs = [run_of(experiment, ok_count=1, timeout_count=1) for _ in range(10)]
    Experiment.objects.update(baseline=runs[0].candidate)

    answer = as_editor.get(reverse("experiments:experiment-leaderboard", args=[experiment.uid]), headers=HTMX)

    assert text(answer).count("data-menu") == 10
    assert len(answer.content) < 20_000


def test_board_of_what_has_ended_says_how_long_it_took(as_viewer: Client, experiment: Experiment) -> None:
    begun = timezone.now() - timedelta(minutes=5)
    for seconds in (90, 130):
        run = run_of(experiment)
        ended = begun + timedelta(seconds=seconds)
        values = {"status": RunStatus.FAILED, "status_reason": "it broke", "started_at": begun, "completed_at": ended}
        Run.objects.filter(pk=run.pk).update(**values)

    part = text(as_viewer.get(reverse("experiments:experiment-progress", args=[experiment.uid]), headers=HTMX))

    assert "Took" in part
    assert "2 min 10 s" in part


def test_board_of_what_is_completed_keeps_its_time_and_cost(as_viewer: Client, experiment: Experiment) -> None:
    run, begun = run_of(experiment, ok_count=2, cost_usd="0.5"), timezone.now() - timedelta(minutes=5)
    Run.objects.filter(pk=run.pk).update(started_at=begun, completed_at=begun + timedelta(seconds=130))

    page = board_of(as_viewer, experiment)

    assert page.count("2 min 10 s") == 2
    assert page.count("$0.50") == 2
    assert '<details class="card charts" id="progress-runs">' in page


@pytest.mark.parametrize(("who", "is_offered"), [("editor", True), ("viewer", False)])
def test_experiment_list_offers_a_new_one_to_those_who_may_make_it(
    client: Client, request: pytest.FixtureRequest, project: Project, who: str, is_offered: bool
) -> None:
    client.force_login(request.getfixturevalue(who))

    page = text(client.get(reverse("experiments:experiment-list")))

    assert (reverse("experiments:experiment-new") in page) is is_offered


def test_board_of_nothing_that_was_started_has_no_figures(as_viewer: Client, experiment: Experiment) -> None:
    assert "figure__label" not in board_of(as_viewer, experiment)


def test_start_makes_runs(as_editor: Client, experiment: Experiment) -> None:
    CandidateFactory(experiment=experiment)

    answer = as_editor.post(reverse("experiments:experiment-start", args=[experiment.uid]))

    assert answer.status_code == 302
    assert Run.objects.filter(experiment=experiment, status=RunStatus.PENDING).count() == 1


def test_start_that_cannot_be_says_why(as_editor: Client, experiment: Experiment) -> None:
    answer = as_editor.post(reverse("experiments:experiment-start", args=[experiment.uid]), follow=True)

    assert "has no candidates" in text(answer)


def test_start_is_not_for_viewers(as_viewer: Client, experiment: Experiment) -> None:
    assert as_viewer.post(reverse("experiments:experiment-start", args=[experiment.uid])).status_code == 403


def test_baseline_is_set_by_the_row_s_menu(as_editor: Client, experiment: Experiment) -> None:
    candidate = CandidateFactory(experiment=experiment)

    url = reverse("experiments:experiment-baseline", args=[experiment.uid, candidate.uid])
    answer = as_editor.post(url, follow=True)

    assert Experiment.objects.get(pk=experiment.pk).baseline == candidate
    assert f"{candidate} is the baseline now" in answer.content.decode()


def test_baseline_of_another_experiment_is_a_404(as_editor: Client, experiment: Experiment, project: Project) -> None:
    other = CandidateFactory(experiment=ExperimentFactory(project=project))

    url = reverse("experiments:experiment-baseline", args=[experiment.uid, other.uid])

    assert as_editor.post(url).status_code == 404


def test_runs_tab_lists_the_runs(as_viewer: Client, experiment: Experiment) -> None:
    run = run_of(experiment)

    page = text(as_viewer.get(reverse("experiments:experiment-runs", args=[experiment.uid])))

    assert f'id="run-{run.pk}"' in page


@pytest.fixture
def provider(project: Project) -> Provider:
    return ProviderFactory(project=project, name="local", api_key_env="TEAM_KEY")


VALUES = {"name": "fast", "kind": "openai", "base_url": "http://127.0.0.1:9/v1", "max_in_flight": "8"}
EMPTY_JSON = {"prices": "{}", "headers": "{}", "options": "{}"}


def test_provider_list_names_the_key_and_never_shows_it(
    as_viewer: Client, provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_ENV = ["team:TEAM_KEY"]
    monkeypatch.setenv("TEAM_KEY", "canary-of-the-key")

    page = text(as_viewer.get(reverse("experiments:provider-list")))

    assert "TEAM_KEY" in page
    assert "seen by the web process" in page
    assert "canary" not in page


def test_provider_list_calls_kinds_as_the_form_does(as_viewer: Client, provider: Provider) -> None:
    Provider.objects.create(project=provider.project, name="former", kind="uninstalled")

    page = text(as_viewer.get(reverse("experiments:provider-list")))

    assert "<td>OpenAI-compatible</td>" in page
    assert "<td>uninstalled</td>" in page


def test_provider_list_says_that_a_key_is_not_set(as_viewer: Client, provider: Provider, settings: Settings) -> None:
    settings.PROVIDER_ENV = ["team:TEAM_KEY"]

    assert "not set in the web process" in text(as_viewer.get(reverse("experiments:provider-list")))


def test_provider_list_asks_as_often_for_20_as_for_one(as_viewer: Client, project: Project) -> None:
    url = reverse("experiments:provider-list")
    ProviderFactory(project=project)
    one = query_count(as_viewer, url)
    ProviderFactory.create_batch(19, project=project)

    assert query_count(as_viewer, url) == one


def test_provider_of_a_stranger_is_a_404(client: Client, stranger: User, provider: Provider) -> None:
    client.force_login(stranger)

    assert client.get(reverse("experiments:provider-detail", args=[provider.uid])).status_code == 404
    assert client.post(reverse("experiments:provider-test", args=[provider.uid])).status_code == 404


def test_provider_is_made_by_the_form(as_editor: Client, project: Project) -> None:
    answer = as_editor.post(
        reverse("experiments:provider-new"), {**VALUES, **EMPTY_JSON, "project": project.pk, "timeout_s": "20"}
    )

    made = Provider.objects.get(name="fast")
    assert answer["Location"] == reverse("experiments:provider-detail", args=[made.uid])
    assert (made.project, made.max_in_flight, made.timeout_s) == (project, 8, 20)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"base_url": "ftp://odd"}, "base_url"),
        ({"max_in_flight": "0"}, "max_in_flight"),
        ({"prices": "{"}, "prices"),
        ({"prices": '{"m": {"input": 1}}'}, "prices"),
        ({"kind": "odd"}, "kind"),
    ],
)
def test_provider_that_does_not_fit_answers_422_and_keeps_what_was_typed(
    as_editor: Client, project: Project, changes: dict[str, str], field: str
) -> None:
    values = {**VALUES, **EMPTY_JSON, "project": project.pk, "timeout_s": "77", **changes}

    answer = as_editor.post(reverse("experiments:provider-new"), values)

    assert answer.status_code == 422
    assert f'name="{field}"' in text(answer)
    assert 'aria-invalid="true"' in text(answer)
    assert 'value="77' in text(answer)


def test_provider_form_tells_all_that_does_not_fit_at_once(as_editor: Client, project: Project) -> None:
    wrong = {"name": "", "base_url": "", "max_in_flight": "0", "timeout_s": "-1", "prices": "{", "options": "[]"}

    answer = as_editor.post(
        reverse("experiments:provider-new"), {**VALUES, **EMPTY_JSON, "project": project.pk, **wrong}
    )

    assert answer.status_code == 422
    assert sorted(answer.context["provider_form"].errors) == [
        "base_url",
        "max_in_flight",
        "name",
        "prices",
        "timeout_s",
    ]
    assert "this kind needs the URL of its endpoint" in text(answer)


def test_provider_that_was_connected_is_offered_a_test(as_editor: Client, project: Project) -> None:
    values = {**VALUES, **EMPTY_JSON, "project": project.pk}

    page = text(as_editor.post(reverse("experiments:provider-new"), values, follow=True))

    assert "fast is connected. Test it" in page
    assert page.index("Make one real call") < page.index("Connection</h2>")


def test_provider_names_the_runs_that_wait_for_it(as_editor: Client, experiment: Experiment) -> None:
    run = run_of(experiment, status=RunStatus.PAUSED)

    page = text(as_editor.get(reverse("experiments:provider-detail", args=[run.provider.uid])))

    assert "Runs that wait" in page
    assert "the key is wrong" in page
    assert f'href="/runs/{run.uid}/"' in page


def test_paused_run_leads_to_where_it_is_mended(client: Client, editor: User, experiment: Experiment) -> None:
    run = run_of(experiment, status=RunStatus.PAUSED)
    client.force_login(editor)

    pages = [board_of(client, experiment), text(client.get(reverse("runs:run-detail", args=[run.uid])))]

    for page in pages:
        assert f'href="/providers/{run.provider.uid}/">Look at the provider' in page
        assert f"candidates/new/?copy={run.candidate.uid}" in page
    assert "Resume all" in pages[0]


def test_run_that_a_person_paused_has_nothing_to_be_mended(
    client: Client, editor: User, experiment: Experiment
) -> None:
    run = run_of(experiment, status=RunStatus.RUNNING)
    pause_run(run=run, by=editor)
    client.force_login(editor)

    pages = [board_of(client, experiment), text(client.get(reverse("runs:run-detail", args=[run.uid])))]

    for page in pages:
        assert f"paused by {editor}" in page
        assert "Look at the provider" not in page


def test_provider_form_explains_the_options_of_every_kind(as_editor: Client) -> None:
    page = text(as_editor.get(reverse("experiments:provider-new")))

    assert "Kinds and their options" in page
    assert all(kind.label in page for kind in runners.all().values())
    assert '<dt class="mono">key_header</dt><dd>The header that carries the key.' in page
    assert "Else &quot;Authorization&quot;" in page


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("http", '{"text": "a..b"}', "is no path"),
        ("http", '{"path": "{{ model }}"}', "it begins with"),
        ("python", '{"callable": "os.system"}', "only the command line may name any callable"),
        ("anthropic", '{"max_tokens": 0}', "max_tokens"),
        ("gemini", '{"colour": 1}', "there are: stream"),
    ],
)
def test_provider_with_options_that_do_not_fit_its_kind_says_so(
    as_editor: Client, project: Project, kind: str, options: str, sentence: str
) -> None:
    values = {**VALUES, **EMPTY_JSON, "project": project.pk, "kind": kind, "options": options}

    answer = as_editor.post(reverse("experiments:provider-new"), values)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not Provider.objects.filter(name="fast").exists()


def test_provider_in_a_strangers_project_is_refused(as_editor: Client) -> None:
    foreign = ProviderFactory().project

    answer = as_editor.post(reverse("experiments:provider-new"), {**VALUES, **EMPTY_JSON, "project": foreign.pk})

    assert answer.status_code == 422
    assert not Provider.objects.filter(name="fast").exists()


def test_provider_is_changed_by_the_form(as_editor: Client, project: Project) -> None:
    provider = ProviderFactory(project=project)
    url = reverse("experiments:provider-detail", args=[provider.uid])

    answer = as_editor.post(url, {**VALUES, **EMPTY_JSON})

    assert answer.status_code == 302
    assert Provider.objects.get(pk=provider.pk).max_in_flight == 8


def test_provider_form_is_not_for_viewers(as_viewer: Client, provider: Provider) -> None:
    url = reverse("experiments:provider-detail", args=[provider.uid])

    assert "provider-form" not in text(as_viewer.get(url))
    assert as_viewer.post(url, {**VALUES, **EMPTY_JSON, "api_key_env": "TEAM_KEY"}).status_code == 403


def test_test_shows_the_answer_of_one_real_call(as_editor: Client, project: Project) -> None:
    provider = ProviderFactory(project=project, kind="simulator", base_url="")

    with running_simulator():
        answer = as_editor.post(reverse("experiments:provider-test", args=[provider.uid]), headers=HTMX)

    assert text(answer).startswith('<div id="provider-test"')
    assert "Latency" in text(answer)


def test_test_says_why_no_answer_came(as_editor: Client, project: Project) -> None:
    provider = ProviderFactory(project=project)

    answer = as_editor.post(reverse("experiments:provider-test", args=[provider.uid]), {"model": "m"})

    assert answer.status_code == 200
    assert "was refused" in text(answer)


def test_test_is_not_for_viewers(as_viewer: Client, provider: Provider) -> None:
    assert as_viewer.post(reverse("experiments:provider-test", args=[provider.uid])).status_code == 403
