"""A board as JUnit XML, which continuous integration shows: a suite a candidate, a test case a requirement and an item.

An item fails where a scorer with a weight, or with `pass`, does not pass it in one of the trials; a result that came to
an error is an error; an item that nothing judged is skipped.

**Source**: the schema that Jenkins and GitLab read (testsuites, testsuite, testcase with failure, error or skipped).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from evalsite.plugins import scorers as registry
from experiments.models import ScorerSpec
from experiments.rows.new_items import text_of
from runs.outcomes import ERRORS
from scoring.boards.leaderboard import Board, Entry, row_name
from scoring.boards.requirements import Met
from scoring.judging.judged_results import JudgedResult, judged_results
from scoring.models import Score
from scoring.scorers.base import Place

NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_ANSWER = 1000
KINDS = ("failure", "error", "skipped")


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
    """Test cases as text, and how many of them are what."""

    name: str
    cases: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    seconds: float = 0.0

    def add(self, classname: str, name: str, seconds: float, kind: str, reasons: Sequence[str]) -> None:
        """Add one test case; of a kind that is "" it passed."""
        values = {"classname": _text(classname), "name": _text(name), "time": f"{seconds:.3f}"}
        case = ET.Element("testcase", values)
        if kind:
            message = _text(reasons[0].partition("\n")[0])
            ET.SubElement(case, kind, {"message": message}).text = _text("\n\n".join(reasons))
            self.counts[kind] += 1
        self.cases.append(ET.tostring(case, encoding="unicode"))
        self.seconds += seconds

    @property
    def text(self) -> str:
        """The suite as XML."""
        return "\n".join([_opened("testsuite", self.name, [self]), *self.cases, "</testsuite>"])


def junit_xml(board: Board, required: Sequence[Met]) -> str:
    """Return the document."""
    suites = [_suite(board, entry, required) for entry in board.entries]
    absent = _suite_of_absent(board, required)
    suites += [absent] if absent.cases else []
    head = ['<?xml version="1.0" encoding="UTF-8"?>', _opened("testsuites", board.experiment.name, suites)]
    return "\n".join([*head, *(suite.text for suite in suites), "</testsuites>\n"])


def _opened(tag: str, name: str, suites: Sequence[_Suite]) -> str:
    """Return the opening tag of a suite, or of all suites, with what is in it."""
    counts = {kind: sum(suite.counts[kind] for suite in suites) for kind in KINDS}
    element = ET.Element(
        tag,
        {
            "name": _text(name),
            "tests": str(sum(len(suite.cases) for suite in suites)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
            "time": f"{sum(suite.seconds for suite in suites):.3f}",
        },
    )
    return ET.tostring(element, encoding="unicode").removesuffix(" />") + ">"


def _suite(board: Board, entry: Entry, required: Sequence[Met]) -> _Suite:
    name = row_name(entry.run)
    suite, classname = _Suite(name), f"{board.experiment.name}.{name}"
    _add_requirements(suite, classname, [one for one in required if one.candidate == name])
    for case in _cases(entry, board):
        suite.add(classname, case.name, case.latency_ms / 1000, *case.outcome)
    return suite


def _suite_of_absent(board: Board, required: Sequence[Met]) -> _Suite:
    """Return the requirements on candidates that have no row: nothing found is not met."""
    suite, there = _Suite("require"), {row_name(entry.run) for entry in board.entries}
    for one in required:
        if one.candidate not in there:
            _add_requirements(suite, f"{board.experiment.name}.{one.candidate}", [one])
    return suite


def _add_requirements(suite: _Suite, classname: str, required: Sequence[Met]) -> None:
    for one in required:
        name = f"require {one.requirement.subject} {one.requirement.bound}"
        suite.add(classname, name, 0.0, "" if one.is_met else "failure", [one.sentence])


def _cases(entry: Entry, board: Board) -> Iterator[_Case]:
    """Yield the items of a run in the order of its cases, over all trials."""
    specs = [spec for spec in board.experiment.scorers.filter(removed_at=None) if _decides(spec)]
    cases: dict[int, _Case] = {}
    trials = board.experiment.trials
    for judged in judged_results(entry.run, specs):
        case = cases.setdefault(judged.item.pk, _Case(judged.item.key))
        case.latency_ms += judged.result.latency_ms or 0
        _look_at(case, judged, specs, f"trial {judged.result.trial + 1} of {trials}: " if trials > 1 else "")
    yield from cases.values()


def _decides(spec: ScorerSpec) -> bool:
    """Return whether a scorer says that an item passes or fails: code that weighs, or whose `pass` is given."""
    kind = registry.get(spec.kind)
    if kind.place is Place.NOWHERE:
        return False
    return spec.pass_value is not None or (spec.weight > 0 and kind.natural_range is not None)


def _look_at(case: _Case, judged: JudgedResult, specs: Sequence[ScorerSpec], trial: str) -> None:
    """Add what one result says of its item."""
    result = judged.result
    if result.outcome in ERRORS:
        case.errors.append(f"{trial}{result.outcome}: {result.detail}")
    for spec in specs:
        for score in judged.scores.get(spec.pk, []):
            _judge(case, judged, spec, score, trial)


def _judge(case: _Case, judged: JudgedResult, spec: ScorerSpec, score: Score, trial: str) -> None:
    """Add one verdict to its item."""
    said = score.explanation or score.label
    if score.error:
        case.errors.append(f"{trial}{spec.name}: {score.error}")
        return
    if score.value is None:
        case.unjudged.append(f"{trial}{spec.name}: {said}")
        return
    case.is_judged = True
    if not spec.passes(score.value):
        why = f"{trial}{spec.name} {score.value:g}{': ' if said else ''}{said}"
        case.failures.append(f"{why}\n{_compared(judged)}")


def _compared(judged: JudgedResult) -> str:
    output, expected = judged.output, text_of(judged.item.expected)
    cut = "" if len(output) <= LONGEST_ANSWER else " …"
    return f"expected: {expected or '—'}\nanswered: {output[:LONGEST_ANSWER]}{cut}"


def _text(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return NO_XML.sub("�", text)
