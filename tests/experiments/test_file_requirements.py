"""What an experiment file requires of its board."""

from pathlib import Path

import pytest

from experiments.requirements import Requirement
from tests.experiments.declared_files import declared, problems_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{candidate: m, scorer: correct, at_least: 0.80}", Requirement("m", "correct", at_least=0.8)),
        ('{candidate: "*", metric: p95_ms, at_most: 4000}', Requirement("*", metric="p95_ms", at_most=4000)),
        ("{metric: score, at_least: 0.5, on: low}", Requirement("*", metric="score", at_least=0.5, on="low")),
        ("{scorer: correct, at_least: 1, on: every_item}", Requirement("*", "correct", at_least=1, on="every_item")),
    ],
)
def test_load_reads_requirements(tmp_path: Path, written: str, expected: Requirement) -> None:
    assert declared(tmp_path, require=f"[{written}]").requirements == [expected]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{scorer: correct}", "require[0].at_least: write at_least, at_most or both"),
        ("{at_least: 1}", "require[0].scorer: write scorer or metric, one of the two"),
        ("{scorer: correct, metric: score, at_least: 1}", "require[0].scorer: write scorer or metric, one of the two"),
        ("{scorer: corect, at_least: 1}", 'require[0].scorer: there is no scorer "corect"; did you mean "correct"?'),
        ("{candidate: x, metric: score, at_least: 1}", 'require[0].candidate: there is no candidate "x"'),
        (
            "{metric: p95, at_most: 1}",
            'require[0].metric: "p95" is none of score, errors,',
        ),
        ("{metric: errors, at_most: 1, on: low}", "require[0].on: errors has no interval"),
        ("{metric: score, at_most: 1, on: every_item}", "require[0].on: every_item goes with a scorer"),
        ("{scorer: correct, at_least: x}", "require[0].at_least: write a number"),
        ("{scorer: correct, at_lest: 1, at_most: 1}", 'require[0].at_lest: unknown key; did you mean "at_least"?'),
    ],
)
def test_load_of_wrong_requirements_says_where(tmp_path: Path, written: str, problem: str) -> None:
    assert f"e.yaml:7: {problem}" in "\n".join(problems_of(tmp_path, require=f"[{written}]"))
