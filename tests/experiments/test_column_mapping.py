"""Rows become items: keys, inputs, expected answers, tags; what makes none."""

from typing import Any

import pytest

from experiments.canonical import item_key
from experiments.rows.column_mapping import (
    ColumnMapping,
    SplitColumn,
    WrongMapping,
    item_of,
    items_of,
    mapping_from,
    mapping_of,
)
from experiments.rows.dataset_files import SourceRow
from experiments.rows.new_items import BadRow, NewItem

ROW = {"id": "007", "q": "2+2?", "c": "", "a": "4|four", "t": "sums, easy,,easy", "s": "test", "d": "3"}
FULL = ColumnMapping(
    input={"question": "q", "context": "c"},
    key="id",
    expected=SplitColumn("a", "|"),
    metadata={"difficulty": "d"},
    tags=SplitColumn("t", ","),
    split="s",
)


def made(values: dict[str, Any], **mapping: Any) -> Any:
    return item_of(SourceRow(5, values), ColumnMapping(**{"input": "q", **mapping}))


def test_item_of_a_row_takes_every_part_from_its_column() -> None:
    assert item_of(SourceRow(2, ROW), FULL) == NewItem(
        key="007",
        input={"question": "2+2?", "context": ""},
        expected=["4", "four"],
        metadata={"difficulty": "3"},
        tags=("sums", "easy"),
        split="test",
    )


def test_item_of_a_row_without_key_hashes_the_input() -> None:
    item = made({"q": "2+2?"})

    assert item == NewItem(key=item_key("2+2?"), input="2+2?")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("4", "4"),
        ("", None),
        ("  ", None),
        (None, None),
        ("[not json", "[not json"),
        ('["4", "four"]', ["4", "four"]),
        ("[1, 2]", [1, 2]),
        ("[[1]]", "[[1]]"),
        ("[]", None),
        (" 4 ", " 4 "),
        (4, 4),
        (0, 0),
        (False, False),
        (["a", 1], ["a", 1]),
        ({"x": 1}, {"x": 1}),
    ],
)
def test_item_of_a_row_reads_what_is_expected(cell: Any, expected: Any) -> None:
    assert made({"q": "x", "a": cell}, expected=SplitColumn("a")).expected == expected


def test_item_of_a_row_without_the_optional_columns_lacks_them() -> None:
    item = made({"q": "x"}, expected=SplitColumn("a"), metadata={"m": "m"}, tags=SplitColumn("t"), split="s")

    assert item == NewItem(key=item_key("x"), input="x")


def test_item_of_a_typed_row_keeps_a_text_that_looks_like_a_list() -> None:
    row = SourceRow(1, {"q": "x", "a": "[1]"}, is_typed=True)

    item = item_of(row, ColumnMapping(input="q", expected=SplitColumn("a")))

    assert isinstance(item, NewItem)
    assert item.expected == "[1]"


def test_mapping_of_objects_lets_each_say_whether_it_has_a_key() -> None:
    mapping = mapping_of(["input"], is_table=False)
    rows = [SourceRow(1, {"input": "x"}), SourceRow(2, {"input": "y", "key": "a"}), SourceRow(3, {"input": "x"})]

    items = list(items_of(rows, mapping))

    assert items[:2] == [NewItem(item_key("x"), "x"), NewItem("a", "y")]
    assert items[2] == BadRow(3, "lines 1 and 3 hold the same input: give them keys, or leave one out")


@pytest.mark.parametrize(
    ("cell", "column", "tags"),
    [
        ("a, b", SplitColumn("t"), ("a, b",)),
        ("a; b", SplitColumn("t", ";"), ("a", "b")),
        (["a", "b", "a"], SplitColumn("t", ","), ("a", "b")),
        ([1, True], SplitColumn("t"), ("1", "true")),
        (None, SplitColumn("t", ","), ()),
    ],
)
def test_item_of_a_row_reads_tags(cell: Any, column: SplitColumn, tags: tuple[str, ...]) -> None:
    assert made({"q": "x", "t": cell}, tags=column).tags == tags


@pytest.mark.parametrize(
    ("cell", "given"),
    [(7, "7"), (True, "true"), ({"a": 1, "b": "x"}, {"a": 1, "b": "x"}), (" x ", " x ")],
)
def test_item_of_a_row_reads_inputs_as_text_or_object(cell: Any, given: Any) -> None:
    assert made({"q": cell}).input == given


@pytest.mark.parametrize(
    ("cell", "key"), [(7, "7"), (1.5, "1.5"), (" a b ", "a b"), ("A", "A"), ("x" * 200, "x" * 200)]
)
def test_item_of_a_row_reads_keys_as_text(cell: Any, key: str) -> None:
    assert made({"q": "x", "id": cell}, key="id").key == key


@pytest.mark.parametrize("cell", [None, ""])
def test_item_of_a_row_without_split_has_none(cell: Any) -> None:
    assert made({"q": "x", "s": cell}, split="s").split == ""


@pytest.mark.parametrize(
    ("values", "mapping", "reason"),
    [
        ({"q": ""}, {}, "the input is empty"),
        ({"q": " \n"}, {}, "the input is empty"),
        ({"q": None}, {}, "the input is empty"),
        ({}, {}, "the input is empty"),
        ({"q": {}}, {}, "the input is empty"),
        ({"q": "", "c": " "}, {"input": {"a": "q", "b": "c"}}, "the input is empty"),
        ({"q": ["x"]}, {}, "the input is a list: a text or an object of variables is expected"),
        ({"q": {"metadata": 1}}, {}, 'the input has a variable "metadata": templates know something else by this name'),
        ({"q": "x", "id": ""}, {"key": "id"}, "the key is empty"),
        ({"q": "x"}, {"key": "id"}, "the key is empty"),
        ({"q": "x", "id": {"a": 1}}, {"key": "id"}, "the key is an object: a text or a number is expected"),
        ({"q": "x", "id": "k" * 201}, {"key": "id"}, "the key has 201 characters, 200 are allowed"),
        ({"q": "x", "t": "a|b"}, {"tags": SplitColumn("t")}, 'the tag "a|b" holds a "|"'),
        ({"q": "x", "t": "a" * 201}, {"tags": SplitColumn("t")}, "a tag has 201 characters, 200 are allowed"),
        ({"q": "x", "s": "s" * 101}, {"split": "s"}, "the split has 101 characters, 100 are allowed"),
    ],
)
def test_item_of_a_row_that_does_not_fit_says_why(values: dict[str, Any], mapping: dict[str, Any], reason: str) -> None:
    assert made(values, **mapping) == BadRow(5, reason)


def test_items_of_rows_with_a_key_twice_refuses_the_second_naming_both_lines() -> None:
    rows = [
        SourceRow(2, {"q": "x", "id": "a"}),
        SourceRow(3, {"q": "y", "id": "A"}),
        SourceRow(9, {"q": "z", "id": "a"}),
    ]

    items = list(items_of(rows, ColumnMapping(input="q", key="id")))

    assert items[2] == BadRow(9, 'lines 2 and 9 have the key "a"')
    assert [item.key for item in items[:2] if isinstance(item, NewItem)] == ["a", "A"]


def test_items_of_rows_in_one_line_refuses_the_second_with_a_key() -> None:
    rows = [SourceRow(1, {"q": name, "id": "a"}, number=number) for number, name in enumerate("xy", start=1)]

    items = list(items_of([*rows, SourceRow(2, {"q": "z", "id": "a"})], ColumnMapping(input="q", key="id")))

    assert items[1:] == [
        BadRow(1, 'row 2 of the list: row 1 of the list and row 2 of the list have the key "a"'),
        BadRow(2, 'row 1 of the list and line 2 have the key "a"'),
    ]


def test_items_of_rows_with_the_same_input_and_no_keys_says_so() -> None:
    items = list(items_of([SourceRow(2, {"q": "x"}), SourceRow(3, {"q": "x"})], ColumnMapping(input="q")))

    assert items[1] == BadRow(3, "lines 2 and 3 hold the same input: give them keys, or leave one out")


def test_items_of_bad_rows_passes_them_on() -> None:
    assert list(items_of([BadRow(2, "broken")], ColumnMapping(input="q"))) == [BadRow(2, "broken")]


def test_columns_of_a_mapping_are_named_by_their_places() -> None:
    assert FULL.columns() == {
        "key": "id",
        "input.question": "q",
        "input.context": "c",
        "expected": "a",
        "tags": "t",
        "metadata.difficulty": "d",
        "split": "s",
    }


def test_mapping_says_what_parts_values_as_experiment_files_do() -> None:
    mapping = mapping_from({"input": "q", "expected": {"column": "a", "split": "|"}, "tags": {"column": "t"}})

    assert (mapping.expected, mapping.tags) == (SplitColumn("a", "|"), SplitColumn("t", "|"))


@pytest.mark.parametrize("wrong", [{"split": ","}, {"column": "t", "by": ","}, {"column": 5}, ["t"], 5])
def test_mapping_with_a_part_that_is_no_column_says_how_to_write_it(wrong: Any) -> None:
    with pytest.raises(WrongMapping, match=r'tags is a column, or \{"column": "Tags", "split": ","\}'):
        mapping_from({"input": "q", "tags": wrong})
