"""A scorer that crashes its process on one item, as a plug-in with faulty native code would."""

import ctypes

from scoring.scorers.base import Answer, Place, Question, Scorer, Verdict

POISON = "k137"


class Crashing(Scorer):
    """1 for every answer; reads from address 0 at one item."""

    label = "Crashing"
    help_text = "Crashes its process at one item."
    place = Place.INLINE

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1, or end the process by a segmentation fault."""
        if question.key == POISON:
            ctypes.string_at(0)
        return Verdict(1.0)
