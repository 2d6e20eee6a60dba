"""Case lists: the frozen order of the whole selection, stored once."""

from typing import Any

import pytest
from django.db import connection

from experiments.actions import ActionRefused, freeze_ad_hoc_case, freeze_case_list, freeze_rows
from experiments.actions.case_lists import StoredCase, cases_of, current_case_list
from experiments.models import CaseChunk, CaseList, Dataset, Experiment, Item
from experiments.models.cases import CHUNK_LENGTH
from experiments.rows.new_items import NewItem
from tests.factories import CaseListFactory, ExperimentFactory
from tests.transactions import AtTransaction

pytestmark = [pytest.mark.django_db, pytest.mark.both]

ROWS = [
    NewItem("c", "3", tags=("x",), split="test"),
    NewItem("a", "1", tags=("x", "y"), split="test"),
    NewItem("b", "2", split="train"),
]


def experiment_over(rows: list[NewItem], **values: Any) -> Experiment:
    """Return an experiment over a dataset of these rows."""
    experiment = ExperimentFactory(**values)
    experiment.dataset_version = freeze_rows(project=experiment.project, name="rows", rows=rows, by=None)
    experiment.save()
    return experiment


def keys_of(case_list: CaseList) -> list[str]:
    """Return the keys of the items in the order of the cases."""
    keys = dict(Item.objects.values_list("pk", "key"))
    return [keys[case.item_id] for case in cases_of(case_list, 0, case_list.case_count)]


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        ({}, ["c", "a", "b"]),
        ({"split": "test"}, ["c", "a"]),
        ({"tags": ["x"]}, ["c", "a"]),
        ({"tags": ["x", "y"]}, ["a"]),
        ({"exclude_tags": ["y"]}, ["c", "b"]),
        ({"keys": ["b", "c"]}, ["c", "b"]),
        ({"split": "", "tags": [], "exclude_tags": [], "keys": []}, ["c", "a", "b"]),
    ],
)
def test_freeze_case_list_takes_the_selection_in_the_order_of_the_version(
    selection: dict[str, Any], keys: list[str]
) -> None:
    case_list = freeze_case_list(experiment_over(ROWS, selection=selection))

    assert keys_of(case_list) == keys


def test_freeze_case_list_holds_variant_and_trials_of_each_case() -> None:
    case_list = freeze_case_list(experiment_over(ROWS[:1]))

    assert cases_of(case_list, 0, 1) == [StoredCase(Item.objects.get().pk, 0, 100)]


def test_freeze_case_list_again_is_the_same_list() -> None:
    experiment = experiment_over(ROWS)

    assert freeze_case_list(experiment) == freeze_case_list(experiment)


@pytest.mark.parametrize(
    "values",
    [
        {"item_limit": 1},
        {"trials": 9},
        {"name": "renamed"},
        {"selection": {"tags": []}},
    ],
)
def test_freeze_case_list_under_another_limit_is_the_same_list(values: dict[str, Any]) -> None:
    experiment = experiment_over(ROWS)
    first = freeze_case_list(experiment)
    Experiment.objects.update(**values)

    assert freeze_case_list(Experiment.objects.get()) == first


def test_freeze_case_list_with_a_selection_in_another_order_is_the_same_list() -> None:
    experiment = experiment_over(ROWS, selection={"keys": ["a", "b"]})
    first = freeze_case_list(experiment)
    experiment.selection = {"keys": ["b", "a"]}

    assert freeze_case_list(experiment) == first


@pytest.mark.parametrize("values", [{"selection": {"split": "test"}}, {"variables": {"language": "English"}}])
def test_freeze_case_list_of_other_cases_is_another_list(values: dict[str, Any]) -> None:
    experiment = experiment_over(ROWS)
    first = freeze_case_list(experiment)
    Experiment.objects.update(**values)

    assert freeze_case_list(Experiment.objects.get()) != first


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        ({"keys": ["a", "z"]}, 'keys: no item of rows@1 has the key "z"'),
        ({"tags": ["z"]}, 'tags: no item of rows@1 bears the tag "z"'),
        ({"exclude_tags": ["z"]}, 'exclude_tags: no item of rows@1 bears the tag "z"'),
        ({"split": "z"}, "no item of rows@1 is left"),
        ({"split": "train", "tags": ["x"]}, "no item of rows@1 is left"),
    ],
)
def test_freeze_case_list_of_an_empty_choice_is_refused(selection: dict[str, Any], sentence: str) -> None:
    experiment = experiment_over(ROWS, selection=selection)

    with pytest.raises(ActionRefused, match=sentence):
        freeze_case_list(experiment)

    assert not CaseList.objects.exists()


def test_freeze_case_list_without_a_dataset_is_refused() -> None:
    with pytest.raises(ActionRefused, match="has no dataset"):
        freeze_case_list(ExperimentFactory())


def test_freeze_case_list_that_another_process_stored_first_is_that_list() -> None:
    experiment = experiment_over(ROWS)
    other = AtTransaction(1, lambda: freeze_case_list(experiment))

    with connection.execute_wrapper(other):
        case_list = freeze_case_list(experiment)

    assert case_list == CaseList.objects.get()
    assert keys_of(case_list) == ["c", "a", "b"]


def test_current_case_list_before_the_first_start_is_none() -> None:
    assert current_case_list(experiment_over(ROWS)) is None


def test_cases_of_a_range_reads_across_chunks() -> None:
    case_list = CaseListFactory(case_count=2 * CHUNK_LENGTH)
    CaseChunk.objects.bulk_create(
        CaseChunk(
            case_list=case_list, number=number, cases=[[number * CHUNK_LENGTH + n, 0, 100] for n in range(CHUNK_LENGTH)]
        )
        for number in range(2)
    )

    cases = cases_of(case_list, CHUNK_LENGTH - 2, CHUNK_LENGTH + 1)

    assert [case.item_id for case in cases] == [CHUNK_LENGTH - 2, CHUNK_LENGTH - 1, CHUNK_LENGTH]


def test_cases_of_an_empty_range_are_none_at_all() -> None:
    assert cases_of(CaseListFactory(), 0, 0) == []


def test_freeze_ad_hoc_case_hides_its_item_from_the_datasets() -> None:
    case_list = freeze_ad_hoc_case(ExperimentFactory(), {"country": "France"})

    item = Item.objects.get()
    assert (case_list.case_count, case_list.is_ad_hoc, item.input) == (1, True, {"country": "France"})
    assert cases_of(case_list, 0, 1) == [StoredCase(item.pk, 0, 100)]
    assert not Dataset.objects.listed().exists()


def test_freeze_ad_hoc_case_of_the_same_input_is_stored_once() -> None:
    experiment = ExperimentFactory()
    other = ExperimentFactory(project=experiment.project)

    case_list = freeze_ad_hoc_case(experiment, "France")

    assert freeze_ad_hoc_case(experiment, "France") == case_list
    assert freeze_ad_hoc_case(other, "France") != case_list
    assert Item.objects.count() == 1


def test_freeze_ad_hoc_case_of_another_input_is_another_list() -> None:
    experiment = ExperimentFactory()

    assert freeze_ad_hoc_case(experiment, "France") != freeze_ad_hoc_case(experiment, "Peru")


def test_freeze_ad_hoc_case_does_not_cross_projects() -> None:
    freeze_ad_hoc_case(ExperimentFactory(), "France")
    freeze_ad_hoc_case(ExperimentFactory(), "France")

    assert Item.objects.count() == 2
