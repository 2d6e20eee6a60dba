"""What is asked for of the outputs of an experiment: runs, mode and filters, read from the query of an address."""

from dataclasses import dataclass, field
from functools import cached_property

from django.http import QueryDict

from experiments.models import Experiment, ScorerSpec
from runs.models import Run
from scoring.grid.outputs import MOST_COLUMNS, Mode, Outputs, outputs_of, runs_with_outputs
from scoring.grid.search import Place, Sought, narrowed

LONGEST = 200
LONGEST_POSITION = 9


@dataclass(frozen=True)
class Asked:
    """What is asked for. What the query names and there is not is passed over and told in `problems`."""

    experiment: Experiment
    all_runs: list[Run]
    """That may be chosen, the baseline's first."""
    runs: list[Run]
    """Those chosen, at most five, in the same order."""
    scorers: list[ScorerSpec]
    """That may be chosen."""
    scorer: ScorerSpec | None
    mode: Mode
    sought: Sought
    place: Place
    problems: dict[str, str] = field(default_factory=dict)
    """A sentence for each part of the query that does not fit."""

    @classmethod
    def of(cls, experiment: Experiment, query: QueryDict) -> "Asked":
        """Return what a query asks for."""
        problems: dict[str, str] = {}
        runs = runs_with_outputs(experiment)
        scorers = experiment.present_scorers()
        return cls(
            experiment,
            runs,
            _runs(runs, query.getlist("run"), problems),
            scorers,
            _scorer(scorers, query.get("scorer", ""), problems),
            _mode(query.get("mode", ""), problems),
            Sought(*(_text(query, name) for name in ("tag", "split", "text"))),
            Place(_position(query, "after", problems), _position(query, "before", problems)),
            problems,
        )

    @cached_property
    def everything(self) -> Outputs:
        """The outputs of the chosen runs, whatever is sought in them."""
        return outputs_of(self.experiment, self.runs, self.scorer)

    @cached_property
    def exact(self) -> Outputs | None:
        """The outputs that have what is sought; None: there are too many to look through at once."""
        return narrowed(self.everything, self.sought)

    @property
    def outputs(self) -> Outputs:
        """The outputs that pages are taken from."""
        return self.exact or self.everything

    @property
    def to_look_for(self) -> Sought:
        """What is still to be looked for in `outputs`."""
        return self.sought if self.exact is None else Sought()


def _runs(runs: list[Run], named: list[str], problems: dict[str, str]) -> list[Run]:
    chosen = [run for run in runs if str(run.uid) in named]
    if len(chosen) < len(set(named)):
        problems["run"] = "The experiment has no such run over its present items."
    if len(chosen) > MOST_COLUMNS:
        problems["run"] = f"At most {MOST_COLUMNS} runs are shown beside each other."
    return (chosen or runs)[:MOST_COLUMNS]


def _scorer(scorers: list[ScorerSpec], name: str, problems: dict[str, str]) -> ScorerSpec | None:
    found = next((spec for spec in scorers if spec.name == name), None)
    if name and found is None:
        problems["scorer"] = (
            f"There is no such scorer; there are: {', '.join(spec.name for spec in scorers) or 'none'}."
        )
    return found


def _mode(name: str, problems: dict[str, str]) -> Mode:
    if name in list(Mode):
        return Mode(name)
    if name:
        problems["mode"] = f"There are {', '.join(Mode)}."
    return Mode.ALL


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\0", "").strip()[:LONGEST]


def _position(query: QueryDict, name: str, problems: dict[str, str]) -> int | None:
    text = query.get(name, "")
    if text.isascii() and text.isdecimal() and len(text) <= LONGEST_POSITION:
        return int(text)
    if text:
        problems[name] = "A position is a whole number."
    return None
