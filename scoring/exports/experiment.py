"""An experiment as a file: declared as YAML, its results as CSV, or what is required of it as JUnit XML."""

from collections.abc import Iterable

from experiments.exporting import safe_name
from experiments.files.declared_form import declared_form
from experiments.files.writing import to_yaml
from experiments.models import Experiment
from scoring.boards.leaderboard import leaderboard
from scoring.boards.requirements import required_of
from scoring.exports.junit import junit_lines
from scoring.exports.results import result_lines

ENDINGS = {"yaml": "yaml", "csv": "csv", "junit": "junit.xml"}
"""How a file's name ends, by its kind."""


def export_lines(experiment: Experiment, kind: str, *, is_for_spreadsheets: bool = False) -> Iterable[str]:
    """Return the lines of a file of one of these kinds. Raises ActionConflict where YAML could declare nothing."""
    if kind == "yaml":
        return [to_yaml(declared_form(experiment))]
    board = leaderboard(experiment)
    if kind == "junit":
        return junit_lines(board, required_of(board))
    return result_lines(board, is_for_spreadsheets=is_for_spreadsheets)


def export_name(experiment: Experiment, kind: str) -> str:
    """Return what the file is called."""
    return f"{safe_name(experiment.name)}.{ENDINGS[kind]}"
