"""Case lists: the order of an experiment's cases, frozen at its first start and shared by its runs."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from experiments.actions.filling import freeze_rows
from experiments.actions.refusals import ActionRefused
from experiments.canonical import digest_of, item_key
from experiments.models import CaseChunk, CaseList, Dataset, DatasetVersion, Experiment
from experiments.models.cases import CHUNK_LENGTH
from experiments.models.datasets import ItemQuerySet
from experiments.models.experiments import MAX_TRIALS
from experiments.new_items import NewItem

AD_HOC_DATASET = "ad hoc inputs"


class StoredCase(NamedTuple):
    """One case of the frozen order."""

    item_id: int
    variant: int
    trials: int
    """Trials that the case may have."""


def freeze_case_list(experiment: Experiment) -> CaseList:
    """Return the case list of the experiment as it is declared now, made at the first call.

    Raises ActionRefused when no item is left of the selection.
    """
    found = current_case_list(experiment)
    if found is not None:
        return found
    version = experiment.dataset_version
    if version is None:
        raise ActionRefused("dataset", f"{experiment} has no dataset.")
    ids = selected_items(version, experiment.selection).values_list("pk", flat=True)
    if not ids.exists():
        raise ActionRefused("select", f"no item of {version} is left by the selection: loosen it.")
    return _write(experiment, version, identity_of(experiment), ids.iterator(CHUNK_LENGTH), is_ad_hoc=False)


def current_case_list(experiment: Experiment) -> CaseList | None:
    """Return the case list of the experiment as it is declared now; None: not frozen yet."""
    return experiment.case_lists.filter(identity_hash=identity_of(experiment)).first()


def identity_of(experiment: Experiment) -> str:
    """Return what identifies the cases: version, selection and constants of the prompts, but no limit."""
    return digest_of(
        {
            "version": experiment.dataset_version_id,
            "selection": experiment.selection,
            "variables": experiment.variables,
            "variants": [],
        }
    )


def selected_items(version: DatasetVersion, selection: dict[str, Any]) -> ItemQuerySet:
    """Return the items of a version that a selection (split, tags, exclude_tags, keys) leaves, in order."""
    items: ItemQuerySet = version.items.tagged(selection.get("tags", ())).not_tagged(selection.get("exclude_tags", ()))
    if "split" in selection:
        items = items.filter(split=selection["split"])
    if "keys" in selection:
        items = items.filter(key__in=selection["keys"])
    return items


def freeze_ad_hoc_case(experiment: Experiment, given: str | dict[str, Any]) -> CaseList:
    """Return the case list of one input, whose item lies in a hidden dataset of the project."""
    identity = digest_of({"ad hoc": given, "variables": experiment.variables})
    found = experiment.case_lists.filter(identity_hash=identity).first()
    if found is not None:
        return found
    key = item_key(given)
    name = f"{AD_HOC_DATASET} {key}"
    row = NewItem(key=key, input=given, expected=None, metadata={}, tags=(), split="")
    version = freeze_rows(project=experiment.project, name=name, rows=[row], by=None)
    Dataset.objects.filter(pk=version.dataset_id).update(is_hidden=True)
    item_id = version.items.values_list("pk", flat=True).get()
    return _write(experiment, version, identity, iter([item_id]), is_ad_hoc=True)


def cases_of(case_list: CaseList, first: int, end: int) -> list[StoredCase]:
    """Return the cases at the positions `first` to `end` - 1."""
    numbers = range(first // CHUNK_LENGTH, -(-end // CHUNK_LENGTH))
    chunks = CaseChunk.objects.filter(case_list=case_list, number__in=numbers).order_by("number")
    cases = [StoredCase(*case) for chunk in chunks for case in chunk.cases]
    offset = first - numbers.start * CHUNK_LENGTH
    return cases[offset : offset + end - first]


def _write(
    experiment: Experiment, version: DatasetVersion, identity: str, ids: Iterator[int], *, is_ad_hoc: bool
) -> CaseList:
    """Write a case list in chunks; where somebody else wrote the same one at the same time, return that."""
    try:
        with transaction.atomic():
            case_list = CaseList.objects.create(
                experiment=experiment, dataset_version=version, identity_hash=identity, is_ad_hoc=is_ad_hoc
            )
            case_list.case_count = _write_chunks(case_list, ids)
            case_list.save(update_fields=["case_count"])
    except IntegrityError:
        return CaseList.objects.get(experiment=experiment, identity_hash=identity)
    return case_list


def _write_chunks(case_list: CaseList, ids: Iterator[int]) -> int:
    count = number = 0
    while chunk := [[item_id, 0, MAX_TRIALS] for item_id in islice(ids, CHUNK_LENGTH)]:
        CaseChunk.objects.create(case_list=case_list, number=number, cases=chunk)
        count, number = count + len(chunk), number + 1
    return count
