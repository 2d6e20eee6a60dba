"""What no error of a provider may tell."""

from runs.exchange import CallFailed, NeedsPerson
from runs.runners.secrets import Secrets, query_values
from tests.runs.fake_transport import response

KEY = 'canary-"key"-1'


def test_query_values_of_a_url_are_those_that_may_be_secret() -> None:
    assert query_values("http://there/v1?key=s3cret&b=%20x") == ["s3cret", " x"]


def test_hide_takes_out_each_form_of_a_secret() -> None:
    secrets = Secrets(KEY, "Bearer token-22")

    assert secrets.hide(rf"{KEY} and canary-\"key\"-1 and token-22") == "[hidden] and [hidden] and [hidden]"


def test_hide_takes_the_longest_first() -> None:
    assert Secrets("secret", "secret-and-more").hide("secret-and-more") == "[hidden]"


def test_hide_leaves_short_values() -> None:
    assert Secrets("", "evals", "1").hide("1 of evals") == "1 of evals"


def test_cleared_answer_holds_no_secret() -> None:
    found = Secrets(KEY).cleared(response(500, {"error": KEY}))

    assert (found.status, found.body) == (500, b'{"error":"[hidden]"}')


def test_taken_out_of_an_error_leaves_nothing_anywhere() -> None:
    secrets = Secrets(KEY)
    failure = secrets.taken_out_of(CallFailed("provider_error", KEY, raw_response=KEY))
    question = secrets.taken_out_of(NeedsPerson(KEY))

    assert "canary" not in f"{failure} {vars(failure)} {question} {question.args}"
