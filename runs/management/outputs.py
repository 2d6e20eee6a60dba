"""The files that `evalsite run` writes: the board as JSON, the results as CSV, and JUnit XML."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evalsite.commands import CommandFailed
from experiments.files.experiment_file import ExperimentFile
from scoring.boards.board_json import board_json
from scoring.boards.leaderboard import Board
from scoring.boards.requirements import Met
from scoring.exports.junit import junit_lines
from scoring.exports.results import result_lines

OUTPUTS = ("json", "csv", "junit")
STANDARD_OUTPUT = "-"
FILE_WRONG = 2


def add_outputs(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", metavar="FILE", help="write the board as JSON; - prints it")
    parser.add_argument("--csv", metavar="FILE", help="write every result with its scores as CSV; - prints it")
    parser.add_argument("--junit", metavar="FILE", help="write requirements and items as JUnit XML; - prints it")
    parser.add_argument("--for-spreadsheets", action="store_true", help="CSV whose cells are no formulas")


def check_outputs(options: dict[str, Any]) -> None:
    """Raise CommandFailed for a path that cannot be written: before the run, not after it."""
    given = {name: options[name] for name in OUTPUTS if options[name] is not None}
    if options["for_spreadsheets"] and "csv" not in given:
        raise CommandFailed("--for-spreadsheets goes with --csv", returncode=FILE_WRONG)
    for name, path in given.items():
        if list(given.values()).count(path) > 1:
            raise CommandFailed(f"--{name} {path} is there twice: name a file for each", returncode=FILE_WRONG)
        if path != STANDARD_OUTPUT:
            _try(f"--{name} {path}", Path(path))


def _try(option: str, path: Path) -> None:
    if path.is_dir():
        raise CommandFailed(f"{option} is a directory: name a file in it", returncode=FILE_WRONG)
    try:
        path.touch()
    except OSError as error:
        raise CommandFailed(f"{option} cannot be written: {error.strerror}", returncode=FILE_WRONG) from error


def prints_one(options: dict[str, Any]) -> bool:
    """Return whether one of them goes to standard output, so that nothing else may."""
    return STANDARD_OUTPUT in (options[name] for name in OUTPUTS)


def write_outputs(options: dict[str, Any], file: ExperimentFile, board: Board, required: list[Met]) -> None:
    """Write those that are asked for."""
    if options["json"] is not None:
        _write(options["json"], [_json(file, board, required)])
    if options["csv"] is not None:
        _write(options["csv"], result_lines(board, is_for_spreadsheets=options["for_spreadsheets"]))
    if options["junit"] is not None:
        _write(options["junit"], junit_lines(board, required))


def _json(file: ExperimentFile, board: Board, required: list[Met]) -> str:
    beside = {
        "requirements": [one.as_json() for one in required],
        "bad_rows": [asdict(row) for row in file.dataset.bad_rows],
    }
    return json.dumps({**board_json(board), **beside}, indent=2) + "\n"


def _write(path: str, texts: Iterable[str]) -> None:
    if path == STANDARD_OUTPUT:
        sys.stdout.writelines(texts)
        return
    with Path(path).open("w", encoding="utf-8", newline="") as output:
        output.writelines(texts)
