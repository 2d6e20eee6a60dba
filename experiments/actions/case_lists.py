"""Case lists: the order of an experiment's cases, frozen at its first start and shared by its runs."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from experiments.actions.datasets import AD_HOC_DATASET
from experiments.actions.refusals import ActionRefused
from experiments.canonical import digest_of
from experiments.models import CaseChunk, CaseList, Dataset, DatasetVersion, Experiment, Item
from experiments.models.cases import CHUNK_LENGTH
from experiments.models.datasets import POSITION_GAP, ItemQuerySet
from experiments.models.experiments import MAX_TRIALS
from experiments.selecting import seed_order

SIZE_AT_ONCE = 2000  # so many cases are written by who asks for them; more of them by a job


class StoredCase(NamedTuple):
    """One case of the frozen order."""

    item_id: int
    variant: int
    trials: int
    """Trials that the case may have."""


def freeze_case_list(experiment: Experiment) -> CaseList:
    """Return the case list of the experiment as it is declared now, made at the first call.

    Raises ActionRefused for keys and tags that no item has, and when no item is left of the selection.
    """
    case_list = open_case_list(experiment)
    for _ in written_cases(case_list, experiment.selection):
        pass  # chunk by chunk, so that other writers never wait for long
    return case_list


def open_case_list(experiment: Experiment) -> CaseList:
    """Return the case list of the experiment as it is declared now; of a new one no case is written yet.

    Raises ActionRefused as `freeze_case_list` does.
    """
    found = current_case_list(experiment)
    if found is not None:
        return found
    version = experiment.dataset_version
    if version is None:
        raise ActionRefused("dataset", f"{experiment} has no dataset.")
    count = selected_count(version, experiment.selection)
    opened, _ = CaseList.objects.get_or_create(
        experiment=experiment,
        identity_hash=identity_of(experiment),
        defaults={"dataset_version": version, "case_count": count},
    )
    return opened


def written_cases(case_list: CaseList, selection: Mapping[str, Any], *, first: int = 0) -> Iterator[int]:
    """Write the chunks from position `first` on that are missing, one at a time; yield how many cases are written.

    Frozen items never change: whoever writes a chunk, now or after a crash, writes the same.
    """
    if case_list.is_written or case_list.dataset_version is None:
        yield from (min(end, case_list.case_count) for end in _chunk_ends(case_list, first))
        return
    ids = _ordered_ids(case_list.dataset_version, selection)
    for end in _chunk_ends(case_list, first):
        cases = [[item_id, 0, MAX_TRIALS] for item_id in ids[end - CHUNK_LENGTH : end]]
        chunk = CaseChunk(case_list=case_list, number=end // CHUNK_LENGTH - 1, cases=cases)
        CaseChunk.objects.bulk_create([chunk], ignore_conflicts=True)
        yield min(end, case_list.case_count)


def _ordered_ids(version: DatasetVersion, selection: Mapping[str, Any]) -> list[int]:
    """Return the row ids of the selected items in the order of the version, or of the selection's seed."""
    rows = list(selected_items(version, selection).values_list("pk", "key"))
    seed = selection.get("seed")
    if seed is not None:
        rows.sort(key=lambda row: seed_order(seed, row[1]))
    return [pk for pk, _ in rows]


def _chunk_ends(case_list: CaseList, first: int) -> range:
    """Return where the chunks from position `first` on end."""
    start = first // CHUNK_LENGTH * CHUNK_LENGTH
    return range(start + CHUNK_LENGTH, case_list.case_count + CHUNK_LENGTH, CHUNK_LENGTH)


def current_case_list(experiment: Experiment) -> CaseList | None:
    """Return the case list of the experiment as it is declared now; None: not frozen yet."""
    found: CaseList | None = experiment.case_lists.filter(identity_hash=identity_of(experiment)).first()
    return found


def identity_of(experiment: Experiment) -> str:
    """Return what identifies the cases: version, selection with its seed, constants of the prompts, but no limit."""
    return digest_of(
        {
            "version": experiment.dataset_version_id,
            "selection": {
                name: _in_order(part) for name, part in experiment.selection.items() if part not in ("", [], None)
            },
            "variables": experiment.variables,
            "variants": [],
        }
    )


def _in_order(part: Any) -> Any:
    return sorted(part) if isinstance(part, list) else part


def selected_items(version: DatasetVersion, selection: Mapping[str, Any]) -> ItemQuerySet:
    """Return the items of a version that a selection (split, tags, exclude_tags, keys) leaves, in its order."""
    items: ItemQuerySet = version.items.tagged(selection.get("tags", ())).not_tagged(selection.get("exclude_tags", ()))
    if selection.get("split"):
        items = items.filter(split=selection["split"])
    if selection.get("keys"):
        items = items.filter(key__in=selection["keys"])
    return items


def selected_count(version: DatasetVersion, selection: Mapping[str, Any]) -> int:
    """Return how many items a selection leaves. Raises ActionRefused for unknown keys and tags, and for none."""
    _check_selection(version, selection)
    count: int = selected_items(version, selection).count()
    if not count:
        raise ActionRefused("select", f"no item of {version} is left by the selection: loosen it.")
    return count


def _check_selection(version: DatasetVersion, selection: Mapping[str, Any]) -> None:
    """Raise ActionRefused naming the first key or tag of a selection that no item of the version has."""
    keys = set(selection.get("keys", ()))
    named = version.items.filter(key__in=keys).order_by() if keys else version.items.none()
    there = set(named.values_list("key", flat=True))
    for key in selection.get("keys", ()):
        if key not in there:
            raise ActionRefused("select", f'keys: no item of {version} has the key "{key}"')
    for name in ("tags", "exclude_tags"):
        for tag in selection.get(name, ()):
            if not version.items.tagged([tag]).exists():
                raise ActionRefused("select", f'{name}: no item of {version} bears the tag "{tag}"')


@transaction.atomic
def freeze_ad_hoc_case(experiment: Experiment, given: str | dict[str, Any]) -> CaseList:
    """Return the case list of one input, whose item lies in the hidden dataset of the project."""
    identity = digest_of({"ad hoc": given, "variables": experiment.variables})
    found: CaseList | None = experiment.case_lists.filter(identity_hash=identity).first()
    if found is not None:
        return found
    dataset, _ = Dataset.objects.get_or_create(
        project=experiment.project, name=AD_HOC_DATASET, defaults={"is_hidden": True}
    )
    values = {"input": given, "position": POSITION_GAP, "changed_at": timezone.now()}
    item, _ = Item.objects.get_or_create(dataset=dataset, key=digest_of(given), since=1, defaults=values)
    case_list, _ = CaseList.objects.get_or_create(
        experiment=experiment, identity_hash=identity, defaults={"is_ad_hoc": True, "case_count": 1}
    )
    cases = [[item.pk, 0, MAX_TRIALS]]
    CaseChunk.objects.bulk_create([CaseChunk(case_list=case_list, number=0, cases=cases)], ignore_conflicts=True)
    return case_list


def single_case_identity(experiment: Experiment, item: Item, variant: int) -> str:
    """Return what the case list of one item alone is found by."""
    return digest_of({"item": item.pk, "variant": variant, "variables": experiment.variables})


def freeze_single_case(experiment: Experiment, item: Item, variant: int) -> CaseList:
    """Return the case list of one item of a dataset alone, for runs that ask about it once more."""
    case_list, _ = CaseList.objects.get_or_create(
        experiment=experiment,
        identity_hash=single_case_identity(experiment, item, variant),
        defaults={"is_ad_hoc": True, "case_count": 1},
    )
    cases = [[item.pk, variant, MAX_TRIALS]]
    CaseChunk.objects.bulk_create([CaseChunk(case_list=case_list, number=0, cases=cases)], ignore_conflicts=True)
    return case_list


def cases_of(case_list: CaseList, first: int, end: int) -> list[StoredCase]:
    """Return the cases at the positions `first` to `end` - 1."""
    numbers = range(first // CHUNK_LENGTH, -(-end // CHUNK_LENGTH))
    chunks = CaseChunk.objects.filter(case_list=case_list, number__in=numbers).order_by("number")
    cases = [StoredCase(*case) for chunk in chunks for case in chunk.cases]
    offset = first - numbers.start * CHUNK_LENGTH
    return cases[offset : offset + end - first]
