"""Dataset files: what each kind of file gives, row by row, and what is no such file."""

import gzip
import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from experiments.rows import dataset_files
from experiments.rows.dataset_files import SourceRow, UnreadableFile, format_of, read_rows
from experiments.rows.json_rows import json_list
from experiments.rows.new_items import BadRow
from experiments.rows.table_rows import UNCLOSED

ONE = [SourceRow(2, {"id": "1", "q": "x"})]


class InPieces(io.StringIO):
    """A text that gives at most so many signs at once."""

    def __init__(self, text: str, size: int) -> None:
        super().__init__(text, newline="")
        self._size = size

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size, self._size) if size else self._size)


def rows_of(folder: Path, content: bytes | str, name: str = "items.csv", file_format: str | None = None) -> list[Any]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path, file_format))


def test_read_rows_of_a_table_names_its_columns_on_one_line(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, 'id,"Question \r\n(English)","two  spaces"\n1,x,y\n')

    assert row.values == {"id": "1", "Question (English)": "x", "two  spaces": "y"}


@pytest.mark.parametrize(
    "content",
    [
        b"id,q\n1,x\n",
        b"id,q\r\n1,x\r\n",
        b"id,q\r1,x\r",
        b"id,q\n1,x",
        b"id;q\n1;x\n",
        b"id\tq\n1\tx\n",
        b'"id","q"\n"1","x"\n',
        b" id , q \n1,x\n",
        b"id,q,,\n1,x,,\n",
        b"id,q\n\n , \n1,x\n\n",
        b"\xef\xbb\xbfid,q\n1,x\n",
        "id,q\n1,x\n".encode("utf-16"),
        "id,q\n1,x\n".encode("utf-16-le"),
        "id,q\n1,x\n".encode("utf-16-be"),
        b"id,q\n1\x00,x\x00\n",
        gzip.compress(b"id,q\n1,x\n", mtime=0),
    ],
)
def test_read_rows_of_a_table_in_any_dress_gives_the_same_values(tmp_path: Path, content: bytes) -> None:
    assert [row.values for row in rows_of(tmp_path, content)] == [row.values for row in ONE]


def test_read_rows_of_a_tsv_parts_at_tabs_only(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "a,b\tc\n1,2\t3\n", "items.tsv") == [SourceRow(2, {"a,b": "1,2", "c": "3"})]


def test_read_rows_of_a_table_says_where_each_row_begins(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'id,q\n1,"two\nlines"\n\n2,"a ""quoted"" word"\n')

    assert rows == [SourceRow(2, {"id": "1", "q": "two\nlines"}), SourceRow(5, {"id": "2", "q": 'a "quoted" word'})]


def test_read_rows_of_a_table_with_blank_lines_on_top_counts_them(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "\n\nid,q\n1,x\n") == [SourceRow(4, {"id": "1", "q": "x"})]


def test_read_rows_of_a_table_keeps_texts_as_they_are(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "id,a,b,c,d\n007, x ,=1+1,-5,1e400\n")

    assert row.values == {"id": "007", "a": " x ", "b": "=1+1", "c": "-5", "d": "1e400"}


def test_read_rows_of_a_table_reads_cells_of_any_length(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, f"q\n{'a' * 200_000}\n")

    assert len(row.values["q"]) == 200_000


def test_read_rows_of_windows_text_reads_its_letters(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "q\nGrüße für 5 €\n".encode("cp1252"))

    assert row.values == {"q": "Grüße für 5 €"}


def test_read_rows_of_windows_text_far_down_reads_its_letters(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, b"q\n" + b"plain\n" * 200_000 + "für\n".encode("cp1252"))

    assert rows[-1].values == {"q": "für"}


def test_read_rows_of_utf_8_with_a_broken_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="line 3 is no text in UTF-8: save the file as UTF-8"):
        rows_of(tmp_path, "q\nGrüße\n".encode() + b"\xff\n")


@pytest.mark.parametrize(
    ("content", "bad"),
    [
        ("id,q\n1\n2,x\n", BadRow(2, "1 cell where the first line names 2 columns")),
        ("id,q\n1,x,y\n2,x\n", BadRow(2, "3 cells where the first line names 2 columns")),
        ("id,q,\n1,x,lost\n2,x,\n", BadRow(2, '"lost" stands under no column name')),
        ('id,q\n1,"x"y\n2,x\n', BadRow(2, "a quote is amiss: ',' expected after '\"'")),
    ],
)
def test_read_rows_of_a_bad_row_names_it_and_goes_on(tmp_path: Path, content: str, bad: BadRow) -> None:
    rows = rows_of(tmp_path, content)

    assert rows == [bad, SourceRow(3, {"id": "2", "q": "x"})]


def test_read_rows_of_a_quote_that_never_closes_names_its_line(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'id,q\n1,x\n2,"open\n3,y\n')

    assert rows == [SourceRow(2, {"id": "1", "q": "x"}), BadRow(3, UNCLOSED)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (",,\n1,2,3\n", "the first line holds no column names"),
        ("a,b,a\n1,2,3\n", 'the column "a" is there twice: rename one'),
        ("a, a\n1,2\n", 'the column "a" is there twice: rename one'),
        ('"a\n1,2\n', "the line of column names cannot be read: a quote opens here that is not closed"),
        (b"PK\x03\x04rest", "this is a zip or a spreadsheet, whatever its name: export it as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "this is a spreadsheet, whatever its name: export it as CSV"),
        (
            gzip.compress(b"PK\x03\x04rest", mtime=0),
            "this is a zip or a spreadsheet, whatever its name: export it as CSV",
        ),
        (b"a.csv" + b"\0" * 252 + b"ustar\x0000", "this is a tar archive, whatever its name: export it as CSV"),
        ('[{"a": 1}]', "this is JSON, not a table: name it .json, or .jsonl when each line is an object"),
        ('[\n  {"a": 1}\n]', "this is JSON, not a table"),
        (b"PAR1rest", "this is a Parquet file, whatever its name: export it as CSV"),
        (gzip.compress(b"a,b\n" * 99, mtime=0)[:-12], "the packed file is broken: "),
        (gzip.compress(b"a,b\n" * 99, mtime=0)[:20] + b"\x00" * 20, "the packed file is broken: "),
    ],
)
def test_read_rows_of_what_is_no_table_says_what_it_is(tmp_path: Path, content: bytes | str, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        rows_of(tmp_path, content)

    assert str(caught.value).startswith(sentence)


def test_read_rows_of_a_table_of_names_only_gives_nothing(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "id,q\n") == []


def test_read_rows_of_a_gzip_bomb_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_files, "BOMB_FLOOR", 1024 * 1024)

    with pytest.raises(UnreadableFile, match="it unpacks to more than 200 times its size"):
        rows_of(tmp_path, gzip.compress(b"a\n" + b"0" * 5_000_000, mtime=0), "items.csv.gz")


def test_read_rows_of_json_lines_keeps_types(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, '{"a": 1, "b": [true, null, {"c": 2.5}]}\n\n{"a": "007"},\n', "items.jsonl")

    assert rows == [SourceRow(1, {"a": 1, "b": [True, None, {"c": 2.5}]}), SourceRow(3, {"a": "007"})]


def test_read_rows_of_json_cleans_texts(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, '{"a\\u0000": "x\\u0000y", "b": "\\ud800", "c": "\\ud83d\\ude00"}', "items.jsonl")

    assert row.values == {"a": "xy", "b": "?", "c": "😀"}


def test_read_rows_of_json_keeps_whole_numbers_beyond_64_bits_as_text(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, '{"a": 123456789012345678, "b": 1234567890123456789012}', "items.jsonl")

    assert row.values == {"a": 123456789012345678, "b": "1234567890123456789012"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a": [-Infinity]}', "-Infinity is no number of JSON"),
        ('{"a": 1e400}', "1e400 is too large a number"),
        ('{"a": 1, "a": 2}', 'the name "a" is there twice'),
        ('{"a": 1', 'no JSON: "," is expected at column 8'),
        ("hello", "no JSON: a value is expected at column 1"),
        ("[1]", "a row is an object, {...}"),
        ('"text"', "a row is an object, {...}"),
        ('{"a": ' + "[" * 100_000, "the values are nested too deeply"),
    ],
)
def test_read_rows_of_a_bad_line_of_json_names_it_and_goes_on(tmp_path: Path, line: str, reason: str) -> None:
    rows = rows_of(tmp_path, f'{{"a": 0}}\n{line}\n{{"a": 3}}\n', "items.jsonl")

    assert rows == [SourceRow(1, {"a": 0}), BadRow(2, reason), SourceRow(3, {"a": 3})]


def test_read_rows_of_a_json_list_knows_the_lines(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, '[\n {"a": 1},\n {"a":\n  2}, {"a": 1e999},\n\n 7]\n', "items.json")

    assert rows == [
        SourceRow(2, {"a": 1}),
        SourceRow(3, {"a": 2}),
        BadRow(4, "1e999 is too large a number"),
        BadRow(6, "a row is an object, {...}"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_json_list_that_is_read_in_pieces_is_the_same(size: int) -> None:
    text = '[\n{"a": "x\\"]}\\\\"},\r\n {"b":\n[1, {"c": null}]}, 12, "}", {"d": NaN}, {"e": -1.5e3}\n]'

    rows = list(json_list(InPieces(text, size)))

    assert rows == list(json_list(InPieces(text, len(text))))
    assert rows[:2] == [
        SourceRow(2, {"a": 'x"]}\\'}, is_typed=True),
        SourceRow(3, {"b": [1, {"c": None}]}, is_typed=True),
    ]
    assert [row.line for row in rows] == [2, 3, 4, 4, 4, 4]


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"a": 1},\n {"a" 2}, {"b": 3}]', '":" is expected in line 2, column 7'),
        ('[{"a": 1},\n {"a": 2', '"," is expected in line 2, column 9'),
        ('[{"a": "x', "a text without its closing quote begins in line 1, column 8"),
    ],
)
def test_json_list_that_is_read_in_pieces_names_the_same_places(size: int, text: str, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        list(json_list(InPieces(text, size)))


def test_json_list_of_any_size_is_read_within_little_memory() -> None:
    row = '{"key": "' + "x" * 1000 + '"},'
    stream = InPieces(f"[{row * 20_000}]", 2**30)
    tracemalloc.start()

    count = sum(1 for _ in json_list(stream))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (count, most < 4 * 1024 * 1024) == (20_000, True)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the file is empty"),
        ('{"a": 1}', "a JSON dataset is a list of objects, [{...}, {...}]; one object a line is JSON Lines"),
        ("[]\n[]", "there is more behind the end of the list in line 2"),
        ('[{"a": 1},,]', "no JSON: a value is expected in line 1, column 11"),
        ('[{"a": 1}\n{"a": 2}]', 'no JSON: "," or "]" is expected in line 2'),
        ('[{"a": 1},\n{"a" 2}]', 'no JSON: ":" is expected in line 2, column 6'),
        ("[" * 100_000, "the value in line 1 is nested too deeply"),
        ('[{"a": 1}', 'no JSON: "," or "]" is expected in line 1'),
    ],
)
def test_read_rows_of_what_is_no_json_list_says_so(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        rows_of(tmp_path, content, "items.json")

    assert str(caught.value).startswith(sentence)


def test_json_list_numbers_the_rows_that_share_a_line(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, '[{"a": 1},\n{"a": 2}, 3, {"a": NaN},\n4]', "items.json")

    assert rows[2:] == [
        BadRow(2, "row 3 of the list: a row is an object, {...}"),
        BadRow(2, "row 4 of the list: NaN is no number of JSON"),
        BadRow(3, "a row is an object, {...}"),
    ]


def test_read_rows_of_a_list_named_json_lines_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"this is a JSON list, not JSON Lines: name it \.json, or write format"):
        rows_of(tmp_path, '[\n{"a": 1}\n]', "items.jsonl")


def test_read_rows_of_a_list_with_a_comma_at_its_end_reads_it(tmp_path: Path) -> None:
    assert rows_of(tmp_path, '[{"a": 1},\n]', "items.json") == [SourceRow(1, {"a": 1})]


def test_read_rows_of_an_empty_list_gives_nothing(tmp_path: Path) -> None:
    assert rows_of(tmp_path, " [ ] ", "items.json") == []


def test_read_rows_with_a_format_does_not_ask_the_name(tmp_path: Path) -> None:
    assert rows_of(tmp_path, '{"a": 1}', "items.txt", "jsonl") == [SourceRow(1, {"a": 1})]


def test_read_rows_reads_a_row_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"a": 1}\n' * 3 + "broken")

    assert next(read_rows(path)) == SourceRow(1, {"a": 1})


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.csv", "csv"), ("A.CSV", "csv"), ("a.b.jsonl.gz", "jsonl"), ("a.tsv", "tsv"), ("a.json.GZ", "json")],
)
def test_format_of_a_name_is_its_ending(name: str, kind: str) -> None:
    assert format_of(name) == kind


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "a", "a.csv.zip"])
def test_format_of_another_name_is_refused(name: str) -> None:
    with pytest.raises(
        UnreadableFile, match=r"its name ends in none of \.csv, \.tsv, \.json, \.jsonl \(each also \.gz\): rename it"
    ):
        format_of(name)


def test_format_of_a_spreadsheet_says_to_export_it() -> None:
    with pytest.raises(UnreadableFile, match="export it as CSV"):
        format_of("a.xlsx")
