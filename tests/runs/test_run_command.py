"""`evalsite run` end to end over recorded outputs: its exit codes, and the files that it writes."""

import csv
import gc
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import call_command

from evalsite.commands import CommandFailed
from experiments.models import Candidate
from experiments.rows.new_items import NewItem
from runs.lanes.foreground import Foreground
from runs.models import Result, Run

pytestmark = pytest.mark.django_db(transaction=True)

FILE = """
experiment: adding
dataset: {name: sums, file: items.csv, key: id, input: q, expected: a, bad_rows: skip}
providers:
  past: {kind: replay, file: outputs.jsonl, key: id, output: answer}
prompt: "{{ input }}"
candidates: [{provider: past, model: recorded, name: past}]
scorers: [{kind: exact_match, name: correct}]
require: [{scorer: correct, at_least: AT_LEAST}]
"""
ITEMS = "id,q,a\\na,1 + 1?,2\\nb,2 + 2?,4\\nbad\\n".replace("\\n", "\n")
OUTPUTS = [{"id": "a", "answer": "2"}, {"id": "b", "answer": "5"}]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the experiment file, its items and the recorded outputs; half of these are right."""
    (tmp_path / "items.csv").write_text(ITEMS)
    (tmp_path / "outputs.jsonl").write_text("".join(json.dumps(output) + "\n" for output in OUTPUTS))
    (tmp_path / "adding.yaml").write_text(FILE.replace("AT_LEAST", "0.5"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*options: str) -> int:
    """Run the file here and return the exit code."""
    try:
        call_command("run", "adding.yaml", "--local", "--quiet", *options)
    except CommandFailed as failed:
        return failed.returncode
    return 0


def test_run_writes_board_results_and_junit(folder: Path) -> None:
    code = run("--json", "board.json", "--csv", "results.csv", "--junit", "junit.xml")

    board: dict[str, Any] = json.loads((folder / "board.json").read_text())
    records = list(csv.DictReader(io.StringIO((folder / "results.csv").read_text())))
    suites = ET.fromstring((folder / "junit.xml").read_text())  # noqa: S314 - our own document
    assert code == 0
    assert (board["entries"][0]["weighted_score"], board["requirements"][0]["met"]) == (0.5, True)
    assert board["bad_rows"] == [{"line": 4, "reason": "1 cell where the first line names 3 columns"}]
    assert [(one["item"], one["output"], one["score.correct"]) for one in records] == [
        ("a", "2", "1.0"),
        ("b", "5", "0.0"),
    ]
    assert (suites.get("tests"), suites.get("failures")) == ("3", "1")


def test_run_keeps_no_item_of_its_file_while_it_works(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "items.csv").write_text(ITEMS.replace("1 + 1?", "1 + 1 once?"))
    kept: list[list[NewItem]] = []
    work = Foreground.work

    def work_and_look(self: Foreground, run_ids: list[int]) -> None:
        gc.collect()
        kept.append([one for one in gc.get_objects() if type(one) is NewItem and one.input == "1 + 1 once?"])
        work(self, run_ids)

    monkeypatch.setattr(Foreground, "work", work_and_look)

    assert run() == 0
    assert kept == [[]]


def test_run_whose_requirement_is_not_met_ends_with_3_and_all_files(folder: Path) -> None:
    code = run("--set", "require[0].at_least=0.75", "--json", "board.json", "--junit", "junit.xml")

    board = json.loads((folder / "board.json").read_text())
    assert code == 3
    assert board["requirements"] == [
        {"candidate": "past", "scorer": "correct", "at_least": 0.75, "value": 0.5, "met": False}
    ]
    assert 'failures="2"' in (folder / "junit.xml").read_text()


def test_run_prints_one_of_the_files_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run("--csv", "-")

    shown = capsys.readouterr().out
    assert code == 0
    assert [record["item"] for record in csv.DictReader(io.StringIO(shown))] == ["a", "b"]


def test_run_of_one_candidate_leaves_the_others_alone(folder: Path) -> None:
    both = "[{provider: past, model: recorded, name: past}, {provider: past, model: other, name: next}]"

    code = run("--set", f"candidates={both}", "--candidate", "next")

    assert code == 0
    assert list(Run.objects.values_list("name", flat=True)) == ["next"]
    assert Candidate.objects.listed().count() == 2


def test_check_says_what_is_to_come_and_calls_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("run", "adding.yaml", "--local", "--limit", "1")
    capsys.readouterr()

    call_command("run", "adding.yaml", "--check", "--candidate", "past")

    shown = " ".join(capsys.readouterr().out.split())
    assert "2 results planned, 1 of them stored, 1 to come; nothing was called." in shown
    assert Result.objects.count() == 1


@pytest.mark.parametrize(
    ("prompt", "code"),
    [("{{ input }} or {{ metadata.topic }}?", 2), ("{{ input }}", 0)],
)
def test_check_renders_the_prompts_for_items_of_the_site(folder: Path, prompt: str, code: int) -> None:
    run()

    assert run("--set", "dataset=sums", "--set", f"prompt={prompt}", "--check") == code


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--candidate", "pst"), '--candidate: there is no candidate "pst" in the file; did you mean "past"?'),
        (("--csv", "."), "--csv . is a directory: name a file in it"),
        (("--junit", "none/j.xml"), "--junit none/j.xml cannot be written: No such file or directory"),
        (("--json", "-", "--csv", "-"), "--json - is there twice: name a file for each"),
        (("--for-spreadsheets",), "--for-spreadsheets goes with --csv"),
    ],
)
def test_run_finds_outputs_that_cannot_be_written_before_it_runs(
    folder: Path, options: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandFailed, match=re.escape(sentence)) as failed:
        call_command("run", str(folder / "adding.yaml"), "--local", *options)

    assert failed.value.returncode == 2
