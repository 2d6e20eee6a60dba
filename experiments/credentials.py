"""Keys of providers: environment variables that are named, or keys that were typed and are stored encrypted."""

import hashlib
import json
import os
from dataclasses import dataclass

from django.conf import settings

from experiments.encryption import CannotDecrypt, decrypt, encrypt, encrypted_anew
from experiments.models import Provider, StoredKey
from experiments.models.projects import Person
from experiments.permissions import user_of

OPERATOR_SUFFIX = "_API_KEY"
HOW_ANSWERS_COME = ("stream",)
"""Options that say nothing of where a key goes."""


class KeyNotAllowed(Exception):
    """The provider's key cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """What may be shown of a provider's key: never its value."""

    name: str
    """The variable's name; "": none is named."""
    is_allowed: bool
    is_set: bool
    """Whether this process sees it."""
    is_stored: bool = False
    """Whether a key was typed."""


def provider_key(provider: Provider) -> str | None:
    """Return the key's value; None where there is none, or the variable is not set. Raises KeyNotAllowed."""
    name = provider.api_key_env
    if not name:
        return _stored_key(provider)
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
    if not name:
        is_stored = has_stored_key(provider)
        return KeyState("", is_allowed=True, is_set=is_stored, is_stored=is_stored)
    is_allowed = may_name(provider, name)
    return KeyState(name, is_allowed, is_allowed and bool(os.environ.get(name)))


def has_stored_key(provider: Provider) -> bool:
    """Return whether a key was typed for this provider."""
    return bool(getattr(provider, "stored_key", None))


def store_key(provider: Provider, key: str, by: Person | None) -> None:
    """Keep a key that was typed, encrypted, in place of an earlier one."""
    ciphertext = encrypt(json.dumps([bound_to(provider), key]))
    values = {"ciphertext": ciphertext, "stored_by": user_of(by)}
    StoredKey.objects.update_or_create(provider=provider, defaults=values)


def forget_key(provider: Provider) -> None:
    """Remove the key that was typed, if there is one."""
    StoredKey.objects.filter(provider=provider).delete()


def rotate_keys() -> tuple[int, list[str]]:
    """Encrypt every stored key anew under the present secret key; return how many, and whose could not be read."""
    rotated, lost = 0, []
    for stored in StoredKey.objects.select_related("provider__project"):
        try:
            stored.ciphertext = encrypted_anew(stored.ciphertext)
        except CannotDecrypt:
            lost.append(f"{stored.provider.project}: {stored.provider}")
            continue
        stored.save(update_fields=["ciphertext"])
        rotated += 1
    return rotated, lost


def _stored_key(provider: Provider) -> str | None:
    """Return the key that was typed; None: none was. Raises KeyNotAllowed when it was typed for something else."""
    stored = StoredKey.objects.filter(provider=provider).first()
    if stored is None:
        return None
    try:
        place, key = json.loads(decrypt(stored.ciphertext))
    except CannotDecrypt as error:
        raise KeyNotAllowed(
            f"the key of {provider.name} cannot be read: {error}. Type it again on the provider's page, or give the "
            "former secret key in EVALSITE_SECRET_KEY_FALLBACKS."
        ) from error
    if place != bound_to(provider):
        raise KeyNotAllowed(f"the key of {provider.name} was typed for another URL or other headers: type it again")
    return str(key)


def bound_to(provider: Provider) -> str:
    """Return the hash of what the key may be sent to: a row that was changed behind our back gets no key."""
    options = {name: value for name, value in provider.options.items() if name not in HOW_ANSWERS_COME}
    values = [str(provider.uid), provider.kind, provider.base_url, provider.headers, options]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
