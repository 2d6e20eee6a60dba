"""The dataset of an experiment file."""

from pathlib import Path
from typing import Any

import pytest

from experiments.actions import declare_experiment
from experiments.files.experiment_file import ExperimentFile
from experiments.files.writing import to_yaml
from experiments.media import data_uri
from experiments.models import Project
from experiments.rows.column_mapping import ColumnMapping, SplitColumn
from experiments.rows.new_items import BadRow, NewItem
from tests.experiments.declared_files import declared, problems_of

ITEMS = "id,Question,Answers,Topics,Split,level\na1,why?,x|y,sums,test,3\na2,how?,,facts,train,4\n"


def test_load_of_a_dataset_of_the_site_has_no_rows(tmp_path: Path) -> None:
    newest, third, part = (
        declared(tmp_path, dataset=value).dataset for value in ("qa", "qa@3", "{name: qa@3, select: {limit: 5}}")
    )

    assert (newest.name, newest.number, newest.rows) == ("qa", None, None)
    assert (third.name, third.number, third.item_limit) == ("qa", 3, None)
    assert (part.name, part.number, part.item_limit) == ("qa", 3, 5)


def test_load_of_a_data_file_remembers_where_its_rows_are_from(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(ITEMS)

    source = declared(
        tmp_path,
        environ={"DATA": "items"},
        dataset="{name: d, file: '${DATA}.csv', input: Question, expected: Answers, metadata: [level]}",
    ).dataset.source

    assert source is not None
    assert (source.path, source.format) == (tmp_path / "items.csv", "csv")
    assert source.mapping == ColumnMapping("Question", expected=SplitColumn("Answers"), metadata={"level": "level"})


def test_load_of_items_keeps_what_was_written(tmp_path: Path) -> None:
    items = "[{key: 7, input: 010, expected: [yes, 1.50, 2], metadata: {a: 12:30}, tags: [on], split: no}]"

    file = declared(tmp_path, dataset=f"{{name: d, items: {items}}}")

    assert file.dataset.rows == (NewItem("7", "010", ["yes", "1.50", 2], {"a": "12:30"}, ("on",), "no"),)


@pytest.mark.parametrize(
    ("dataset", "problem"),
    [
        ("{items: [{input: a}]}", "e.yaml:2: dataset.name: is required"),
        ("[a]", "e.yaml:2: dataset: write an object: keys with values"),
        ("{name: d, items: []}", "e.yaml:2: dataset.items: write one item at least"),
        ("{name: d, items: a}", "e.yaml:2: dataset.items: write a list"),
        ("{name: d, items: [a]}", "e.yaml:2: dataset.items[0]: write an object: input, expected, ..."),
        ("{name: d, items: [{expected: a}]}", "e.yaml:2: dataset.items[0]: the input is empty"),
        ("{name: d, items: [{input: ' '}]}", "e.yaml:2: dataset.items[0]: the input is empty"),
        ("{name: d, items: [{input: a, key: ''}]}", "e.yaml:2: dataset.items[0]: the key is empty"),
        ("{name: d, items: [{input: a, tags: 'x|y'}]}", 'e.yaml:2: dataset.items[0]: the tag "x|y" holds a "|"'),
        (
            "{name: d, items: [{input: {tags: x}}]}",
            'e.yaml:2: dataset.items[0]: the input has a variable "tags": templates know something else by this name',
        ),
        (
            "{name: d, items: [{input: a, expcted: b}]}",
            'e.yaml:2: dataset.items[0].expcted: unknown key; did you mean "expected"?',
        ),
        (
            "{name: d, items: [{input: a, key: k}, {input: b, key: k}]}",
            'e.yaml:2: dataset.items[1]: the key "k" is there already; equal inputs need keys',
        ),
        ("{name: d, items: [{input: a}], file: x.csv}", "e.yaml:2: dataset.file: goes without items"),
        ("{name: d, items: [{input: a}], key: id}", "e.yaml:2: dataset.key: goes without items"),
        (
            "{name: d@3, items: [{input: a}]}",
            "e.yaml:2: dataset.name: d@3 names a version: with file or items the rows make the version",
        ),
        ("{name: d, input: q}", "e.yaml:2: dataset.input: goes with file: name the file"),
        ("{name: d, checks: C}", "e.yaml:2: dataset.checks: goes with file: name the file"),
        ("{name: d, hf: {}}", "e.yaml:2: dataset.hf: not yet"),
        ("{name: d, fille: C}", 'e.yaml:2: dataset.fille: unknown key; did you mean "file"?'),
        ("{name: d, select: {sample: 0}}", "e.yaml:2: dataset.select.sample: write a whole number of at least 1"),
        (
            "{name: d, select: {sample: 9, seed: x}}",
            "e.yaml:2: dataset.select.seed: write a whole number of at least 0",
        ),
        (
            "{name: d, select: {sample: 9, limit: 9}}",
            "e.yaml:2: dataset.select.limit: write limit or sample, one of the two",
        ),
        (
            "{name: d, select: {seed: 9, limit: 9}}",
            "e.yaml:2: dataset.select.seed: goes with sample: limit takes the first items of the version",
        ),
        ("{name: d, select: {limit: 0}}", "e.yaml:2: dataset.select.limit: write a whole number of at least 1"),
        ("{name: d, select: {tag: x}}", 'e.yaml:2: dataset.select.tag: unknown key; did you mean "tags"?'),
        (
            "{name: d, items: [{input: a, tags: billing}], select: {tags: biling}}",
            'e.yaml:2: dataset.select.tags: no item has "biling"; did you mean "billing"?',
        ),
        (
            "{name: d, items: [{input: a, key: k}], select: {keys: [k, l]}}",
            'e.yaml:2: dataset.select.keys: no item has "l"',
        ),
        ("{name: d, items: [{input: a}], select: {split: s}}", 'e.yaml:2: dataset.select.split: no item has "s"'),
        (
            "{name: d, items: [{input: a, tags: x}], select: {exclude_tags: x}}",
            "e.yaml:2: dataset.select: no item is left: loosen it",
        ),
    ],
)
def test_load_of_a_wrong_dataset_says_where(tmp_path: Path, dataset: str, problem: str) -> None:
    assert problems_of(tmp_path, dataset=dataset) == [problem]


@pytest.mark.parametrize(
    ("keys", "content", "problem"),
    [
        ("input: q", "", "dataset.file: items.csv: the file is empty"),
        ("input: q", "q\n", "dataset.file: items.csv holds no rows"),
        ("input: q", "q\na\n\n''\na\n", None),
        ("input: Q", "q\na\n", 'dataset.input: there is no column "Q"; there are q'),
        ("input: qq", "q,x\na,b\n", 'dataset.input: there is no column "qq"; there are q, x; did you mean "q"?'),
        ("input: {v: qq}", "q\na\n", 'dataset.input.v: there is no column "qq"; there are q; did you mean "q"?'),
        ("input: q, metadata: [m]", "q\na\n", 'dataset.metadata.m: there is no column "m"; there are q'),
        ("input: q, expected: {column: e}", "q\na\n", 'dataset.expected: there is no column "e"; there are q'),
        ("input: q, expected: {split: e}", "q\na\n", "dataset.expected.column: is required"),
        ("input: q, key: q", "q\na\nb\na\n", 'dataset.file: items.csv, line 4: lines 2 and 4 have the key "a"'),
        ("input: q", "q,x\na\n", "dataset.file: items.csv, line 2: 1 cell where the first line names 2 columns"),
        (
            "input: q, bad_rows: skip",
            "q,x\na\n",
            "dataset.file: items.csv, line 2: 1 cell where the first line names 2 columns",
        ),
        ("input: q, bad_rows: go", "q\na\n", 'dataset.bad_rows: "go" is none of stop, skip'),
        ("input: q, format: xls", "q\na\n", 'dataset.format: "xls" is none of csv, tsv, json, jsonl'),
        (
            "input: {a-b: q}",
            "q\na\n",
            'dataset.input.a-b: "a-b" is no name that a template can read: letters, digits and _',
        ),
        ("input: q, checks: c", "q\na\n", 'dataset.checks: there is no column "c"; there are q'),
        (
            "input: q, checks: c",
            "q,c\na,contains\n",
            'dataset.file: items.csv, line 2: the column "c" holds no JSON list of checks',
        ),
    ],
)
def test_load_of_a_wrong_data_file_says_what_is_wrong(
    tmp_path: Path, keys: str, content: str, problem: str | None
) -> None:
    (tmp_path / "items.csv").write_text(content)

    found = problems_of(tmp_path, dataset=f"{{name: d, file: items.csv, {keys}}}")

    assert found[0].startswith(f"e.yaml:2: {problem or 'dataset.file: items.csv, line 5: lines 2 and 5 hold'}")


def test_load_of_a_data_file_that_is_not_there_names_the_path(tmp_path: Path) -> None:
    found = problems_of(tmp_path, dataset="{name: d, file: sub/items.csv}")

    assert found == [f"e.yaml:2: dataset.file: is not there (tried {tmp_path / 'sub' / 'items.csv'})"]


def test_load_of_many_bad_rows_names_the_first_and_counts_the_rest(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("broken\n" * 15)

    found = problems_of(tmp_path, dataset="{name: d, file: items.jsonl}")

    assert found[0] == "e.yaml:2: dataset.file: items.jsonl, line 1: no JSON: a value is expected at column 1"
    assert found[10:] == ["e.yaml:2: dataset.file: items.jsonl: 5 more bad rows"]


def test_load_replaces_variables_in_providers_and_the_data_file_only(tmp_path: Path) -> None:
    file = declared(tmp_path, experiment="'${NAME}'", prompt="'${NAME} {{ input }}'")

    assert file.name == "${NAME}"
    assert file.prompts["default"][0]["content"] == "${NAME} {{ input }}"


MIXED = "id,q,a\na,France?,Paris\nb\nc,Peru?,Lima\na,Chad?,x\n"
SKIPPED = [BadRow(3, "1 cell where the first line names 3 columns"), BadRow(5, 'lines 2 and 5 have the key "a"')]


def skipping(folder: Path) -> ExperimentFile:
    """Return a file over a data file with two bad rows that are left out."""
    (folder / "items.csv").write_text(MIXED)
    return declared(
        folder, dataset="{name: d, file: items.csv, key: id, input: q, expected: {column: a}, bad_rows: skip}"
    )


def test_load_that_skips_bad_rows_keeps_the_good_ones_and_says_which_it_left_out(tmp_path: Path) -> None:
    file = skipping(tmp_path)

    assert [row.key for row in file.dataset.rows or ()] == ["a", "c"]
    assert list(file.dataset.bad_rows) == SKIPPED
    assert file.warnings == [
        "2 bad rows of items.csv left out:",
        f"  items.csv, line 3: {SKIPPED[0].reason}",
        f"  items.csv, line 5: {SKIPPED[1].reason}",
    ]


def test_file_that_skips_bad_rows_is_written_with_it(tmp_path: Path) -> None:
    again = declared(tmp_path, to_yaml(skipping(tmp_path)))

    assert list(again.dataset.bad_rows) == SKIPPED


@pytest.mark.django_db
def test_declared_rows_make_a_version_that_says_what_was_left_out(tmp_path: Path, project: Project) -> None:
    version = declare_experiment(file=skipping(tmp_path), project=project, by=None).experiment.dataset_version

    assert version is not None
    assert (version.item_count, version.bad_row_count) == (2, 2)
    assert version.bad_rows == [{"line": row.line, "reason": row.reason} for row in SKIPPED]


LOOK = "[{role: user, content: ['{{ q }}', {type: image, from: picture}]}]"


def looking(folder: Path, **changes: Any) -> ExperimentFile:
    """Return an experiment about pictures."""
    return declared(folder, **{"prompt": LOOK, "scorers": "[{kind: regex, name: any, pattern: a}]", **changes})


def test_load_of_items_that_name_pictures_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"the picture")
    uri = data_uri("image/png", b"the picture")
    given = "{q: a, picture: a.png}", "{q: b, picture: 'https://x/b.png'}", f"{{q: c, picture: '{uri}'}}"

    file = looking(tmp_path, dataset=f"{{name: p, items: [{', '.join(f'{{input: {one}}}' for one in given)}]}}")

    assert [row.input for row in file.dataset.rows or ()] == [
        {"q": "a", "picture": uri},
        {"q": "b", "picture": "https://x/b.png"},
        {"q": "c", "picture": uri},
    ]


def test_load_of_a_data_file_that_names_pictures_finds_them_beside_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jpg").write_bytes(b"the picture")
    (tmp_path / "data" / "rows.csv").write_text("id,q,picture\n1,a,a.jpg\n")
    dataset = "{name: p, file: data/rows.csv, key: id, input: {q: q, picture: picture}}"

    file = looking(tmp_path, dataset=dataset)

    assert [row.input for row in file.dataset.rows or ()] == [
        {"q": "a", "picture": data_uri("image/jpeg", b"the picture")}
    ]


def test_load_of_items_whose_pictures_cannot_be_read_says_which(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(b"x" * (1024 * 1024 + 1))
    items = "{key: k1, input: {q: a, picture: a.png}}, {key: k2, input: {q: b, picture: large.png}}"

    found = problems_of(
        tmp_path,
        dataset=f"{{name: p, items: [{items}]}}",
        prompt=LOOK,
        scorers="[{kind: regex, name: any, pattern: a}]",
    )

    assert found == [
        f"e.yaml:2: dataset: item k1: picture: is not there (tried {tmp_path / 'a.png'})",
        "e.yaml:2: dataset: item k2: picture: large.png is larger than 1 MiB",
    ]


def test_load_of_items_leaves_texts_that_are_no_pictures_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"the picture")

    file = looking(tmp_path, dataset="{name: p, items: [{input: {q: a.png, picture: a.png, other: a.png}}]}")

    assert [(row.input["q"], row.input["other"]) for row in file.dataset.rows or () if isinstance(row.input, dict)] == [
        ("a.png", "a.png")
    ]
