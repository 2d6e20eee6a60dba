"""Projects: made, chosen, renamed, archived, deleted with all that belongs to them; by page and by API."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils.timezone import now

from experiments.actions import ActionConflict, ActionRefused, archive_project, create_project, rename_project
from experiments.chosen_projects import PROJECT_COOKIE, projects_for_new
from experiments.models import AccessToken, Experiment, Item, Project, Role, Scope
from runs.models import Purse, Result, Run, RunStatus
from scoring import deleting
from scoring.deleting import Loss, delete_project
from scoring.models import Score, Showing
from scoring.tasks import delete_project as delete_project_task
from tests.api_client import Api
from tests.boards import experiment_in, result_of, run_of
from tests.factories import (
    ExperimentFactory,
    ItemFactory,
    MembershipFactory,
    ProjectFactory,
    ShowingFactory,
    UserFactory,
)


@pytest.fixture
def filled(project: Project) -> Project:
    """The project with one experiment, one run of two results, and a showing."""
    experiment = experiment_in(project, name="support-qa")
    run = run_of(experiment, ok_count=2)
    _ = [result_of(run, ordinal) for ordinal in range(2)]
    ShowingFactory(experiment=experiment)
    return project


def admin_of(person: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {AccessToken.issue(user=person, name='t', scope=Scope.ADMIN)[1]}"}


def test_project_belongs_to_whoever_makes_it(db: None) -> None:
    person = UserFactory()

    made = create_project(name=" team b ", by=person)

    assert (made.name, made.role_of(person)) == ("team b", Role.OWNER)


@pytest.mark.parametrize(("name", "sentence"), [("", "needs a name"), ("x" * 101, "101 characters")])
def test_name_that_does_not_fit_is_refused(db: None, name: str, sentence: str) -> None:
    with pytest.raises(ActionRefused, match=sentence):
        create_project(name=name, by=UserFactory())


@pytest.mark.parametrize("name", ["team", "a:b", "a,b", "a\0b"])
def test_name_that_is_taken_or_cannot_be_written_in_settings_is_refused(project: Project, name: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        create_project(name=name, by=UserFactory())

    assert refused.value.field == "name"
    assert Project.objects.count() == 1


def test_only_owners_rename_archive_and_delete(project: Project, editor: Any, owner: Any) -> None:
    with pytest.raises(PermissionDenied):
        rename_project(project=project, name="b", by=editor)
    with pytest.raises(PermissionDenied):
        archive_project(project=project, by=editor)
    with pytest.raises(PermissionDenied):
        delete_project(project=project, typed_name="team", by=editor)
    rename_project(project=project, name="b", by=owner)

    assert Project.objects.get().name == "b"


def test_deleting_takes_everything_and_nothing_of_others(filled: Project, owner: Any) -> None:
    other = experiment_in(ProjectFactory(name="other"))
    kept = result_of(run_of(other, ok_count=1))

    assert Loss.of(filled) == Loss(1, 1, 2, 1, 2, 1, 1)
    assert delete_project(project=filled, typed_name="team", by=owner) is True

    assert [project.name for project in Project.objects.all()] == ["other"]
    assert list(Result.objects.all()) == [kept]
    assert Score.objects.count() == 1
    assert not Showing.objects.exists()
    assert set(Item.objects.values_list("dataset__project__name", flat=True)) == {"other"}


def test_deleting_asks_for_the_name(filled: Project, owner: Any) -> None:
    with pytest.raises(ActionRefused, match='type the name of the project, "team"'):
        delete_project(project=filled, typed_name="Team", by=owner)

    assert Result.objects.count() == 2


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.PENDING])
def test_deleting_is_refused_while_something_runs(filled: Project, owner: Any, status: str) -> None:
    run_of(Experiment.objects.get(), status=status)

    with pytest.raises(ActionConflict, match=f"of support-qa .{status}."):
        delete_project(project=filled, typed_name="team", by=owner)

    assert Result.objects.count() == 2


@pytest.mark.parametrize("bound", ["RESULTS_AT_ONCE", "ITEMS_AT_ONCE"])
def test_large_project_is_hidden_and_deleted_by_a_job(
    filled: Project, owner: Any, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    ItemFactory.create_batch(2, dataset=filled.datasets.get())
    monkeypatch.setattr(deleting, bound, 1)

    assert delete_project(project=filled, typed_name="team", by=owner) is False
    assert Project.objects.get().archived_at is not None
    delete_project_task(filled.pk)
    delete_project_task(filled.pk)

    assert not Project.objects.exists()
    assert not Result.objects.exists()
    assert not Item.objects.exists()


def test_job_leaves_a_project_in_which_something_was_started(filled: Project) -> None:
    run_of(Experiment.objects.get(), status=RunStatus.RUNNING)

    delete_project_task(filled.pk)

    assert Result.objects.count() == 2


def test_page_makes_a_project_and_chooses_it(client: Client, db: None) -> None:
    client.force_login(UserFactory())
    assert "No project yet" in client.get("/").content.decode()

    refused = client.post("/projects/", {"name": "a:b"})
    made = client.post("/projects/", {"name": "mine"}, follow=True)

    assert refused.status_code == 422
    assert "no colon" in refused.content.decode()
    assert Project.objects.get().name == "mine"
    assert "your role: owner" in made.content.decode()
    assert client.cookies["project"].value == str(Project.objects.get().uid)
    assert "No project yet" not in client.get("/").content.decode()


@pytest.mark.parametrize("address", ["/experiments/", "/"])
def test_lists_show_what_belongs_to_the_chosen_project(
    client: Client, filled: Project, viewer: Any, address: str
) -> None:
    second = MembershipFactory(user=viewer, role=Role.VIEWER).project
    other = experiment_in(second, name="other-experiment")
    result_of(run_of(other, ok_count=1))
    client.force_login(viewer)
    both = client.get(address).content.decode()

    client.post("/projects/choose/", {"project": str(second.uid)})
    chosen = client.get(address).content.decode()
    client.post("/projects/choose/", {"project": ""})

    assert ("support-qa" in both, "other-experiment" in both) == (True, True)
    assert ("support-qa" in chosen, "other-experiment" in chosen) == (False, True)
    assert client.get(address).content.decode().count("support-qa") == both.count("support-qa")


def test_runs_of_an_experiment_are_listed_whatever_project_is_chosen(
    client: Client, filled: Project, viewer: Any
) -> None:
    second = MembershipFactory(user=viewer).project
    client.force_login(viewer)
    client.post("/projects/choose/", {"project": str(second.uid)})
    run = Run.objects.get()

    assert str(run.uid) not in client.get("/runs/").content.decode()
    assert str(run.uid) in client.get(f"/runs/?experiment_id={run.experiment.uid}").content.decode()


def test_project_of_strangers_is_not_chosen(client: Client, project: Project, stranger: Any) -> None:
    client.force_login(stranger)
    assert client.post("/projects/choose/", {"project": str(project.uid)}).status_code == 404

    client.cookies["project"] = str(project.uid)

    assert "All projects" in client.get("/experiments/").content.decode()


def test_archived_project_is_left_out_of_lists_and_opens_by_its_address(
    client: Client, filled: Project, owner: Any
) -> None:
    client.force_login(owner)

    client.post(f"/projects/{filled.uid}/archive/")
    hidden = client.get("/experiments/").content.decode()
    opened = client.get(f"/experiments/{Experiment.objects.get().uid}/board/").status_code
    client.post(f"/projects/{filled.uid}/unarchive/")

    assert "support-qa" not in hidden
    assert opened == 200
    assert "support-qa" in client.get("/experiments/").content.decode()


def test_settings_change_name_and_budget_or_neither(client: Client, project: Project, owner: Any) -> None:
    ProjectFactory(name="taken")
    client.force_login(owner)
    address = f"/projects/{project.uid}/settings/"

    taken = client.post(address, {"name": "taken", "monthly_budget_usd": "5"})
    wrong = client.post(address, {"name": "new", "monthly_budget_usd": "much"})
    project.refresh_from_db()
    assert (taken.status_code, wrong.status_code) == (422, 422)
    assert 'value="much"' in wrong.content.decode()
    assert (project.name, project.monthly_budget_usd) == ("team", None)

    client.post(address, {"name": "new", "monthly_budget_usd": "5"})
    project.refresh_from_db()
    assert (project.name, project.monthly_budget_usd) == ("new", 5)


def test_page_says_what_would_be_lost_and_deletes(client: Client, filled: Project, owner: Any) -> None:
    client.force_login(owner)
    page = client.get(f"/projects/{filled.uid}/settings/").content.decode()

    wrong = client.post(f"/projects/{filled.uid}/delete/", {"name": "tea"})
    gone = client.post(f"/projects/{filled.uid}/delete/", {"name": "team"}, follow=True)

    assert "1 experiment, 1 run, 2 results" in page
    assert wrong.status_code == 422
    assert 'value="tea"' in wrong.content.decode()
    assert "team is deleted." in gone.content.decode()
    assert not Project.objects.exists()


def test_page_lists_what_stands_against_deleting(client: Client, filled: Project, owner: Any) -> None:
    run = run_of(Experiment.objects.get(), status=RunStatus.PAUSED)
    client.force_login(owner)

    answer = client.post(f"/projects/{filled.uid}/delete/", {"name": "team"})

    assert answer.status_code == 409
    assert f"/runs/{run.uid}/" in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("viewer", [200, 403, 403, 403, 403]),
        ("editor", [200, 403, 403, 403, 403]),
        ("owner", [200, 302, 302, 302, 302]),
        ("stranger", [404, 404, 404, 404, 404]),
    ],
)
def test_pages_let_pass_whom_the_table_names(
    client: Client, request: pytest.FixtureRequest, project: Project, role: str, statuses: list[int]
) -> None:
    client.force_login(request.getfixturevalue(role))
    address = f"/projects/{project.uid}"

    answers = [client.get(f"{address}/settings/"), client.post(f"{address}/settings/", {"name": "new"})]
    answers += [client.post(f"{address}/{deed}/", {"name": "new"}) for deed in ("archive", "unarchive", "delete")]

    assert [answer.status_code for answer in answers] == statuses


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("viewer", [200, 403, 403]), ("editor", [200, 403, 403]), ("owner", [200, 200, 204]), ("stranger", [404] * 3)],
)
def test_api_lets_pass_whom_the_table_names(
    request: pytest.FixtureRequest, project: Project, role: str, statuses: list[int]
) -> None:
    api, header = Api(), admin_of(request.getfixturevalue(role))
    path = f"projects/{project.uid}/"

    answers = [api.get(path, **header), api.patch(path, {"name": "new"}, **header)]
    answers.append(api.delete(f"{path}?name=new", **header))

    assert [answer.status_code for answer in answers] == statuses


def test_api_makes_changes_and_archives(viewer: Any) -> None:
    api, header = Api(), admin_of(viewer)

    made = api.post("projects/", {"name": "mine"}, **header)
    path = f"projects/{made.json()['id']}/"
    changed = api.patch(path, {"monthly_budget_usd": 2.5, "archived": True}, **header).json()
    stale = api.patch(path, {"name": "late"}, If_Match='"other"', **header)

    assert (made.status_code, made.json()["role"]) == (201, "owner")
    assert (changed["monthly_budget_usd"], changed["archived_at"] is not None) == (2.5, True)
    assert stale.status_code == 412


def test_api_tells_what_a_project_has_spent_in_this_month(project: Project, viewer: Any, stranger: Any) -> None:
    path, api = f"projects/{project.uid}/spend/", Api(viewer)
    before = api.get(path).json()
    Purse.objects.create(project=project, month=f"{now():%Y-%m}", spent_usd="2.5")

    assert before == {"month": f"{now():%Y-%m}", "spent_usd": 0.0, "unpriced_count": 0}
    assert api.get(path).json()["spent_usd"] == 2.5
    assert Api(stranger).get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [({"name": "team"}, "name"), ({"name": ""}, "name"), ({"archived": "yes"}, "archived"), ({"colour": 1}, "colour")],
)
def test_api_names_what_does_not_fit(project: Project, owner: Any, body: dict[str, Any], field: str) -> None:
    mine = MembershipFactory(user=owner, role=Role.OWNER).project

    answer = Api().patch(f"projects/{mine.uid}/", body, **admin_of(owner))

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_api_refuses_to_delete_without_the_name_and_while_something_runs(filled: Project, owner: Any) -> None:
    api, header, path = Api(), admin_of(owner), f"projects/{filled.uid}/"
    ExperimentFactory(project=filled)

    unnamed = api.delete(path, **header)
    run_of(Experiment.objects.get(name="support-qa"), status=RunStatus.RUNNING)
    running = api.delete(f"{path}?name=team", **header)

    assert (unnamed.status_code, running.status_code) == (400, 409)
    assert api.delete(f"{path}?name=team", Authorization=Api(owner)._headers["Authorization"]).status_code == 403


def test_new_things_begin_in_the_chosen_project_then_in_own_ones_and_last_in_the_demo(project: Project) -> None:
    editor = UserFactory()
    Project.objects.filter(pk=project.pk).update(name="aaa demo", is_demo=True)
    own, chosen, archived = (Project.objects.create(name=name) for name in ("own", "zebra", "archived"))
    Project.objects.filter(pk=archived.pk).update(archived_at=now())
    for one in (project, own, chosen, archived):
        one.memberships.create(user=editor, role=Role.EDITOR)

    without_choice = projects_for_new(editor, "edit_dataset", {})
    with_choice = projects_for_new(editor, "edit_dataset", {PROJECT_COOKIE: str(chosen.uid)})

    assert [one.name for one in without_choice] == ["own", "zebra", "aaa demo"]
    assert [one.name for one in with_choice] == ["zebra", "own", "aaa demo"]
