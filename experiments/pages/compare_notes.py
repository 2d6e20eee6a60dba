"""What a comparison of runs over different items, or of two experiments, rests on; in sentences."""

from evalsite.templatetags.formats import count
from scoring.boards.comparing import Comparison, Pairing, compared_scorers


def notes_of(comparison: Comparison) -> list[str]:
    """Return the sentences; none for two runs of one experiment over the same items."""
    return [*_of_items(comparison), *_of_scorers(comparison), *_of_errors(comparison)]


def _of_items(comparison: Comparison) -> list[str]:
    overall = comparison.overall
    if comparison.places is None and comparison.first.experiment_id == comparison.second.experiment_id:
        return []
    if not isinstance(overall, Pairing):
        return ["They ran over no item in common, so each counts over its own items."]
    first, second = count(overall.n_first), count(overall.n_second)
    edited = "An item that was edited between two versions of a dataset is another item."
    return [
        f"The first has a score for {first} items, the second for {second}; {count(overall.n)} are the same. {edited}"
    ]


def _of_scorers(comparison: Comparison) -> list[str]:
    first, second, scorers = comparison.first.experiment, comparison.second.experiment, comparison.scorers
    if first.pk == second.pk:
        return []
    used = compared_scorers([spec for spec, _ in scorers.pairs])
    weighed = ", ".join(f"{spec.name} × {spec.weight:g}" for spec in used)
    sentences = [f"By the scorers of both, weighted as {first} weighs them: {weighed}."]
    if scorers.left_out:
        sentences.append(f"Left out, not in both with the same name, kind and range: {', '.join(scorers.left_out)}.")
    if scorers.changed:
        sentences.append(f"In both with other options: {', '.join(scorers.changed)}.")
    return sentences


def _of_errors(comparison: Comparison) -> list[str]:
    first, second = comparison.first.experiment, comparison.second.experiment
    if first.errors_policy == second.errors_policy:
        return []
    one, other = first.get_errors_policy_display(), second.get_errors_policy_display()
    return [f"Errors: {one} in {first}, {other} in {second}."]
