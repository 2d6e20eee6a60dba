"""Reading answers of any JSON endpoint."""

from typing import Any

import pytest

from runs.exchange import CallFailed, NeedsPerson
from runs.runners.answers import joined, listed_models, total
from tests.runs.fake_transport import response

URL = "http://there/v1/models"


def test_listed_models_are_their_ids() -> None:
    assert listed_models(response(200, {"data": [{"id": "a"}, {"id": "b\x00"}]}), URL) == ["a", "b"]


@pytest.mark.parametrize("body", [{}, [], {"data": None}, {"data": [{}]}, {"data": ["a"]}, {"models": []}])
def test_listed_models_of_no_list_is_invalid_output(body: Any) -> None:
    with pytest.raises(CallFailed) as caught:
        listed_models(response(200, body), URL)

    assert caught.value.outcome == "invalid_output"


def test_listed_models_of_a_web_page_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match="/v1"):
        listed_models(response(200, b"<html>"), URL)


@pytest.mark.parametrize(
    ("values", "sum_of_all"),
    [((1, 2, None), 3), ((0, 0), 0), ((None, None), None), ((), None), ((True, "3", -1, 1.5), None), ((2**40, 4), 4)],
)
def test_total_is_of_the_counts_that_were_said(values: tuple[Any, ...], sum_of_all: int | None) -> None:
    assert total(*values) == sum_of_all


@pytest.mark.parametrize(
    ("pieces", "text"), [(["a", "b"], "ab"), (["é", "\ud83d", "\ude00"], "é😀"), (["é\ud83d"], "é\ufffd"), ([], "")]
)
def test_joined_makes_cut_characters_whole(pieces: list[str], text: str) -> None:
    assert joined(pieces) == text
