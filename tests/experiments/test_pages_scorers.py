"""The pages on which scorers are changed: seen before it is kept, for members with the role, with bad input."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from evalsite.plugins import scorers
from experiments.models import Experiment, Item, ScorerSpec
from scoring.models import ScorerProposal
from tests.people import member_of
from tests.scoring.proposed import MATCHING, answered, proposed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def experiment() -> Experiment:
    """An experiment with one run of two wrong answers."""
    return answered(2)


@pytest.fixture
def as_editor(client: Client, experiment: Experiment) -> Client:
    client.force_login(member_of(experiment.project, "editor"))
    return client


def text(answer: Any) -> str:
    """Return the body of an answer."""
    return str(answer.content.decode())


def at(name: str, *args: object) -> str:
    """Return the address of one of our pages."""
    return reverse(f"experiments:{name}", args=args)


def pattern(wanted: str = MATCHING, **changes: str) -> dict[str, str]:
    """Return the form of a scorer with a pattern, as a browser sends it."""
    return {"kind": "regex", "weight": "1", "option-pattern": wanted, **changes}


def test_settings_lists_the_scorers_with_their_options(as_editor: Client, experiment: Experiment) -> None:
    page = text(as_editor.get(at("experiment-settings", experiment.uid)))

    assert "Exact match" in page
    assert at("scorer-detail", experiment.uid, "correct") in page
    assert at("experiment-clone", experiment.uid) in page


def test_scorer_is_changed_after_its_flips_were_seen(as_editor: Client, experiment: Experiment) -> None:
    answer = as_editor.post(at("scorer-detail", experiment.uid, "correct"), pattern())
    proposal = ScorerProposal.objects.get()
    page = text(as_editor.get(answer["Location"]))

    assert answer["Location"] == at("scorer-proposal", proposal.uid)
    assert "2 of 2 verdicts flip</strong>: 2 to a better value" in page
    assert all(f'<td dir="auto">{item.expected}</td>' in page for item in Item.objects.all())
    assert "sum-0" in page
    assert experiment.scorers.get().kind == "exact_match"

    kept = as_editor.post(at("scorer-keep", proposal.uid))

    assert kept["Location"] == at("experiment-board", experiment.uid)
    assert experiment.scorers.get().kind == "regex"
    assert "Revision 1" in text(as_editor.get(at("scorer-detail", experiment.uid, "correct")))


def test_scorer_is_as_it_was_after_discarding(as_editor: Client, experiment: Experiment) -> None:
    as_editor.post(at("scorer-detail", experiment.uid, "correct"), pattern())

    as_editor.post(at("scorer-discard", ScorerProposal.objects.get().uid))

    assert experiment.scorers.values_list("kind", "revision").get() == ("exact_match", 1)
    assert not ScorerProposal.objects.exists()


def test_new_scorer_of_people_is_saved_at_once(as_editor: Client, experiment: Experiment) -> None:
    form = {"kind": "person", "name": "helpful", "option-scale": "[1, 5]", "option-instructions": "Line\r\ntwo"}

    answer = as_editor.post(at("scorer-new", experiment.uid), form)

    assert answer["Location"] == at("experiment-settings", experiment.uid)
    helpful = ScorerSpec.objects.get(name="helpful")
    assert (helpful.range_low, helpful.range_high, helpful.position) == (1.0, 5.0, 1)
    assert helpful.revisions.get().options["instructions"] == "Line\ntwo"


def test_lists_and_ticks_of_a_form_are_read_as_they_are(as_editor: Client, experiment: Experiment) -> None:
    form = {"kind": "contains", "name": "place", "option-value": "Paris\r\n London ", "option-ignore_case": "on"}

    as_editor.post(at("scorer-new", experiment.uid), form)

    options = ScorerProposal.objects.get().revision.options
    assert (options["value"], options["ignore_case"], options["negate"]) == (["Paris", " London "], True, False)


def test_tick_that_is_taken_away_is_false(as_editor: Client, experiment: Experiment) -> None:
    as_editor.post(at("scorer-new", experiment.uid), {"kind": "json_valid", "name": "shape"})

    assert ScorerProposal.objects.get().revision.options["fenced"] is False


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (pattern("("), "missing )"),
        (pattern(weight="-1"), "greater than or equal to 0"),
        (pattern(weight="much"), "Enter a number"),
        (pattern(range="[5, 1]"), "The first number must be below the second"),
        (pattern(pass_value="x"), "Enter a number"),
        ({"kind": "latency", "weight": "2"}, "needs a range"),
    ],
)
def test_scorer_with_bad_input_answers_422_and_keeps_what_was_typed(
    as_editor: Client, experiment: Experiment, form: dict[str, str], sentence: str
) -> None:
    answer = as_editor.post(at("scorer-detail", experiment.uid, "correct"), form)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'aria-invalid="true"' in text(answer)
    assert not ScorerProposal.objects.exists()


def chosen(kind: str, **typed: str) -> dict[str, str]:
    """Return the form of an exact match whose button "Choose" was pressed."""
    return {"kind": "exact_match", "choose": "on", "chosen_kind": kind, **typed}


def test_choosing_another_kind_keeps_what_was_typed(as_editor: Client, experiment: Experiment) -> None:
    typed = {"name": "exact-match", "weight": "2.5", "tags": "hard", "option-extract": "A: (.*)", "answer": "A: 7"}

    answer = as_editor.post(at("scorer-new", experiment.uid), chosen("regex", **typed, **{"option-pattern": "^x$"}))
    page = text(answer)

    assert answer.status_code == 200
    assert 'name="kind" value="regex"' in page
    assert ('value="2.5"' in page, 'value="hard"' in page, ">A: 7</textarea>" in page) == (True, True, True)
    assert 'type="hidden" name="option-extract" value="A: (.*)"' in page
    assert 'value="^x$"' in page
    assert 'name="name" value="regex"' in page
    assert not ScorerProposal.objects.exists()


def test_choosing_a_kind_keeps_a_tick_that_was_taken_away_and_the_mark_of_the_form(
    as_editor: Client, experiment: Experiment
) -> None:
    form = chosen("exact_match", seen="stale") | {"kind": "exact_match", "option-ignore_case": "on"}

    page = text(as_editor.post(at("scorer-detail", experiment.uid, "correct"), form))

    assert 'name="seen" value="stale"' in page
    assert "Somebody else" not in page
    assert page.count(" checked") == 1


def test_tick_that_was_taken_away_stays_away_after_another_kind_was_looked_at(
    as_editor: Client, experiment: Experiment
) -> None:
    address = at("scorer-new", experiment.uid)
    fresh = text(as_editor.post(address, chosen("json_valid")))

    there = text(as_editor.post(address, chosen("latency") | {"kind": "json_valid"}))
    carried = dict(re.findall(r'type="hidden" name="(option-[^"]+)" value="([^"]*)"', there))
    back = text(as_editor.post(address, chosen("json_valid") | {"kind": "latency", **carried}))

    assert (carried["option-fenced"], fresh.count(" checked") - back.count(" checked")) == ("", 1)


def test_choosing_an_unknown_kind_is_not_found(as_editor: Client, experiment: Experiment) -> None:
    assert as_editor.post(at("scorer-new", experiment.uid), chosen("magic")).status_code == 404


def test_condition_on_items_is_kept_by_an_edit(as_editor: Client, experiment: Experiment) -> None:
    Item.objects.filter(key="sum-1").update(tags="|hard|")

    as_editor.post(at("scorer-detail", experiment.uid, "correct"), pattern(tags="hard"))
    proposal = ScorerProposal.objects.get()
    as_editor.post(at("scorer-keep", proposal.uid))

    assert (proposal.planned_count, proposal.done_count, proposal.flip_count) == (1, 1, 1)
    assert experiment.scorers.get().when == {"tags": ["hard"]}
    assert 'value="hard"' in text(as_editor.get(at("scorer-detail", experiment.uid, "correct")))


def test_condition_that_no_item_meets_is_refused(as_editor: Client, experiment: Experiment) -> None:
    answer = as_editor.post(at("scorer-detail", experiment.uid, "correct"), pattern(split="odd"))

    assert answer.status_code == 422
    assert "no item of" in text(answer)


def test_scorer_under_a_bad_name_is_refused_at_the_name(as_editor: Client, experiment: Experiment) -> None:
    answer = as_editor.post(at("scorer-new", experiment.uid), pattern(name="not a name"))

    assert answer.status_code == 422
    assert "may hold a-z" in text(answer)


def test_stale_proposal_is_refused_and_stays(as_editor: Client, experiment: Experiment) -> None:
    first, second = proposed(experiment), proposed(experiment, by=member_of(experiment.project, "editor"))
    as_editor.post(at("scorer-keep", first.uid))

    answer = as_editor.post(at("scorer-keep", second.uid), follow=True)

    assert "somebody else" in text(answer)
    assert ScorerProposal.objects.get() == second


def test_last_weighted_scorer_cannot_be_taken_out(as_editor: Client, experiment: Experiment) -> None:
    answer = as_editor.post(at("scorer-remove", experiment.uid, "correct"), follow=True)

    assert "no other scorer has a weight above 0" in text(answer)
    assert experiment.scorers.filter(removed_at=None).exists()


def test_scorer_is_taken_out_while_another_bears_weight(as_editor: Client, experiment: Experiment) -> None:
    as_editor.post(at("scorer-keep", proposed(experiment, name="place").uid))

    as_editor.post(at("scorer-remove", experiment.uid, "correct"))

    assert [spec.name for spec in experiment.scorers.filter(removed_at=None)] == ["place"]


def test_try_says_the_value_and_what_was_extracted(as_editor: Client, experiment: Experiment) -> None:
    form = {"kind": "exact_match", "option-extract": r"A: (\d+)", "answer": "So A: 2", "item": "sum-1"}

    page = text(as_editor.post(at("scorer-try", experiment.uid), form))

    assert "✓" in page
    assert '<dd class="prose" dir="auto">2</dd>' in page
    assert not ScorerProposal.objects.exists()


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"kind": "regex", "option-pattern": "("}, "missing )"),
        ({"kind": "person"}, "nothing to try"),
        ({"kind": "exact_match", "item": "odd"}, "There is no item “odd”"),
    ],
)
def test_try_with_bad_input_says_what_does_not_fit(
    as_editor: Client, experiment: Experiment, form: dict[str, str], sentence: str
) -> None:
    assert sentence in text(as_editor.post(at("scorer-try", experiment.uid), {**form, "answer": "x"}))


@pytest.mark.parametrize("kind", ["exact_match", "contains", "regex", "numeric_match", "json_valid", "latency", "cost"])
def test_form_of_every_kind_is_shown(as_editor: Client, experiment: Experiment, kind: str) -> None:
    answer = as_editor.get(f"{at('scorer-detail', experiment.uid, 'correct')}?kind={kind}")

    assert answer.status_code == 200
    assert "See what flips" in text(answer)
    assert f'<option value="{kind}" selected>{scorers.get(kind).label}</option>' in text(answer)


def test_unknown_kind_is_a_404(as_editor: Client, experiment: Experiment) -> None:
    assert as_editor.get(f"{at('scorer-new', experiment.uid)}?kind=odd").status_code == 404


def test_viewers_see_the_settings_and_change_nothing(client: Client, experiment: Experiment) -> None:
    proposal = proposed(experiment)
    client.force_login(member_of(experiment.project, "viewer"))

    assert client.get(at("experiment-settings", experiment.uid)).status_code == 200
    assert client.get(at("scorer-proposal", proposal.uid)).status_code == 200
    assert client.get(at("scorer-new", experiment.uid)).status_code == 403
    assert client.post(at("scorer-detail", experiment.uid, "correct"), pattern()).status_code == 403
    assert client.post(at("scorer-try", experiment.uid), pattern()).status_code == 403
    assert client.post(at("scorer-remove", experiment.uid, "correct")).status_code == 403
    assert client.post(at("scorer-keep", proposal.uid)).status_code == 403
    assert client.post(at("scorer-discard", proposal.uid)).status_code == 403
    assert client.post(at("scorer-go-on", proposal.uid)).status_code == 403


def test_strangers_find_nothing(client: Client, experiment: Experiment, stranger: User) -> None:
    proposal = proposed(experiment)
    client.force_login(stranger)

    assert client.get(at("experiment-settings", experiment.uid)).status_code == 404
    assert client.get(at("scorer-proposal", proposal.uid)).status_code == 404
    assert client.post(at("scorer-keep", proposal.uid)).status_code == 404


def test_proposal_that_is_still_judged_asks_again_and_cannot_be_kept(as_editor: Client, experiment: Experiment) -> None:
    proposal = proposed(experiment)
    ScorerProposal.objects.update(is_done=False, done_count=1)

    part = text(as_editor.get(at("scorer-proposal", proposal.uid), headers={"HX-Request": "true"}))
    answer = as_editor.post(at("scorer-keep", proposal.uid), follow=True)

    assert "Judging: 1 of 2 stored outputs" in part
    assert 'hx-trigger="every 1s"' in part
    assert "No worker is there" in part
    assert "wait until all are" in text(answer)


def test_judging_goes_on_when_asked(as_editor: Client, experiment: Experiment) -> None:
    proposal = proposed(experiment)
    ScorerProposal.objects.update(is_done=False)

    as_editor.post(at("scorer-go-on", proposal.uid))

    assert ScorerProposal.objects.get().is_done
