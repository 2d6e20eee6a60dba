"""What columns mean by the names that people give them."""

import pytest

from experiments.rows.usual_names import folded, guessed_roles, mapping_meant, usual_roles


@pytest.mark.parametrize(
    ("first", "roles"),
    [
        ({"Nr.": "1", "Frage": "a?", "Antwort": "b", "Thema": "c"}, ["key", "input", "expected", "metadata"]),
        ({"prompt": "a", "solution": "b"}, ["input", "expected"]),
        ({"text": "a", "label": "b"}, ["input", "expected"]),
        ({"question": "a?", "answer": "b", "target": "c"}, ["input", "expected", "metadata"]),
        ({"Question (EN)": "a?", "Expected Answer": "b"}, ["input", "expected"]),
        ({"Aufgabe": "a", "LÖSUNG": "b", "Split": "test"}, ["input", "expected", "split"]),
        ({"n": "1", "saying": "a long sentence"}, ["metadata", "input"]),
        ({"id": "1", "label": "x"}, ["key", "input"]),
        ({}, []),
    ],
)
def test_roles_are_guessed_by_names_and_lengths(first: dict[str, str], roles: list[str]) -> None:
    assert list(guessed_roles(first).values()) == roles


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        (
            {"Nr.": "1", "Frage": "a?", "Antwort": "b", "Thema": "c"},
            {"key": "Nr.", "input": "Frage", "expected": "Antwort", "metadata.Thema": "Thema"},
        ),
        ({"input": "a", "answer": "b"}, {"input": "input", "expected": "answer"}),
        ({"input": "a", "expected": "b", "answer": "c"}, {"input": "input", "expected": "expected"}),
        ({"input.q": "a", "question": "b"}, {"input.q": "input.q"}),
        ({"foo": "a long text", "bar": "b"}, {"input": "input"}),
    ],
)
def test_columns_mean_what_an_export_or_people_call_them(first: dict[str, str], columns: dict[str, str]) -> None:
    assert mapping_meant(first, is_table=True).columns() == columns


def test_objects_need_no_key_though_the_first_has_one() -> None:
    mapping = mapping_meant({"id": "1", "question": "a?", "answer": "b"}, is_table=False)

    assert (mapping.key, mapping.is_key_optional) == ("id", True)


def test_names_are_folded() -> None:
    assert (folded(" Erwartete  Antwort: "), folded("[x]"), folded("#")) == ("erwartete_antwort", "", "")


def test_unusual_names_mean_nothing() -> None:
    assert usual_roles({"answer_a": "x", "": "y"}) == {}
