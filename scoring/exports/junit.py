"""A board as JUnit XML, which continuous integration shows: a suite a candidate, a test case a requirement and an item.

An item fails where a scorer with a weight, or with `pass`, does not pass it in one of the trials; a result that came to
an error is an error; an item that nothing judged is skipped.

**Source**: the schema that Jenkins and GitLab read (testsuites, testsuite, testcase with failure, error or skipped).
"""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, islice
from operator import attrgetter
from tempfile import SpooledTemporaryFile
from xml.etree import ElementTree as ET

from evalsite.plugins import scorers as registry
from experiments.models import ScorerSpec
from experiments.rows.new_items import text_of
from runs.outcomes import ERRORS
from scoring.boards.leaderboard import Board, Entry, row_name
from scoring.boards.requirements import Met
from scoring.judging.judged_results import JudgedResult, Said, Scores, judged_by_item
from scoring.scorers.base import Place

NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_ANSWER = 1000
KINDS = ("failure", "error", "skipped")
MOST_IN_MEMORY = 4 * 1024 * 1024
SIGN_EVERY = 1_000
"""Test cases after which an empty line is sent."""


@dataclass(slots=True)
class _Case:
    """One item under one candidate, over its trials."""

    name: str
    latency_ms: int = 0
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    is_judged: bool = False

    @property
    def outcome(self) -> tuple[str, list[str]]:
        """What it came to, and why: failure, error, skipped, or "" where it passed."""
        if self.failures:
            return "failure", [*self.failures, *self.errors]
        if self.errors:
            return "error", self.errors
        return ("", []) if self.is_judged else ("skipped", self.unjudged or ["nothing judged it"])


@dataclass(slots=True)
class _Suite:
    """How many test cases of one candidate are what."""

    name: str
    tests: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    seconds: float = 0.0

    def counted(self, classname: str, name: str, seconds: float, kind: str, reasons: Sequence[str]) -> str:
        """Count one test case and return it as XML; of a kind that is "" it passed."""
        values = {"classname": _text(classname), "name": _text(name), "time": f"{seconds:.3f}"}
        case = ET.Element("testcase", values)
        if kind:
            message = _text(reasons[0].partition("\n")[0])
            ET.SubElement(case, kind, {"message": message}).text = _text("\n\n".join(reasons))
            self.counts[kind] += 1
        self.tests += 1
        self.seconds += seconds
        return ET.tostring(case, encoding="unicode") + "\n"


class _Kept:
    """Texts that are written now and read again later, beyond a few megabytes in a file that has no name."""

    def __init__(self, file: "SpooledTemporaryFile[bytes]") -> None:
        self._file, self._lengths = file, array("L")

    def add(self, text: str) -> None:
        """Write one text behind the others."""
        self._lengths.append(self._file.write(text.encode()))

    def read(self) -> Iterator[str]:
        """Yield the texts in their order."""
        self._file.seek(0)
        for length in self._lengths:
            yield self._file.read(length).decode()


def junit_lines(board: Board, required: Sequence[Met]) -> Iterator[str]:
    """Yield the document piece by piece, however many results there are.

    The first tag counts all test cases, so that they wait in a file for it; meanwhile an empty line now and then shows
    that more is to come.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    with SpooledTemporaryFile(MOST_IN_MEMORY) as file:
        kept, suites = _Kept(file), list[_Suite]()
        for suite, cases in _suites(board, required):
            suites.append(suite)
            for case in cases:
                kept.add(case)
                if suite.tests % SIGN_EVERY == 0:
                    yield "\n"
        yield from _document(board.experiment.name, suites, kept.read())


def _document(name: str, suites: Sequence[_Suite], cases: Iterator[str]) -> Iterator[str]:
    yield _opened("testsuites", name, suites)
    for suite in suites:
        yield _opened("testsuite", suite.name, [suite])
        yield from islice(cases, suite.tests)
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def _suites(board: Board, required: Sequence[Met]) -> Iterator[tuple[_Suite, Iterator[str]]]:
    """Yield each suite with its test cases, which are counted as they are taken."""
    there = {row_name(entry.run) for entry in board.entries}
    for entry in board.entries:
        suite = _Suite(row_name(entry.run))
        yield suite, _of_candidate(suite, board, entry, required)
    if absent := [one for one in required if one.candidate not in there]:
        suite = _Suite("require")
        yield suite, (_requirement(suite, f"{board.experiment.name}.{one.candidate}", one) for one in absent)


def _opened(tag: str, name: str, suites: Sequence[_Suite]) -> str:
    """Return the opening tag of a suite, or of all suites, with what is in it."""
    counts = {kind: sum(suite.counts[kind] for suite in suites) for kind in KINDS}
    element = ET.Element(
        tag,
        {
            "name": _text(name),
            "tests": str(sum(suite.tests for suite in suites)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
            "time": f"{sum(suite.seconds for suite in suites):.3f}",
        },
    )
    return ET.tostring(element, encoding="unicode").removesuffix(" />") + ">\n"


def _of_candidate(suite: _Suite, board: Board, entry: Entry, required: Sequence[Met]) -> Iterator[str]:
    classname = f"{board.experiment.name}.{suite.name}"
    for one in required:
        if one.candidate == suite.name:  # nothing found is not met: those of candidates without a row stand apart
            yield _requirement(suite, classname, one)
    for case in _cases(entry, board):
        yield suite.counted(classname, case.name, case.latency_ms / 1000, *case.outcome)


def _requirement(suite: _Suite, classname: str, one: Met) -> str:
    name = f"require {one.requirement.subject} {one.requirement.bound}"
    return suite.counted(classname, name, 0.0, "" if one.is_met else "failure", [one.sentence])


def _cases(entry: Entry, board: Board) -> Iterator[_Case]:
    """Yield the items of a run in the order of its cases, each over all its trials."""
    specs = [spec for spec in board.experiment.scorers.filter(removed_at=None) if _decides(spec)]
    by_id = {spec.pk: spec for spec in specs}
    trials = board.experiment.trials
    every_result = judged_by_item(entry.run, specs, partial(_fails, by_id))
    for _, results in groupby(every_result, attrgetter("item_id")):
        case = _Case("")
        for judged in results:
            case.name = case.name or judged.item.key
            case.latency_ms += judged.latency_ms or 0
            _look_at(case, judged, by_id, f"trial {judged.trial}: " if trials > 1 else "")
        yield case


def _decides(spec: ScorerSpec) -> bool:
    """Return whether a scorer says that an item passes or fails: code that weighs, or whose `pass` is given."""
    kind = registry.get(spec.kind)
    if kind.place is Place.NOWHERE:
        return False
    return spec.pass_value is not None or (spec.weight > 0 and kind.natural_range is not None)


def _fails(specs: Mapping[int, ScorerSpec], scores: Scores) -> bool:
    """Return whether a scorer does not pass a result: its answer is told then."""
    return any(_is_failure(specs[pk], score) for pk, said in scores.items() for score in said)


def _is_failure(spec: ScorerSpec, score: Said) -> bool:
    return not score.error and score.value is not None and not spec.passes(score.value)


def _look_at(case: _Case, judged: JudgedResult, specs: Mapping[int, ScorerSpec], trial: str) -> None:
    """Add what one result says of its item."""
    if judged.outcome in ERRORS:
        case.errors.append(f"{trial}{judged.outcome}: {judged.detail}")
    for pk, spec in specs.items():
        for score in judged.scores.get(pk, ()):
            _judge(case, judged, spec, score, trial)


def _judge(case: _Case, judged: JudgedResult, spec: ScorerSpec, score: Said, trial: str) -> None:
    """Add one verdict to its item."""
    said = score.explanation or score.label
    if score.error:
        case.errors.append(f"{trial}{spec.name}: {score.error}")
        return
    if score.value is None:
        case.unjudged.append(f"{trial}{spec.name}: {said}")
        return
    case.is_judged = True
    if _is_failure(spec, score):
        why = f"{trial}{spec.name} {score.value:g}{': ' if said else ''}{said}"
        case.failures.append(f"{why}\n{_compared(judged)}")


def _compared(judged: JudgedResult) -> str:
    output, expected = judged.output, text_of(judged.item.expected)
    cut = "" if len(output) <= LONGEST_ANSWER else " …"
    return f"expected: {expected or '—'}\nanswered: {output[:LONGEST_ANSWER]}{cut}"


def _text(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return NO_XML.sub("�", text)
