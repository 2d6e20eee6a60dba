"""New experiment: a draft from the first field on, saved by revision, tried, started, cloned; by page."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from experiments.models import Candidate, Experiment, ExperimentDraft, Item, Project
from runs.models import Run
from tests.factories import CandidateFactory, DatasetVersionFactory, ItemFactory, ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db
ROWS = "question,expected\r\nCapital of Peru?,Lima\r\nCapital of France?,Paris\r\n"
FILE = """\
experiment: capitals
dataset: {name: capitals, file: data/capitals.csv, input: {question: question}, expected: expected}
providers: {local: {use: local}}
prompt: "In one word: {{ question }}"
candidates: [{provider: local, model: small}]
scorers: [{kind: contains, name: correct}]
"""


@pytest.fixture
def as_editor(client: Client, editor: User, project: Project) -> Client:
    ProviderFactory(project=project, name="local")
    client.force_login(editor)
    return client


@pytest.fixture
def draft(as_editor: Client) -> ExperimentDraft:
    """A draft that was just begun."""
    as_editor.post(reverse("experiments:experiment-new"))
    return ExperimentDraft.objects.get()


def at(name: str, draft: ExperimentDraft) -> str:
    """Return an address of a draft."""
    return reverse(f"experiments:draft-{name}", args=[draft.uid])


def form(draft: ExperimentDraft, **changes: Any) -> dict[str, Any]:
    """Return the form as a browser sends it."""
    draft.refresh_from_db()
    values = {
        "revision": draft.revision,
        "name": "capitals",
        "rows": ROWS,
        "role": ["user", "user"],
        "content": ["In one word: {{ question }}", ""],
        "candidate-provider": ["local", "local", "local"],
        "candidate-model": ["small", "large", ""],
        "candidate-name": ["", "", ""],
        "candidate-params": ["", "temperature: 0.5", ""],
        "scorer-kind": ["contains", "exact_match"],
        "scorer-name": ["correct", ""],
        "scorer-options": ["ignore_case: true", ""],
        "scorer-weight": ["2", ""],
    }
    return {**values, **changes}


def text(answer: Any) -> str:
    """Return the body of an answer."""
    return str(answer.content.decode())


def test_draft_is_on_the_server_from_the_first_field_on(as_editor: Client, draft: ExperimentDraft) -> None:
    answer = as_editor.post(at("save", draft), {"revision": 1, "name": "capi"})

    draft.refresh_from_db()
    assert (draft.fields["name"], draft.revision) == ("capi", 2)
    assert 'name="revision" value="2"' in text(answer)
    assert "Type the model of at least one candidate." in text(answer)
    assert 'value="capi"' in text(as_editor.get(at("detail", draft)))


def test_whole_draft_says_how_many_calls_it_makes(as_editor: Client, draft: ExperimentDraft) -> None:
    page = text(as_editor.post(at("save", draft), form(draft)))

    assert "2 items × 1 trial × 2 candidates: 4 calls at most" in page
    assert "In one word: Capital of Peru?" in page  # the prompt beside it


@pytest.mark.parametrize(
    "changes",
    [
        {"candidate-params": ["", "", "temperature: 1"]},
        {"candidate-name": ["", "", "third"]},
        {"candidate-provider": ["local", "local", "other"], "candidate-offered": ["local"] * 3},
    ],
)
def test_row_that_lacks_a_part_is_told_and_never_dropped(
    as_editor: Client, draft: ExperimentDraft, changes: dict[str, list[str]]
) -> None:
    page = text(as_editor.post(at("save", draft), form(draft, **changes)))

    assert "Candidate 3: type its model." in page
    assert "calls at most" not in page


def test_draft_begins_with_the_version_that_was_imported(as_editor: Client) -> None:
    as_editor.post(reverse("experiments:experiment-new"), {"version": "capitals@1"})

    assert ExperimentDraft.objects.get().fields == {"version": "capitals@1"}


def test_pasted_columns_have_the_usual_meanings(as_editor: Client, draft: ExperimentDraft) -> None:
    rows = "Nr.;Frage;Lösung\r\n7;Hauptstadt von Peru?;Lima\r\n"
    as_editor.post(at("start", draft), form(draft, rows=rows, content=["{{ Frage }}", ""]))

    item = Experiment.objects.get(name="capitals").dataset_version.items.get()
    assert (item.key, item.input, item.expected) == ("7", {"Frage": "Hauptstadt von Peru?"}, "Lima")


def test_second_person_in_one_draft_is_refused_and_loses_nothing(as_editor: Client, draft: ExperimentDraft) -> None:
    stale = form(draft, name="mine")
    as_editor.post(at("save", draft), form(draft, name="theirs"))

    saved, started = as_editor.post(at("save", draft), stale), as_editor.post(at("start", draft), stale)

    assert (saved.status_code, started.status_code) == (412, 412)
    assert "editor saved this draft at" in text(saved)
    assert "yours is still here" in text(saved)
    assert 'value="mine"' in text(started)
    draft.refresh_from_db()
    assert draft.fields["name"] == "theirs"
    assert not Experiment.objects.exists()


def test_window_does_not_overtake_itself(as_editor: Client, draft: ExperimentDraft) -> None:
    begun = form(draft, window="w1")
    as_editor.post(at("save", draft), begun)

    answer = as_editor.post(at("save", draft), {**begun, "name": "later"})
    other = as_editor.post(at("save", draft), {**begun, "window": "w2"})

    assert (answer.status_code, other.status_code) == (200, 412)
    draft.refresh_from_db()
    assert draft.fields["name"] == "later"


def test_start_makes_the_experiment_and_starts_it(as_editor: Client, draft: ExperimentDraft) -> None:
    answer = as_editor.post(at("start", draft), form(draft))

    experiment = Experiment.objects.get(name="capitals")
    assert answer["Location"] == reverse("experiments:experiment-board", args=[experiment.uid])
    assert [(one.model, one.params) for one in experiment.candidates.all()] == [
        ("small", {}),
        ("large", {"temperature": 0.5}),
    ]
    assert experiment.scorers.values_list("name", "weight").get() == ("correct", 2.0)
    assert experiment.scorers.get().revisions.get().options["ignore_case"] is True
    assert [item.input for item in experiment.dataset_version.items] == [
        {"question": "Capital of Peru?"},
        {"question": "Capital of France?"},
    ]
    assert Run.objects.filter(experiment=experiment).count() == 2
    assert not ExperimentDraft.objects.exists()


@pytest.mark.parametrize(
    "rows",
    [
        '{"question": "Capital of Peru?", "expected": "Lima"}\n{"question": "Capital of France?", "expected": "Paris"}',
        '[{"question": "Capital of Peru?", "expected": "Lima"}, {"question": "Capital of France?"}]',
        '[\n  {\n    "question": "Capital of Peru?", "expected": "Lima"\n  },\n  {"question": "Capital of France?"}\n]',
    ],
)
def test_rows_may_be_pasted_as_json(as_editor: Client, draft: ExperimentDraft, rows: str) -> None:
    as_editor.post(at("start", draft), form(draft, rows=rows))

    items = Item.objects.order_by("position")
    assert [item.input for item in items] == [{"question": "Capital of Peru?"}, {"question": "Capital of France?"}]
    assert items[0].expected == "Lima"


def test_try_runs_three_items_in_an_archived_experiment(as_editor: Client, draft: ExperimentDraft) -> None:
    rows = "question,expected\n" + "\n".join(f"{n} + 1?,{n + 1}" for n in range(9))

    as_editor.post(at("try", draft), form(draft, rows=rows))

    draft.refresh_from_db()
    assert draft.tried is not None
    assert draft.tried.archived_at is not None
    assert [run.planned_count for run in Run.objects.filter(experiment=draft.tried)] == [3, 3]
    assert 'hx-trigger="every 1s"' in text(as_editor.get(at("tried", draft)))
    assert "capitals (tried" not in text(as_editor.get(reverse("experiments:experiment-list")))
    assert "capitals (tried" not in text(as_editor.get(reverse("experiments:prompt-list")))


def test_tried_draft_that_is_changed_and_tried_again_keeps_one_experiment(
    as_editor: Client, draft: ExperimentDraft
) -> None:
    as_editor.post(at("try", draft), form(draft))
    as_editor.post(at("try", draft), form(draft, content=["Say: {{ question }}", ""]))

    assert Experiment.objects.count() == 1
    assert Candidate.objects.listed().count() == 2
    assert Run.objects.count() == 4


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "experiment: is required"),
        ({"rows": ""}, "dataset: is required"),
        ({"content": ["{{ qestion }}", ""]}, "did you mean &quot;question&quot;"),
        ({"candidate-params": ["temprature: 1", "", ""]}, "candidate 1: temprature: unknown parameter"),
        ({"scorer-options": ["odd: 1", ""]}, "odd: unknown key"),
        ({"scorer-options": ["a: b: c", ""]}, "scorer 1, line 1"),
        ({"trials": "1000"}, "trials"),
        ({"rows": "question,question\na,b"}, "is there twice"),
        ({"version": "nothing@1", "rows": ""}, "there is no dataset"),
    ],
)
def test_start_of_what_does_not_fit_keeps_what_was_typed(
    as_editor: Client, draft: ExperimentDraft, changes: dict[str, Any], sentence: str
) -> None:
    answer = as_editor.post(at("start", draft), form(draft, **{"description": "kept as typed", **changes}))

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "kept as typed" in text(answer)
    assert ExperimentDraft.objects.exists()
    assert not Experiment.objects.exists()


def test_start_under_a_taken_name_is_refused(as_editor: Client, draft: ExperimentDraft) -> None:
    as_editor.post(at("start", draft), form(draft))
    as_editor.post(reverse("experiments:experiment-new"))
    second = ExperimentDraft.objects.get()

    answer = as_editor.post(at("start", second), form(second))

    assert "there is an experiment &quot;capitals&quot;" in text(answer)


def test_dataset_of_the_site_is_chosen_with_its_items(
    as_editor: Client, draft: ExperimentDraft, project: Project
) -> None:
    version = DatasetVersionFactory(dataset__project=project, dataset__name="geo", item_count=1)
    ItemFactory(dataset=version.dataset, key="peru", input="Capital of Peru?", expected="Lima")
    changes = {"version": "geo@1", "rows": "", "content": ["Say: {{ input }}", ""], "item": "peru"}

    page = text(as_editor.post(at("save", draft), form(draft, **changes)))

    assert "Say: Capital of Peru?" in page
    assert "1 item × 1 trial × 2 candidates" in page


def test_scorer_of_a_draft_is_tried_on_an_answer(as_editor: Client, draft: ExperimentDraft) -> None:
    address = reverse("experiments:draft-scorer", args=[draft.uid, 0])

    page = text(as_editor.post(address, form(draft, answer="it is LIMA")))

    assert "✓" in page
    assert "Lima" in page


def test_file_with_its_data_makes_the_same_experiment(as_editor: Client) -> None:
    rows = SimpleUploadedFile("capitals.csv", ROWS.encode())
    as_editor.post(reverse("experiments:experiment-new"), {"document": FILE, "files": [rows]})
    draft = ExperimentDraft.objects.get()

    as_editor.post(at("start", draft), {"revision": draft.revision, "document": draft.document})

    experiment = Experiment.objects.get(name="capitals")
    assert experiment.dataset_version.item_count == 2
    assert experiment.candidates.get().model == "small"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("data/capitals.csv", "was not sent: send it with the document"),
        ("/etc/hostname", "was not sent"),
        ("../capitals.csv", "was not sent"),
    ],
)
def test_file_that_was_not_sent_is_named_and_nothing_of_the_machine_is_read(
    as_editor: Client, name: str, sentence: str
) -> None:
    document = FILE.replace("data/capitals.csv", name)
    as_editor.post(reverse("experiments:experiment-new"), {"document": document})

    assert sentence in text(as_editor.get(at("detail", ExperimentDraft.objects.get())))


def test_path_that_leads_out_is_refused_though_the_file_was_sent(as_editor: Client) -> None:
    rows = SimpleUploadedFile("capitals.csv", ROWS.encode())
    document = FILE.replace("data/capitals.csv", "../capitals.csv")
    as_editor.post(reverse("experiments:experiment-new"), {"document": document, "files": [rows]})

    assert "without a path out of here" in text(as_editor.get(at("detail", ExperimentDraft.objects.get())))


def test_fields_become_the_document_that_they_declare(as_editor: Client, draft: ExperimentDraft) -> None:
    as_editor.post(at("document", draft), form(draft))

    draft.refresh_from_db()
    assert "experiment: capitals" in draft.document
    page = text(as_editor.get(at("detail", draft)))
    assert "2 items × 1 trial × 2 candidates" in page


def test_clone_is_a_draft_under_another_name(as_editor: Client, project: Project, draft: ExperimentDraft) -> None:
    as_editor.post(at("start", draft), form(draft))
    experiment = Experiment.objects.get()

    as_editor.post(reverse("experiments:experiment-clone", args=[experiment.uid]))
    clone = ExperimentDraft.objects.get()
    as_editor.post(at("start", clone), {"revision": clone.revision, "document": clone.document})

    copy = Experiment.objects.get(name="capitals (copy)")
    assert [one.config_hash for one in copy.candidates.all()] == [
        one.config_hash for one in experiment.candidates.all()
    ]


def test_open_drafts_are_listed_by_their_names(as_editor: Client, draft: ExperimentDraft) -> None:
    as_editor.post(at("save", draft), form(draft, name="in fields"))
    as_editor.post(reverse("experiments:experiment-new"), {"document": FILE})

    page = text(as_editor.get(reverse("experiments:experiment-new")))

    assert "in fields" in page
    assert "capitals" in page


def test_draft_shows_what_it_names_though_it_is_offered_no_more(as_editor: Client, draft: ExperimentDraft) -> None:
    named = {"version": "former@3", "candidate-provider": ["former", "local", "local"]}
    as_editor.post(at("save", draft), form(draft, **named))

    page = as_editor.get(at("detail", draft)).content.decode()

    assert '<option value="former@3" selected>former@3 (archived or gone)</option>' in page
    assert '<option value="former" selected>former (archived or gone)</option>' in page


def test_draft_is_discarded_after_a_question(as_editor: Client, draft: ExperimentDraft) -> None:
    asked = as_editor.get(at("discard", draft)).content.decode()
    assert f'<a class="button" href="{at("detail", draft)}">Cancel</a>' in asked
    assert ExperimentDraft.objects.exists()

    as_editor.post(at("discard", draft))

    assert not ExperimentDraft.objects.exists()


def test_viewers_and_strangers_write_nothing(
    client: Client, draft: ExperimentDraft, viewer: User, stranger: User
) -> None:
    client.force_login(viewer)
    assert client.post(at("save", draft), form(draft)).status_code == 403
    assert client.post(at("try", draft), form(draft)).status_code == 403
    assert client.post(at("discard", draft)).status_code == 403
    assert client.get(at("detail", draft)).status_code == 200
    client.force_login(stranger)
    assert client.get(at("detail", draft)).status_code == 404
    assert client.post(at("start", draft), form(draft)).status_code == 404
    assert ExperimentDraft.objects.filter(revision=1).exists()


def test_clone_of_an_experiment_without_dataset_is_refused(as_editor: Client, project: Project) -> None:
    experiment = CandidateFactory(experiment__project=project).experiment

    answer = as_editor.post(reverse("experiments:experiment-clone", args=[experiment.uid]), follow=True)

    assert "has no dataset" in text(answer)


@pytest.mark.parametrize("name", ["detail", "try", "start", "document"])
def test_what_is_sent_to_a_draft_that_is_gone_becomes_a_new_draft(
    as_editor: Client, draft: ExperimentDraft, name: str
) -> None:
    typed = form(draft, project=str(draft.project.uid))
    draft.delete()

    answer = as_editor.post(at(name, draft), typed, follow=True)

    made = ExperimentDraft.objects.get()
    assert made.fields["candidates"][0]["model"] == "small"
    assert answer.redirect_chain[0][0] == at("detail", made)
    assert "started or discarded meanwhile" in answer.content.decode()
    assert not Experiment.objects.exists()


def test_typing_in_a_draft_that_is_gone_says_how_to_go_on(as_editor: Client, draft: ExperimentDraft) -> None:
    typed = form(draft)
    draft.delete()

    answer = as_editor.post(at("save", draft), typed)

    assert (answer.status_code, ExperimentDraft.objects.count()) == (412, 0)
    assert "Save makes a new draft of it" in answer.content.decode()


def test_what_a_stranger_sends_to_a_draft_that_is_gone_makes_nothing(client: Client, draft: ExperimentDraft) -> None:
    typed = form(draft, project=str(draft.project.uid))
    draft.delete()
    client.force_login(UserFactory())

    answer = client.post(at("detail", draft), typed)

    assert (answer.status_code, ExperimentDraft.objects.count()) == (404, 0)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("version: 1\nexperiment: one, two \n", "one, two"),
        ('experiment: "one, two"', "one, two"),
        ('{"version": 1, "experiment": "one, two", "prompt": "x"}', "one, two"),
        ("prompt: x", "unnamed draft"),
    ],
)
def test_draft_is_called_as_its_document_names_the_experiment(document: str, name: str) -> None:
    assert ExperimentDraft(document=document).name == name


def test_name_that_no_item_has_is_listed_beside_what_else_is_to_mend(as_editor: Client, draft: ExperimentDraft) -> None:
    wrong = {"content": ["{{ qestion }}", ""]}

    alone = text(as_editor.post(at("save", draft), form(draft, **wrong)))
    beside = text(as_editor.post(at("save", draft), form(draft, **wrong, **{"candidate-name": ["", "", "third"]})))

    assert "1 thing to fill in or mend" in alone
    assert "calls at most" not in alone
    assert "Candidate 3: type its model." in beside
    assert "&quot;qestion&quot; is missing" in beside[: beside.index("prompt-preview")]
