"""The journal: answers outlive the process that was killed before it stored them, and pages do not pile up."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from runs.exchange import Completion
from runs.execution import Attempt, NotedAnswer
from runs.lanes.journal import Journal, left_answers, sweep
from runs.lanes.notes import Notes, noted_of
from tests.runs.jobs import a_job, answered

ALL = range(100_000)
FAILED = Attempt("provider_error", "it said 500", 500, "no", 12)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """The journal of lane 7."""
    return Journal(tmp_path / "journal", 7)


def pages(journal: Journal) -> list[Path]:
    """Return the files that there are."""
    return sorted(journal.folder.glob("*"))


def test_noted_answer_is_found_whole_by_whoever_comes_after(journal: Journal) -> None:
    job = answered(a_job(3), "vier\n4 ✓", wait_ms=8, call_count=2, attempts=[FAILED])
    job.completion = Completion("vier\n4 ✓", message={"role": "assistant"}, tokens_in=3, tokens_out=2)

    journal.note(job)

    noted = NotedAnswer((3).to_bytes(16, "big"), job.completion, Decimal("0.005"), 120, 8, 2, [FAILED])
    assert left_answers(journal.folder, 1, ALL) == {3: noted}


def test_only_answers_of_the_run_that_are_missing_are_found(journal: Journal) -> None:
    for ordinal in range(4):
        journal.note(answered(a_job(ordinal)))

    assert set(left_answers(journal.folder, 1, {1, 3, 9})) == {1, 3}
    assert left_answers(journal.folder, 2, ALL) == {}
    assert left_answers(journal.folder / "nowhere", 1, ALL) == {}


def test_line_that_was_cut_off_costs_no_other(journal: Journal) -> None:
    journal.note(answered(a_job(1)))
    written = pages(journal)[0].read_bytes()
    for other, rest in (("lane-5-0.jsonl", b'{"run":1,"ordinal":2,"req'), ("lane-6-0.jsonl", written.rstrip(b"\0\n"))):
        (journal.folder / other).write_bytes(rest.replace(b'"ordinal":1', b'"ordinal":4') + bytes(80))

    assert set(left_answers(journal.folder, 1, ALL)) == {1, 4}


def test_answer_without_a_known_cost_stays_without(journal: Journal) -> None:
    journal.note(answered(a_job(), cost_usd=None, latency_ms=None))

    (noted,) = left_answers(journal.folder, 1, ALL).values()
    assert (noted.cost_usd, noted.latency_ms) == (None, None)


def test_pages_whose_answers_are_stored_are_removed(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [answered(a_job(ordinal)) for ordinal in range(5)]
    journal.note(jobs[0])
    room_of_two = 2 * len(pages(journal)[0].read_bytes().rstrip(b"\0")) + 8
    journal.close()
    monkeypatch.setattr("runs.lanes.journal.PAGE_BYTES", room_of_two)
    for job in jobs:
        journal.note(job)
    assert len(pages(journal)) == 3

    journal.forget([*jobs[:3], a_job(80)])

    assert set(left_answers(journal.folder, 1, ALL)) == {2, 3, 4}
    journal.forget(jobs[3:])
    assert [page.name for page in pages(journal)] == ["lane-7-3.jsonl"]
    journal.close()
    assert pages(journal) == []


def test_answer_longer_than_a_page_has_one_of_its_own(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.lanes.journal.PAGE_BYTES", 4096)
    long = answered(a_job(1), "long " * 2000)
    for job in (answered(a_job(0)), long, answered(a_job(2))):
        journal.note(job)

    assert set(left_answers(journal.folder, 1, ALL)) == {0, 1, 2}
    journal.forget([long])
    assert set(left_answers(journal.folder, 1, ALL)) == {0, 2}


def test_nobody_else_may_read_a_page(journal: Journal) -> None:
    journal.note(answered(a_job()))

    assert [path.stat().st_mode & 0o777 for path in (journal.folder, pages(journal)[0])] == [0o700, 0o600]


def test_disk_that_takes_nothing_is_said_once_and_stops_no_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "journal", 7)

    for ordinal in range(3):
        journal.note(answered(a_job(ordinal)))
    journal.forget([a_job()])

    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        f"answers cannot be kept in {journal.folder} until they are stored"
    ]


def test_answer_that_the_disk_does_not_take_is_noted_as_an_open_call_until_it_is_stored(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    notes = Notes(tmp_path, 7)
    journal, job = Journal(tmp_path / "file" / "journal", 7, notes.calls), answered(a_job(3))

    journal.note(job)
    before = noted_of(tmp_path, 7)
    journal.forget([job])

    assert (before.called, noted_of(tmp_path, 7).called) == ({job.result_id}, set())


def test_sweep_takes_only_what_was_left_long_ago(journal: Journal) -> None:
    journal.note(answered(a_job()))
    old = journal.folder / "lane-3-0.jsonl"
    old.write_bytes(b"")
    os.utime(old, (1, 1))

    sweep(journal.folder)

    assert [page.name for page in pages(journal)] == ["lane-7-0.jsonl"]
