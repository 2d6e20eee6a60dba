"""Drafts by API: the whole declared form, saved as it was read, checked, tried, started; clones."""

from typing import Any

import pytest

from experiments.models import Experiment, ExperimentDraft
from runs.models import Run
from tests.api_client import Api
from tests.boards import experiment_in, run_of
from tests.factories import ProviderFactory, ScorerRevisionFactory

DOCUMENT = """\
experiment: capitals
dataset:
  name: capitals
  file: data/capitals.csv
  input: question
  expected: expected
  select: {limit: 2, tags: [europe]}
  tags: tag
providers: {local: {use: local}}
prompt: "In one word: {{ input }}"
candidates: [{provider: local, model: small, name: small}, {provider: local, model: large, name: large}]
baseline: large
scorers: [{kind: contains, name: correct}]
trials: 2
require: [{candidate: small, scorer: correct, at_least: 0.75}]
"""
ROWS = "question,expected,tag\nCapital of Peru?,Lima,america\nCapital of France?,Paris,europe\n"


@pytest.fixture
def api(editor: Any, project: Any) -> Api:
    ProviderFactory(project=project, name="local")
    return Api(editor)


def drafted(api: Api, document: str = DOCUMENT) -> Any:
    made = api.post("experiment-drafts/", {"document": document, "files": {"capitals.csv": ROWS}})
    assert made.status_code == 201, made.content
    return made.json()


def test_draft_is_started_with_everything_that_a_file_declares(api: Api) -> None:
    draft = drafted(api)

    checked = api.get(f"experiment-drafts/{draft['id']}/check/").json()
    started = api.post(f"experiment-drafts/{draft['id']}/start/")

    found = started.json()
    assert checked == {"problems": [], "candidates": ["small", "large"], "scorers": ["correct"], "trials": 2}
    assert started.status_code == 201, started.content
    assert found["select"] == {"limit": 2, "tags": ["europe"]}
    assert found["require"] == [{"candidate": "small", "scorer": "correct", "at_least": 0.75}]
    assert found["baseline"] == str(Experiment.objects.get().candidates.get(name="large").uid)
    assert (Run.objects.count(), Run.objects.first().planned_count, ExperimentDraft.objects.count()) == (2, 2, 0)


def test_draft_that_declares_nothing_says_where_and_stays(api: Api) -> None:
    draft = drafted(api, DOCUMENT.replace("trials: 2", "trials: many"))

    refused = api.post(f"experiment-drafts/{draft['id']}/start/")

    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["trials"]
    assert "trials" in api.get(f"experiment-drafts/{draft['id']}/check/").json()["problems"][0]
    assert ExperimentDraft.objects.exists()


def test_draft_is_tried_with_its_first_items(api: Api) -> None:
    draft = drafted(api)

    tried = api.post(f"experiment-drafts/{draft['id']}/try/").json()

    assert len(tried["run_ids"]) == 2
    assert api.get(f"experiment-drafts/{draft['id']}/").json()["tried_id"] == tried["experiment_id"]


def test_draft_is_saved_only_as_it_was_read(api: Api) -> None:
    path = f"experiment-drafts/{drafted(api)['id']}/"
    read = api.get(path)["ETag"]

    first = api.patch(path, {"document": "experiment: one"}, If_Match=read)
    second = api.patch(path, {"document": "experiment: two"}, If_Match=read)

    assert (first.status_code, second.status_code) == (200, 412)
    assert api.get(path).json()["name"] == "one"
    assert api.delete(path, If_Match=first["ETag"]).status_code == 204


def test_clone_is_one_draft_under_the_same_key(api: Api, project: Any) -> None:
    experiment = experiment_in(project, name="first")
    ScorerRevisionFactory(scorer=experiment.scorers.get())
    run_of(experiment, score=None)

    first, second = (api.post(f"experiments/{experiment.uid}/clone/", Idempotency_Key="k").json() for _ in range(2))

    assert first["id"] == second["id"]
    assert first["name"] == "first (copy)"


def test_draft_of_the_page_s_fields_is_shown_as_a_document(api: Api, project: Any) -> None:
    draft = ExperimentDraft.objects.create(project=project, fields={"name": "typed", "trials": "3"})

    shown = api.get(f"experiment-drafts/{draft.uid}/").json()

    assert "experiment: typed" in shown["document"]


def test_viewer_reads_drafts_and_strangers_find_none(api: Api, viewer: Any, stranger: Any) -> None:
    path = f"experiment-drafts/{drafted(api)['id']}/"

    assert [Api(one).get(path).status_code for one in (viewer, stranger)] == [200, 404]
    assert [Api(one).post(f"{path}start/").status_code for one in (viewer, stranger)] == [403, 404]


def test_baseline_is_chosen_by_name(api: Api, project: Any) -> None:
    experiment = experiment_in(project)
    candidate = run_of(experiment, score=None).candidate

    changed = api.patch(f"experiments/{experiment.uid}/", {"baseline": candidate.name})

    assert changed.json()["baseline"] == str(candidate.uid)
    assert api.patch(f"experiments/{experiment.uid}/", {"baseline": "none such"}).status_code == 404


MISFIT = 'prompt: item 117e482caabcf0e8: line 1: "inptu" is missing; there are input, key,'


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ([], [MISFIT]),
        ([("trials: 2", "trials: many")], ["trials: ", MISFIT]),
        ([("model: small", "modle: small")], ["candidates[0].model: ", "candidates[0].modle: ", MISFIT]),
    ],
)
def test_draft_whose_prompt_names_what_no_item_has_says_so_beside_what_else_is_wrong(
    api: Api, changes: list[tuple[str, str]], problems: list[str]
) -> None:
    document = DOCUMENT.replace("{{ input }}", "{{ inptu }}")
    for old, new in changes:
        document = document.replace(old, new)
    draft = drafted(api, document)

    found = api.get(f"experiment-drafts/{draft['id']}/check/").json()["problems"]
    refused = api.post(f"experiment-drafts/{draft['id']}/start/")

    assert [one for one in found if not one.startswith(tuple(problems))] == []
    assert len(found) == len(problems)
    assert (refused.status_code, "inptu" in refused.json()["detail"]) == (400, True)
