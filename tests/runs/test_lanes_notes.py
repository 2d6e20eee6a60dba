"""What a lane does at this moment, noted on disk: its steps, its open calls, its sentence; read by who buries it."""

import asyncio
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from runs.lanes.notes import SLOTS, Noted, Notes, forget_notes, noted_of, sayings

CRASHING = """
import asyncio, ctypes, sys
from pathlib import Path
from runs.lanes.notes import Notes

async def work(number):
    await asyncio.sleep(0)
    if number == 7:
        ctypes.string_at(0)
    await asyncio.Event().wait()

async def main():
    notes = Notes(Path(sys.argv[1]), 3)
    notes.calls.put(3)
    notes.calls.clear(notes.calls.put(4))
    with notes.busy(2):
        await asyncio.gather(*(notes.stepping(number, work(number)) for number in range(5, 9)))

asyncio.run(main())
"""


def test_lane_that_crashes_leaves_what_it_stepped_and_was_busy_with(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASHING, str(tmp_path)], check=False, capture_output=True)

    assert done.returncode == -signal.SIGSEGV
    assert noted_of(tmp_path, 3) == Noted({2, 7}, {3})
    forget_notes(tmp_path, 3)
    assert noted_of(tmp_path, 3) == Noted()


async def test_stepping_returns_raises_and_cancels_as_the_work_does(tmp_path: Path) -> None:
    notes = Notes(tmp_path, 1)

    async def fine() -> int:
        await asyncio.sleep(0)
        return 4

    async def wrong() -> int:
        await asyncio.sleep(0)
        raise ValueError

    async def stepping(work: Any) -> Any:
        return await notes.stepping(1, work)

    hung = asyncio.create_task(stepping(asyncio.sleep(60)))
    await asyncio.sleep(0)
    hung.cancel()
    came = await asyncio.gather(stepping(fine()), stepping(wrong()), hung, return_exceptions=True)

    assert [value if isinstance(value, int) else type(value) for value in came] == [
        4,
        ValueError,
        asyncio.CancelledError,
    ]
    assert noted_of(tmp_path, 1) == Noted(set(), set())


def test_notes_of_a_folder_that_cannot_be_written_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    notes = Notes(tmp_path / "file", 1)

    with notes.busy(5):
        assert noted_of(tmp_path / "file", 1) == Noted()


def test_what_a_lane_says_is_read_until_it_says_otherwise(tmp_path: Path) -> None:
    notes = Notes(tmp_path, 1)

    notes.say("the disk is full: " + "é" * 1000)
    said = sayings(tmp_path)
    notes.say("")

    assert said.keys() == {1}
    assert said[1].startswith("the disk is full: é")
    assert sayings(tmp_path) == sayings(tmp_path / "nowhere") == {}


def test_file_that_is_no_lanes_says_nothing(tmp_path: Path) -> None:
    Notes(tmp_path, 1).say("the disk is full")
    for name in ("x", "²", "1-copy", ""):
        (tmp_path / f"lane-{name}.notes").write_bytes((tmp_path / "lane-1.notes").read_bytes())

    assert sayings(tmp_path) == {1: "the disk is full"}


def test_more_than_there_are_slots_are_busy_without_a_note(tmp_path: Path) -> None:
    notes = Notes(tmp_path, 1)

    with ExitStack() as work:
        _ = [work.enter_context(notes.busy(number)) for number in range(1, SLOTS + 10)]
        noted = (tmp_path / "lane-1.notes").read_bytes()

    assert b"\0" * 8 not in noted[8 : SLOTS * 8]
    assert noted_of(tmp_path, 1) == Noted(set(), set())
