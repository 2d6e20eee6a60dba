"""Keys of providers: named environment variables, read when a call is made and never stored."""

import os
from dataclasses import dataclass

from django.conf import settings

from experiments.models import Provider

OPERATOR_SUFFIX = "_API_KEY"


class KeyNotAllowed(Exception):
    """The provider names a variable that its project was not given; the text says who can give it."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """What may be shown of a provider's key: never its value."""

    name: str
    """The variable's name; "": the provider needs no key."""
    is_allowed: bool
    is_set: bool
    """Whether this process sees it."""


def provider_key(provider: Provider) -> str | None:
    """Return the key's value; None where no variable is named or it is not set. Raises KeyNotAllowed."""
    name = provider.api_key_env
    if not name:
        return None
    if not may_name(provider, name):
        raise KeyNotAllowed(
            f"{provider.name} names the variable {name}, which {provider.project} was not given. Whoever runs the "
            f'site gives it with EVALSITE_PROVIDER_ENV="{provider.project}:{name}".'
        )
    return os.environ.get(name) or None


def may_name(provider: Provider, name: str) -> bool:
    """Return whether a provider may read this variable.

    Else an editor could send any secret of the server, or another team's key, to a URL of their own.
    """
    if provider.is_from_command_line and name.endswith(OPERATOR_SUFFIX):
        return True
    return f"{provider.project}:{name}" in settings.PROVIDER_ENV or f"*:{name}" in settings.PROVIDER_ENV


def key_state(provider: Provider) -> KeyState:
    """Return what a page may say of the provider's key."""
    name = provider.api_key_env
    is_allowed = not name or may_name(provider, name)
    return KeyState(name, is_allowed, is_allowed and bool(name and os.environ.get(name)))
