"""Providers and results by API, as their pages have them: a test call, and the call of a result as a command."""

from typing import Any

from tests.api_client import Api
from tests.boards import experiment_in, result_of, run_of
from tests.factories import ProviderFactory
from tests.model_server import model_server


def test_provider_is_tested_by_one_real_call(transactional_db: None, editor: Any, project: Any) -> None:
    with model_server() as server:
        provider = ProviderFactory(project=project, base_url=server.url)

        answer = Api(editor).post(f"providers/{provider.uid}/test/", {"model": "alpha"})

    found = answer.json()
    assert (answer.status_code, found["model"], found["error"]) == (200, "alpha", "")
    assert found["text"]


def test_provider_that_nothing_listens_at_says_what_to_do(editor: Any, viewer: Any, project: Any) -> None:
    path = f"providers/{ProviderFactory(project=project).uid}/test/"

    answer = Api(editor).post(path, {"model": "alpha"})

    assert answer.status_code == 200
    assert answer.json()["error"]
    assert Api(viewer).post(path, {}).status_code == 403


def test_call_of_a_result_is_a_command_and_its_state_has_an_etag(viewer: Any, project: Any) -> None:
    run = run_of(experiment_in(project))
    result_of(run)
    path = f"results/{run.uid}.0/"

    api, read = Api(viewer), Api(viewer).get(path)

    assert api.get(f"{path}curl/").json()["command"].startswith("curl http")
    assert api.get(path, If_None_Match=read["ETag"]).status_code == 304
