"""Scorers that measure: latency and cost. Their ranges are the experiment's to give."""

from decimal import Decimal

from scoring.scorers.base import Answer, Example, Place, Question, Scorer, Verdict


class Latency(Scorer):
    """Milliseconds of the accepted call, waiting for limits left out."""

    label = "Latency"
    help_text = "Milliseconds of the accepted call; give a range before it carries a weight."
    place = Place.INLINE
    natural_range = None
    higher_is_better = False
    default_weight = 0.0
    examples = (Example("Paris", latency_ms=820), Example("Paris"))

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the milliseconds; None where they are unknown."""
        del question  # the call alone decides
        if answer.latency_ms is None:
            return Verdict(None, "not measured")
        return Verdict(float(answer.latency_ms))


class Cost(Scorer):
    """USD of the accepted call."""

    label = "Cost"
    help_text = "USD of the accepted call; give a range before it carries a weight."
    place = Place.INLINE
    natural_range = None
    higher_is_better = False
    default_weight = 0.0
    examples = (Example("Paris", cost_usd=Decimal("0.0042")), Example("Paris"))

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the USD; None where no price is set or no usage was reported, never 0."""
        del question  # the call alone decides
        if answer.cost_usd is None:
            return Verdict(None, "cost unknown", explanation="No price is set, or no usage was reported.")
        return Verdict(float(answer.cost_usd))
