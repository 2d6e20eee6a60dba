"""Every factory makes a valid row with nothing given."""

import inspect

import pytest
from factory.django import DjangoModelFactory

from tests import factories

EVERY = [made for _, made in inspect.getmembers(factories, inspect.isclass) if issubclass(made, DjangoModelFactory)]
BARE = [made for made in EVERY if made is not DjangoModelFactory]


@pytest.mark.django_db
@pytest.mark.parametrize("bare", BARE, ids=lambda made: made.__name__)
def test_factory_without_arguments_makes_valid_row(bare: type[DjangoModelFactory]) -> None:
    row = bare()

    row.validate_constraints()
    assert type(row).objects.filter(pk=row.pk).exists()
