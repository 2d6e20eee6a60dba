"""The parts `require` and `max_errors` of an experiment file."""

from collections.abc import Collection

from experiments.files.fields import Fields, suggestion
from experiments.requirements import EVERY, METRICS, ON, TIMES, Requirement

ENDS = ("low", "high")
WITHOUT_INTERVAL = ("errors", "cost_per_1000_usd", *TIMES)


def read_requirements(fields: Fields, candidates: Collection[str], scorers: Collection[str]) -> list[Requirement]:
    """Return the requirements, each of a candidate and a scorer or metric that are there."""
    found = []
    for node, path in fields.items("require"):
        part = Fields(node, path, fields.problems)
        requirement = _read(part)
        _check(part, requirement, candidates, scorers)
        part.done()
        found.append(requirement)
    return found


def read_max_errors(fields: Fields) -> str:
    """Return how many errors a file allows: a number, or a share like "1%"."""
    text = fields.text("max_errors", "0").strip()
    try:
        allowed = float(text.removesuffix("%"))
    except ValueError:
        allowed = -1.0
    if not 0 <= allowed < float("inf") or (text.endswith("%") and allowed > 100):
        fields.problem("max_errors", 'write a number of at least 0, or a share like "1%"')
        return "0"
    return text


def _read(part: Fields) -> Requirement:
    return Requirement(
        candidate=part.text("candidate", EVERY),
        scorer=part.text("scorer"),
        metric=part.choice("metric", METRICS, METRICS[0]) if part.get("metric") is not None else "",
        at_least=part.number("at_least"),
        at_most=part.number("at_most"),
        on=part.choice("on", ON, ON[0]),
    )


def _check(part: Fields, requirement: Requirement, candidates: Collection[str], scorers: Collection[str]) -> None:
    if requirement.candidate != EVERY and requirement.candidate not in candidates:
        part.problem(
            "candidate",
            f'there is no candidate "{requirement.candidate}"{suggestion(requirement.candidate, candidates)}',
        )
    if bool(requirement.scorer) == bool(requirement.metric):
        part.problem("scorer", "write scorer or metric, one of the two")
    elif requirement.scorer and requirement.scorer not in scorers:
        part.problem("scorer", f'there is no scorer "{requirement.scorer}"{suggestion(requirement.scorer, scorers)}')
    if requirement.at_least is None and requirement.at_most is None:
        part.problem("at_least", "write at_least, at_most or both")
    if requirement.on == "every_item" and requirement.metric:
        part.problem("on", "every_item goes with a scorer")
    if requirement.on in ENDS and requirement.metric in WITHOUT_INTERVAL:
        part.problem("on", f"{requirement.metric} has no interval")
