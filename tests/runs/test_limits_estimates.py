"""Tokens are estimated from the length and what was asked for, then from what answers took."""

import pytest

from runs.exchange import Request
from runs.limits.estimates import TokenEstimates


def request_of(characters: int, **params: int) -> Request:
    """Return a request of one message of this length."""
    message = {"role": "user", "parts": [{"type": "text", "text": "x" * characters}]}
    return Request("small", [message], params)


def test_estimate_before_the_first_answer_is_by_length_and_what_is_allowed() -> None:
    assert TokenEstimates().of(request_of(400, max_tokens=50)) == (100.0, 50.0)


def test_estimate_after_answers_is_what_they_took() -> None:
    estimates = TokenEstimates()

    for _ in range(50):
        estimates.learn(request_of(300), 100, 7)

    assert estimates.of(request_of(600, max_tokens=4096)) == pytest.approx((200.0, 7.0))


def test_estimate_learns_nothing_from_an_answer_without_usage() -> None:
    estimates = TokenEstimates()

    assert estimates.learn(request_of(300), 100, None) is None
    assert estimates.of(request_of(400, max_tokens=50)) == (100.0, 50.0)


def test_estimates_of_many_calls_come_to_what_they_take() -> None:
    estimates = TokenEstimates()
    requests = [request_of(100 + 10 * number) for number in range(50)]

    for request in requests * 4:
        estimates.learn(request, len(request.messages[0]["parts"][0]["text"]) // 5, 3)

    thought = sum(sum(estimates.of(request)) for request in requests)
    assert thought == pytest.approx(sum(20 + 2 * number + 3 for number in range(50)), rel=0.15)
