"""Making and changing providers."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from evalsite.plugins import UnknownKind, runners
from experiments.actions.refusals import ActionRefused
from experiments.credentials import may_name
from experiments.models import Project, Provider
from experiments.models.projects import Person
from experiments.options import OptionError
from experiments.permissions import require

EDITABLE = (
    "name",
    "kind",
    "base_url",
    "api_key_env",
    "headers",
    "options",
    "max_in_flight",
    "requests_per_minute",
    "tokens_per_minute",
    "timeout_s",
    "prices",
)


@transaction.atomic
def create_provider(*, project: Project, by: Person | None, **values: Any) -> Provider:
    """Make a provider. Raises ActionRefused naming the field that does not fit."""
    require(by, project, "edit_provider")
    if Provider.objects.filter(project=project, name=values.get("name", "")).exists():
        raise ActionRefused("name", f'there is a provider "{values["name"]}" in {project} already')
    provider = Provider(project=project, is_from_command_line=by is None, **values)
    check_provider(provider)
    provider.save()
    return provider


@transaction.atomic
def edit_provider(*, provider: Provider, by: Person | None, changes: Mapping[str, Any]) -> Provider:
    """Change a provider; limits, timeouts and prices are in force at once. Raises ActionRefused."""
    require(by, provider.project, "edit_provider")
    for name, value in changes.items():
        if name not in EDITABLE:
            raise ActionRefused(name, f"{name} cannot be changed")
        setattr(provider, name, value)
    if by is not None and (set(changes) & {"base_url", "headers", "api_key_env"}):
        # A key that the operator's command named must not follow to a URL that somebody typed on a page.
        provider.is_from_command_line = False
    check_provider(provider)
    provider.save()
    return provider


def check_provider(provider: Provider) -> None:
    """Raise ActionRefused naming the first field of a provider that does not fit."""
    try:
        kind = runners.get(provider.kind)
        kind.Options.parse(provider.options)
    except UnknownKind as unknown:
        raise ActionRefused("kind", str(unknown)) from unknown
    except OptionError as error:
        raise ActionRefused("options", str(error)) from error
    if provider.kind == "openai" and not provider.base_url.startswith(("http://", "https://")):
        raise ActionRefused("base_url", f'"{provider.base_url}" is no URL: write http://… or https://…')
    if provider.max_in_flight < 1:
        raise ActionRefused("max_in_flight", "max_in_flight is at least 1")
    if provider.timeout_s is not None and provider.timeout_s <= 0:
        raise ActionRefused("timeout_s", "timeout_s is more than 0 seconds")
    check_prices(provider.prices)
    if provider.api_key_env and not may_name(provider, provider.api_key_env):
        raise ActionRefused(
            "api_key_env",
            f"{provider.project} was not given the variable {provider.api_key_env}: whoever runs the site gives it "
            f'with EVALSITE_PROVIDER_ENV="{provider.project}:{provider.api_key_env}"',
        )


def check_prices(prices: Any) -> None:
    """Raise ActionRefused unless prices are {model: {"input": USD, "output": USD}} per million tokens."""
    if not isinstance(prices, dict):
        raise ActionRefused("prices", 'prices are an object like {"model": {"input": 2.5, "output": 10}}')
    for model, price in prices.items():
        if not isinstance(price, dict) or set(price) != {"input", "output"}:
            raise ActionRefused("prices", f"the price of {model} has input and output, USD per million tokens")
        for side, value in price.items():
            if not _is_amount(value):
                raise ActionRefused("prices", f"the {side} price of {model} is a number of at least 0")


def _is_amount(value: Any) -> bool:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return False
    return amount.is_finite() and amount >= 0 and not isinstance(value, bool)
