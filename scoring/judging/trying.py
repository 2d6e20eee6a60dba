"""A scorer tried on one answer, before anything is declared: nothing is stored."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from evalsite.plugins import UnknownKind, scorers
from experiments.actions.refusals import ActionRefused
from experiments.models import Item
from experiments.options import OptionError
from runs.event_loop import new_event_loop
from scoring.judging.judges import Judges
from scoring.judging.one import Judgement
from scoring.scorers.base import Answer, Place, Question, Verdict


def try_scorer(
    *,
    kind: str,
    options: Mapping[str, Any],
    question: Question,
    text: str,
    latency_ms: int | None = None,
    cost_usd: Decimal | None = None,
) -> Verdict:
    """Return what a scorer says of an answer, judged where its kind is judged. Raises ActionRefused."""
    try:
        plugin = scorers.get(kind)
        cleaned = plugin.Options.parse(options)
    except UnknownKind as unknown:
        raise ActionRefused("kind", str(unknown)) from unknown
    except OptionError as error:
        raise ActionRefused("options", str(error)) from error
    if plugin.place is Place.NOWHERE:
        raise ActionRefused("kind", "People give these values: there is nothing to try.")
    answer = Answer(text, outcome="ok", latency_ms=latency_ms, cost_usd=cost_usd)
    return _judged(Judgement(plugin(cleaned), question, answer))


def question_of(item: Item | None) -> Question:
    """Return an item as scorers see it; without one a question that expects nothing."""
    if item is None:
        return Question("", "", None, {}, ())
    return Question(item.key, item.input, item.expected, item.metadata, item.tag_list)


def _judged(judgement: Judgement) -> Verdict:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        judges = Judges()
        try:
            return runner.run(judges.verdict(judgement))
        finally:
            runner.run(judges.close())
