"""Making and changing providers."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from evalsite.plugins import UnknownKind, runners
from experiments.actions.locking import locked_row
from experiments.actions.refusals import ActionRefused, checked_name, refuse_while_used, refused_when_taken
from experiments.addresses import ForbiddenAddress, refuse_forbidden
from experiments.configs import BLOB
from experiments.credentials import bound_to, forget_key, may_name, store_key
from experiments.models import Experiment, Project, Provider
from experiments.models.experiments import ExperimentQuerySet
from experiments.models.projects import Person
from experiments.options import OptionError
from experiments.permissions import require

MOST = 2**31 - 1  # what the database's integers hold
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
LIMITS = {"max_in_flight": 10_000, "requests_per_minute": MOST, "tokens_per_minute": MOST}
NAME_LENGTH, URL_LENGTH, KEY_LENGTH = 100, 500, 2_000
KEY = re.compile(r"[!-~]+")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@transaction.atomic
def create_provider(*, project: Project, by: Person | None, **values: Any) -> Provider:
    """Make a provider; `api_key` among the values is stored encrypted. Raises ActionRefused naming the field."""
    require(by, project, "edit_provider")
    typed = values.pop("api_key", None)
    if values.get("api_key_env") or typed is not None:
        require(by, project, "edit_provider_key")
    provider = Provider(project=project, is_from_command_line=by is None, **_editable(values))
    _refuse_foreign_recordings(provider, by)
    if typed is not None:
        _check_typed_key(typed, provider.api_key_env)
    _store(provider)
    if typed is not None:
        store_key(provider, typed, by)
    return provider


@transaction.atomic
def edit_provider(*, provider: Provider, by: Person | None, changes: Mapping[str, Any]) -> Provider:
    """Change a provider; limits, timeouts and prices are in force at once. Raises ActionRefused.

    `api_key` among the changes is stored encrypted in place of what was, None removes it. Without it a stored key is
    removed when what decides where it goes changes: it was typed for that place.
    """
    require(by, provider.project, "edit_provider")
    edited = locked_row(provider)
    values, types_key = dict(changes), "api_key" in changes
    typed = values.pop("api_key", None)
    if typed is not None:
        values.setdefault("api_key_env", "")
        _check_typed_key(typed, values["api_key_env"])
    changed = {name for name, value in _editable(values).items() if getattr(edited, name) != value}
    if "api_key_env" in changed or types_key:
        require(by, provider.project, "edit_provider_key")
    place = bound_to(edited)
    for name in changed:
        setattr(edited, name, values[name])
    goes_elsewhere = "api_key_env" in changed or bound_to(edited) != place
    if "base_url" in changed:
        _refuse_foreign_recordings(edited, by)
    if by is None:
        edited.is_from_command_line = True
    elif goes_elsewhere:
        # A key that the operator's command named must not follow to a URL that somebody typed on a page.
        edited.is_from_command_line = False
    _store(edited)
    if typed is not None:
        store_key(edited, typed, by)
    elif types_key or goes_elsewhere:
        forget_key(edited)
    return edited


def experiments_with_provider(provider: Provider) -> list[Experiment]:
    """Return the experiments with a candidate or a run that calls the provider, by name."""
    return list(using_provider(provider))


def using_provider(provider: Provider) -> ExperimentQuerySet:
    """Return the experiments with a candidate or a run that calls the provider, by name."""
    used = Q(candidates__provider=provider) | Q(runs__provider=provider)
    found: ExperimentQuerySet = Experiment.objects.filter(used).order_by("name").distinct()
    return found


@transaction.atomic
def delete_provider(*, provider: Provider, by: Person | None) -> None:
    """Delete a provider with its stored key. Raises ActionConflict naming the experiments that use it."""
    require(by, provider.project, "delete")
    locked = locked_row(provider, to_delete=True)
    refuse_while_used(locked, experiments_with_provider(locked))
    locked.delete()


def _check_typed_key(key: Any, variable: str) -> None:
    """Raise ActionRefused, without the key, unless it is one that a header can carry, and the only one."""
    if variable:
        raise ActionRefused("api_key", "name a variable or type the key, not both")
    if not isinstance(key, str) or not key or len(key) > KEY_LENGTH or not KEY.fullmatch(key):
        raise ActionRefused("api_key", f"a key is one word of at most {KEY_LENGTH} ASCII characters, without blanks")


def _refuse_foreign_recordings(provider: Provider, by: Person | None) -> None:
    """Refuse recorded outputs that a person names by their hash: they may be another project's."""
    if by is not None and provider.base_url.startswith(BLOB):
        raise ActionRefused("base_url", "recorded outputs come with an experiment file: `evalsite run FILE`")


def _editable(values: Mapping[str, Any]) -> dict[str, Any]:
    for name in values:
        if name not in EDITABLE:
            raise ActionRefused(name, f'a provider has no "{name}" to set; it has {", ".join(EDITABLE)}')
    return dict(values)


def _store(provider: Provider) -> None:
    provider.name = checked_name(provider.name, "a provider", NAME_LENGTH)
    check_provider(provider)
    with refused_when_taken(f'there is a provider "{provider.name}" in {provider.project} already'):
        provider.save()


def check_provider(provider: Provider) -> None:
    """Raise ActionRefused naming the first field of a provider that does not fit."""
    for refusal in refusals_of(provider):
        raise refusal


def refusals_of(provider: Provider) -> Iterator[ActionRefused]:
    """Yield what does not fit in a provider but its name, a field at a time; forms tell all of it at once."""
    checks: list[Callable[[Provider], None]] = [
        _check_kind,
        _check_options,
        _check_url,
        lambda one: check_headers(one.headers),
        *(partial(_check_limit, name=name, highest=highest) for name, highest in LIMITS.items()),
        _check_timeout,
        lambda one: check_prices(one.prices),
        _check_key,
    ]
    for check in checks:
        try:
            check(provider)
        except ActionRefused as refusal:
            yield refusal


def _check_kind(provider: Provider) -> None:
    try:
        runners.get(provider.kind)
    except UnknownKind as unknown:
        raise ActionRefused("kind", str(unknown)) from unknown


def _kind_of(provider: Provider) -> Any:
    """Return the kind; None for one that there is not, which is refused as the kind."""
    with suppress(UnknownKind):
        return runners.get(provider.kind)
    return None


def _check_options(provider: Provider) -> None:
    kind = _kind_of(provider)
    if kind is None:
        return
    try:
        kind.Options.parse(provider.options)
    except OptionError as error:
        raise ActionRefused("options", str(error)) from error
    if sentence := kind.unfit(provider.options, is_operators=provider.is_from_command_line):
        raise ActionRefused("options", sentence)


def _check_url(provider: Provider) -> None:
    url, kind = provider.base_url, _kind_of(provider)
    if (not url and not (kind and kind.needs_url)) or url.startswith(BLOB):
        return
    if not url:
        raise ActionRefused("base_url", "this kind needs the URL of its endpoint, like https://api.openai.com/v1")
    if not is_web_address(url):
        raise ActionRefused("base_url", f'"{url}" is no URL: write http://… or https://…')
    if "@" in urlsplit(url).netloc:
        raise ActionRefused("base_url", "a URL is shown to everybody: type its password as the key, or in a header")
    try:
        refuse_forbidden(urlsplit(url).hostname or "", allow_private=settings.PRIVATE_PROVIDERS)
    except ForbiddenAddress as forbidden:
        raise ActionRefused("base_url", str(forbidden)) from forbidden
    if len(url) > URL_LENGTH:
        raise ActionRefused("base_url", f"the URL has {len(url)} characters; {URL_LENGTH} are allowed")


def is_web_address(url: str) -> bool:
    """Return whether a URL is one word from http:// or https:// on and names a host, and a port only if it is one."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read: it raises for what is no port
    except ValueError:
        return False
    is_one_word = url.isprintable() and " " not in url
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_one_word


def _check_limit(provider: Provider, *, name: str, highest: int) -> None:
    limit = getattr(provider, name)
    is_open = limit is None and name != "max_in_flight"
    if not is_open and (isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= highest):
        raise ActionRefused(name, f"{name} is a whole number from 1 to {highest}")


def _check_timeout(provider: Provider) -> None:
    timeout_s = provider.timeout_s
    if timeout_s is not None and not 0 < timeout_s < math.inf:
        raise ActionRefused("timeout_s", "timeout_s is more than 0 seconds")


def _check_key(provider: Provider) -> None:
    name = provider.api_key_env
    if name and not VARIABLE.fullmatch(name):
        raise ActionRefused("api_key_env", f'"{name}" is no name of a variable: name the variable, never write the key')
    if name and not may_name(provider, name):
        raise ActionRefused(
            "api_key_env",
            f"{provider.project} was not given the variable {name}: whoever runs the site gives it with "
            f'EVALSITE_PROVIDER_ENV="{provider.project}:{name}"',
        )


def check_headers(headers: Any) -> None:
    """Raise ActionRefused unless headers are {name: text} that a request can carry."""
    if not isinstance(headers, dict):
        raise ActionRefused("headers", 'headers are an object like {"X-Team": "evals"}')
    for name, value in headers.items():
        if not HEADER.fullmatch(name) or not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            raise ActionRefused("headers", f'the header "{name}" has a name and a text of one line')
        if name.lower() == "authorization":
            raise ActionRefused(
                "headers", "a key is no header: name its variable or type it as the key, instead of Authorization"
            )


def check_prices(prices: Any) -> None:
    """Raise ActionRefused unless prices are {model: {"input": USD, "output": USD}} per million tokens.

    `cached_input` may stand beside them.
    """
    if not isinstance(prices, dict):
        raise ActionRefused("prices", 'prices are an object like {"model": {"input": 2.5, "output": 10}}')
    for model, price in prices.items():
        if not isinstance(price, dict) or set(price) - {"cached_input"} != {"input", "output"}:
            sentence = "has input and output, and perhaps cached_input, USD per million tokens"
            raise ActionRefused("prices", f"the price of {model} {sentence}")
        for side, value in price.items():
            if not _is_amount(value):
                raise ActionRefused("prices", f"the {side} price of {model} is a number of at least 0")


def _is_amount(value: Any) -> bool:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return False
    return amount.is_finite() and amount >= 0 and not isinstance(value, bool)
