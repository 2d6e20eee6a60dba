"""Case lists: the order of an experiment's cases, frozen at its first start and shared by its runs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from experiments.actions.datasets import AD_HOC_DATASET
from experiments.actions.refusals import ActionRefused
from experiments.canonical import digest_of
from experiments.models import CaseChunk, CaseList, Dataset, DatasetVersion, Experiment, Item
from experiments.models.cases import CHUNK_LENGTH
from experiments.models.datasets import POSITION_GAP, ItemQuerySet
from experiments.models.experiments import MAX_TRIALS

CHUNKS_AT_ONCE = 100


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
    found = current_case_list(experiment)
    if found is not None:
        return found
    version = experiment.dataset_version
    if version is None:
        raise ActionRefused("dataset", f"{experiment} has no dataset.")
    _check_selection(version, experiment.selection)
    ids = list(selected_items(version, experiment.selection).values_list("pk", flat=True))
    if not ids:
        raise ActionRefused("select", f"no item of {version} is left by the selection: loosen it.")
    return _write(CaseList(experiment=experiment, dataset_version=version, identity_hash=identity_of(experiment)), ids)


def current_case_list(experiment: Experiment) -> CaseList | None:
    """Return the case list of the experiment as it is declared now; None: not frozen yet."""
    found: CaseList | None = experiment.case_lists.filter(identity_hash=identity_of(experiment)).first()
    return found


def identity_of(experiment: Experiment) -> str:
    """Return what identifies the cases: version, selection and constants of the prompts, but no limit."""
    return digest_of(
        {
            "version": experiment.dataset_version_id,
            "selection": {name: _in_order(part) for name, part in experiment.selection.items() if part},
            "variables": experiment.variables,
            "variants": [],
        }
    )


def _in_order(part: Any) -> Any:
    return sorted(part) if isinstance(part, list) else part


def selected_items(version: DatasetVersion, selection: Mapping[str, Any]) -> ItemQuerySet:
    """Return the items of a version that a selection (split, tags, exclude_tags, keys) leaves, in order."""
    items: ItemQuerySet = version.items.tagged(selection.get("tags", ())).not_tagged(selection.get("exclude_tags", ()))
    if selection.get("split"):
        items = items.filter(split=selection["split"])
    if selection.get("keys"):
        items = items.filter(key__in=selection["keys"])
    return items


def _check_selection(version: DatasetVersion, selection: Mapping[str, Any]) -> None:
    """Raise ActionRefused naming the first key or tag of a selection that no item of the version has."""
    keys = set(selection.get("keys", ()))
    there = set(version.items.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
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
    return _write(CaseList(experiment=experiment, identity_hash=identity, is_ad_hoc=True), [item.pk])


def cases_of(case_list: CaseList, first: int, end: int) -> list[StoredCase]:
    """Return the cases at the positions `first` to `end` - 1."""
    numbers = range(first // CHUNK_LENGTH, -(-end // CHUNK_LENGTH))
    chunks = CaseChunk.objects.filter(case_list=case_list, number__in=numbers).order_by("number")
    cases = [StoredCase(*case) for chunk in chunks for case in chunk.cases]
    offset = first - numbers.start * CHUNK_LENGTH
    return cases[offset : offset + end - first]


def _write(case_list: CaseList, item_ids: Sequence[int]) -> CaseList:
    """Store a case list and its chunks; where somebody else stored the same one at the same time, return that."""
    case_list.case_count = len(item_ids)
    chunks = [
        CaseChunk(number=number, cases=[[item_id, 0, MAX_TRIALS] for item_id in item_ids[first : first + CHUNK_LENGTH]])
        for number, first in enumerate(range(0, len(item_ids), CHUNK_LENGTH))
    ]
    try:
        with transaction.atomic():
            case_list.save()
            for chunk in chunks:
                chunk.case_list = case_list
            CaseChunk.objects.bulk_create(chunks, CHUNKS_AT_ONCE)
    except IntegrityError:
        return CaseList.objects.get(experiment=case_list.experiment, identity_hash=case_list.identity_hash)
    return case_list
