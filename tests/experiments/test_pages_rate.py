"""The Rate page: one answer after the other, whose it is hidden; what does not fit is said and kept."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments.actions import declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.media import data_uri
from experiments.models import Experiment, Item
from runs.models import Result, Run, Transcript
from scoring.models import RunScore, Score, Showing
from tests.boards import experiment_in, result_of, run_of
from tests.factories import ScorerRevisionFactory, ScorerSpecFactory, ShowingFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def experiment(project: Any) -> Experiment:
    """Two runs over two items, and a scorer from 1 to 5 that people give."""
    made = experiment_in(project, items=2)
    scorer = ScorerSpecFactory(experiment=made, name="helpful", kind="person", weight=0, range_low=1, range_high=5)
    options = {"scale": [1.0, 5.0], "labels": {"5": "perfect"}, "instructions": "Does it help?"}
    ScorerRevisionFactory(scorer=scorer, options=options)
    for run in (run_of(made, ok_count=2), run_of(made, ok_count=2)):
        _ = [result_of(run, ordinal) for ordinal in range(2)]
    return made


def address(experiment: Experiment) -> str:
    return reverse("experiments:experiment-rate", args=[experiment.uid])


def press(client: Any, experiment: Experiment, **values: str) -> Any:
    opened = Showing.objects.filter(answered_at=None).first()
    return client.post(address(experiment), {"showing": str(opened.uid) if opened else "", **values})


def test_page_shows_an_answer_with_its_questions(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)

    page = client.get(address(experiment)).content.decode()

    assert "0 of 4" in page
    assert "Does it help?" in page
    assert "perfect" in page
    assert page.count('type="radio"') == 5
    assert "A: Paris" in page


def test_page_shows_the_images_of_the_item(client: Any, viewer: Any, experiment: Experiment) -> None:
    uri = data_uri("image/png", b"x" * 90)
    Item.objects.update(input={"question": "What is it?", "picture": uri})
    client.force_login(viewer)

    page = client.get(address(experiment)).content.decode()

    assert page.count(uri) == page.count(f'src="{uri}"') == 1
    assert "[image/png]" in page


def test_page_says_nothing_of_whose_answer_it_is(client: Any, viewer: Any, experiment: Experiment) -> None:
    baseline = experiment.candidates.order_by("pk").first()
    Experiment.objects.update(baseline=baseline)
    client.force_login(viewer)
    secrets = [part for run in Run.objects.all() for part in (run.name, run.config["model"], str(run.uid))]
    secrets += [str(candidate.uid) for candidate in experiment.candidates.all()]

    answers = [client.get(address(experiment)), press(client, experiment), press(client, experiment, **VALUE)]

    told = "".join(answer.content.decode() + str(answer.headers) for answer in answers)
    assert [secret for secret in secrets if secret in told] == []
    assert f"result-{Showing.objects.earliest('pk').result_id}" not in told


VALUE = {"value-helpful": "4"}


def test_saving_goes_on_and_the_board_knows(
    client: Any, viewer: Any, experiment: Experiment, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(viewer)
    client.get(address(experiment))

    with django_capture_on_commit_callbacks(execute=True):
        answer = press(client, experiment, **VALUE, comment="short")

    assert (answer.status_code, answer.url) == (302, address(experiment))
    score = Score.objects.by_people().get()
    assert (score.value, score.metadata) == (4.0, {"comment": "short"})
    assert RunScore.objects.get(run=score.result.run_id, scorer__name="helpful").n == 1
    assert "1 of 4" in client.get(address(experiment)).content.decode()


def test_htmx_gets_the_next_one_as_a_fragment(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))
    first = Showing.objects.get()

    answer = client.post(address(experiment), {"showing": str(first.uid), **VALUE}, headers=HTMX)

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert "1 of 4" in text
    assert str(first.uid) not in text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "choose a value for helpful"),
        ({"value-helpful": "9"}, "takes numbers from 1 to 5"),
        ({"value-helpful": "good"}, "write a number"),
        ({"value-helpful": "nan"}, "write a finite number"),
        ({"value-helpful": "3", "comment": "x" * 6000}, "at most 5,000 characters"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(
    client: Any, viewer: Any, experiment: Experiment, typed: dict[str, str], sentence: str
) -> None:
    client.force_login(viewer)
    client.get(address(experiment))

    answer = press(client, experiment, **{"comment": "my words", **typed})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert typed.get("comment", "my words") in page
    assert not Score.objects.by_people().exists()


def test_skip_undo_and_again(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))

    press(client, experiment, do="skip")
    assert "1 skipped" in client.get(address(experiment)).content.decode()
    press(client, experiment, do="undo")
    assert Showing.objects.get(answered_at=None).is_skipped is False
    press(client, experiment, do="skip")
    press(client, experiment, do="again")
    assert not Showing.objects.filter(is_skipped=True).exists()


def test_undo_shows_the_value_that_was_given(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))
    press(client, experiment, **VALUE)

    press(client, experiment, do="undo")

    assert 'value="4" checked' in client.get(address(experiment)).content.decode()
    assert not Score.objects.by_people().exists()


def test_saving_twice_stores_once_and_says_so(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))
    uid = str(Showing.objects.get().uid)
    client.post(address(experiment), {"showing": uid, **VALUE})

    again = client.post(address(experiment), {"showing": uid, "value-helpful": "1"}, follow=True)

    assert "saved or skipped already" in again.content.decode()
    assert Score.objects.by_people().get().value == 4


def test_showing_of_somebody_else_is_unknown(client: Any, viewer: Any, owner: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    foreign = ShowingFactory(experiment=experiment, person=owner)

    assert client.post(address(experiment), {"showing": str(foreign.uid), **VALUE}).status_code == 404
    assert client.post(address(experiment), {"showing": "x", **VALUE}).status_code == 404


def test_strangers_find_nothing(client: Any, stranger: Any, experiment: Experiment) -> None:
    client.force_login(stranger)

    assert client.get(address(experiment)).status_code == 404
    assert client.post(address(experiment), {"do": "undo"}).status_code == 404
    assert client.get(reverse("experiments:experiment-ratings", args=[experiment.uid])).status_code == 404


def test_all_rated_leads_to_the_board(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    for _ in range(4):
        client.get(address(experiment))
        press(client, experiment, **VALUE)

    page = client.get(address(experiment)).content.decode()

    assert "You have rated everything" in page
    assert reverse("experiments:experiment-board", args=[experiment.uid]) in page


def test_editor_declares_what_is_asked(client: Any, editor: Any, project: Any) -> None:
    experiment = experiment_in(project)
    result_of(run_of(experiment, ok_count=1))
    client.force_login(editor)
    assert "Begin to rate" in client.get(address(experiment)).content.decode()

    url = reverse("experiments:experiment-rate-scorer", args=[experiment.uid])
    refused = client.post(url, {"name": "Very good!", "scale": "1-5"})
    made = client.post(url, {"name": "helpful", "scale": "0-1", "instructions": "Is it?"}, follow=True)

    assert refused.status_code == 422
    assert "Very good!" in refused.content.decode()
    scorer = experiment.scorers.get(name="helpful")
    assert (scorer.kind, scorer.weight, scorer.range_low, scorer.range_high) == ("person", 0, 0, 1)
    assert "Is it?" in made.content.decode()


def test_viewer_is_told_who_can_ask(client: Any, viewer: Any, project: Any) -> None:
    experiment = experiment_in(project)
    result_of(run_of(experiment, ok_count=1))
    client.force_login(viewer)

    assert "An editor of the project" in client.get(address(experiment)).content.decode()
    url = reverse("experiments:experiment-rate-scorer", args=[experiment.uid])
    assert client.post(url, {"name": "helpful", "scale": "0-1"}).status_code == 403


def queries_of(client: Any, project: Any, items: int) -> int:
    experiment = experiment_in(project, items=items)
    ScorerSpecFactory(experiment=experiment, name="helpful", kind="person")
    for run in [run_of(experiment, ok_count=items) for _ in range(min(items, 3))]:
        _ = [result_of(run, ordinal) for ordinal in range(items)]
    client.get(f"{address(experiment)}?order=item")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{address(experiment)}?order=item")
    return len(queries)


def test_queries_do_not_grow_with_results_and_runs(client: Any, viewer: Any, project: Any) -> None:
    client.force_login(viewer)

    assert queries_of(client, project, 1) == queries_of(client, project, 20)


def test_ratings_are_exported_by_person(client: Any, viewer: Any, owner: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))
    press(client, experiment, **VALUE, comment='so "so"')

    answer = client.get(reverse("experiments:experiment-ratings", args=[experiment.uid]))

    header, line, rest = answer.content.decode().split("\r\n")
    assert header == "candidate,item,trial,result,run,scorer,person,value,comment,rated_at"
    assert ',helpful,viewer,4.0,"so ""so""",' in line
    assert rest == ""


def test_rating_outlives_its_author(client: Any, viewer: Any, owner: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))
    press(client, experiment, **VALUE)
    viewer.delete()
    client.force_login(owner)

    answer = client.get(reverse("experiments:experiment-ratings", args=[experiment.uid]))

    assert ",helpful,,4.0,," in answer.content.decode()
    assert client.get(reverse("experiments:experiment-board", args=[experiment.uid])).status_code == 200


def test_answer_is_rendered_as_markdown_on_demand_and_the_next_one_too(
    client: Any, viewer: Any, experiment: Experiment
) -> None:
    Transcript.objects.update(body=[{"role": "assistant", "parts": [{"type": "text", "text": "**so** <b>x</b>"}]}])
    client.force_login(viewer)
    opened = client.get(f"{address(experiment)}?as=markdown").content.decode()

    shown = str(Showing.objects.get().uid)
    after = client.post(address(experiment), {"showing": shown, "do": "skip", "as": "markdown"}, headers=HTMX)

    rendered = "<strong>so</strong> &lt;b&gt;x&lt;/b&gt;"
    assert rendered in opened
    assert rendered in after.content.decode()


def test_scale_that_was_changed_meanwhile_is_shown_anew_and_nothing_typed_is_lost(
    client: Any, viewer: Any, experiment: Experiment
) -> None:
    client.force_login(viewer)
    page = client.get(address(experiment)).content.decode()
    seen = experiment.scorers.get(name="helpful").revision
    scale = ScorerDeclaration("helpful", "person", options={"scale": [0, 1]}, weight=0.0)
    declare_scorer(experiment=experiment, declaration=scale, by=None)

    typed = {"value-helpful": "1", "comment": "my words", "revision-helpful": str(seen)}
    refused = press(client, experiment, **typed)
    again = press(client, experiment, **{**typed, "revision-helpful": str(seen + 1)})

    assert f'name="revision-helpful" value="{seen}"' in page
    assert refused.status_code == 422
    assert "helpful was changed since it was shown, and takes numbers from 0 to 1 now" in refused.content.decode()
    assert "my words" in refused.content.decode()
    assert (again.status_code, Score.objects.by_people().get().value) == (302, 1)


def test_answer_that_is_gone_keeps_what_was_written_about_it(client: Any, viewer: Any, experiment: Experiment) -> None:
    client.force_login(viewer)
    client.get(address(experiment))
    Result.objects.filter(pk=Showing.objects.get().result_id).delete()

    answer = press(client, experiment, **VALUE, comment="my words <b>")
    page = client.get(address(experiment)).content.decode()

    assert answer.status_code == 302
    assert "nothing was saved, the next one is shown. You had written: &quot;my words &lt;b&gt;&quot;" in page
    assert not Score.objects.by_people().exists()
