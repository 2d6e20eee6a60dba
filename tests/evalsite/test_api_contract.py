"""The API keeps its OpenAPI document: whatever is sent, no server error and no answer that it does not name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evalsite.api.schema import openapi_document
from experiments.models import AccessToken, Scope
from tests.api_world import world_of

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {"owner": 3, "viewer": 1}


def contract() -> Any:
    schema = schemathesis.openapi.from_dict(openapi_document())
    schema.app = get_wsgi_application()
    return schema


OPERATIONS = {one.ok().label: one.ok() for one in contract().get_all_operations()}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep the connection of the test's transaction open from one request to the next, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block writes, so that each example finds the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("role", EXAMPLES)
@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_are_those_of_the_document(project: Any, label: str, role: str, request: Any) -> None:
    person, operation = request.getfixturevalue(role), OPERATIONS[label]
    world = world_of(project, person)
    header = f"Bearer {AccessToken.issue(user=person, name='contract', scope=Scope.ADMIN)[1]}"
    good, bad = (
        operation.as_strategy(generation_mode=one) for one in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @settings(
        max_examples=EXAMPLES[role],
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=good | good | bad, is_known=st.sampled_from([True, True, True, False]))
    def answers_well(case: Any, is_known: bool) -> None:
        if is_known:
            world.fill(case)
        with undone():
            case.call_and_validate(checks=CHECKS, headers={"Authorization": header})

    answers_well()
