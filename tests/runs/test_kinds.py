"""The table of docs/providers.md for every kind of endpoint: the same case has the same effect."""

import pytest

from evalsite.plugins import runners
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import Connection, HttpResponse, Runner
from tests.runs.fake_transport import FakeTransport
from tests.runs.kinds_answers import ANSWERS, OPTIONS, answer_of, with_secret

KEY, TEAM = "canary-key-4711", "canary-team-4712"
REQUEST = Request("m", [{"role": "user", "parts": [{"type": "text", "text": "2+2=?"}]}], {"temperature": 0})
PERSONS = {
    "bad key": "bad key",
    "no permission": "bad key",
    "model not allowed": "model not allowed",
    "no credit": "no credit",
    "unknown model": 'the model "m" is unknown',
    "wrong path": "wrong path",
    "parameter": "the parameter temperature",
    "web page": "answered with a web page",
    "redirect": "307, a redirect",
}
FAILURES = {
    "too fast": ("rate_limited", True, 3.0),
    "asked to wait": ("rate_limited", True, 3.0),
    "overloaded": ("provider_error", True, None),
    "server error": ("provider_error", True, None),
    "gateway": ("provider_error", True, None),
    "gateway in time": ("provider_error", True, None),
    "conflict": ("provider_error", True, None),
    "other 400": ("provider_error", False, None),
    "error in a 200": ("invalid_output", True, None),
    "broken JSON": ("invalid_output", True, None),
    "no object": ("invalid_output", True, None),
    "nothing in it": ("invalid_output", True, None),
}
COMPLETIONS = {
    "too long": ("truncated", "input too long"),
    "length": ("truncated", "length limit"),
    "refusal": ("refused", ""),
}


def runner_on(kind: str, *answers: HttpResponse | Exception) -> Runner:
    """Return a runner with secrets whose provider answers so."""
    connection = Connection(
        "p",
        "https://there/v1",
        api_key=KEY,
        headers={"X-Team": TEAM},
        options=runners.get(kind).Options.parse(OPTIONS.get(kind, {})),
    )
    found: Runner = runners.get(kind)(connection, FakeTransport(list(answers)))
    return found


async def failure_of(kind: str, *answers: HttpResponse | Exception) -> CallFailed | NeedsPerson:
    """Return what a call fails with."""
    with pytest.raises((CallFailed, NeedsPerson)) as caught:
        await runner_on(kind, *answers).complete(REQUEST)
    return caught.value


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("case", PERSONS)
async def test_what_no_repetition_mends_needs_a_person(kind: str, case: str) -> None:
    found = await failure_of(kind, answer_of(kind, case), CallFailed("provider_error", "no list"))

    assert isinstance(found, NeedsPerson)
    assert PERSONS[case] in str(found)


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("case", FAILURES)
async def test_failure_has_its_outcome(kind: str, case: str) -> None:
    found = await failure_of(kind, answer_of(kind, case))

    assert isinstance(found, CallFailed)
    assert (found.outcome, found.is_retriable, found.retry_after_s) == FAILURES[case]
    assert found.status == answer_of(kind, case).status
    assert found.raw_response == answer_of(kind, case).body.decode()


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("case", COMPLETIONS)
async def test_answer_about_the_item_is_a_completion(kind: str, case: str) -> None:
    found = await runner_on(kind, answer_of(kind, case)).complete(REQUEST)

    assert isinstance(found, Completion)
    assert found.outcome == COMPLETIONS[case][0]
    assert COMPLETIONS[case][1] in found.detail


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("case", [*PERSONS, *FAILURES])
async def test_failure_tells_neither_key_nor_header(kind: str, case: str) -> None:
    answer = with_secret(answer_of(kind, case), f"{KEY} {TEAM}")

    found = await failure_of(kind, answer, CallFailed("provider_error", f"no list for {KEY}"))

    assert "canary" not in f"{found} {found!r} {vars(found)}"


@pytest.mark.parametrize("kind", ANSWERS)
async def test_answer_that_did_not_come_about_keeps_its_classification(kind: str) -> None:
    lost = CallFailed("provider_error", f"the connection for {KEY} was refused", is_unreachable=True)

    found = await failure_of(kind, lost)

    assert isinstance(found, CallFailed)
    assert (found.is_unreachable, "canary" in f"{found} {vars(found)}") == (True, False)


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("case", ["bad key", "server error", "broken JSON", "nothing in it"])
async def test_models_that_are_not_listed_fail_without_secrets(kind: str, case: str) -> None:
    with pytest.raises((CallFailed, NeedsPerson)) as caught:
        await runner_on(kind, with_secret(answer_of(kind, case), KEY)).models()

    assert "canary" not in f"{caught.value} {vars(caught.value)}"
