"""Creating once: the same key gives the same object, also when two requests come at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from experiments.actions.refusals import ActionConflict
from experiments.models import IdempotencyKey

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KEY_LENGTH = 200
KEPT_FOR = timedelta(hours=24)
Answer = dict[str, Any]


def once(*, by: User, key: str | None, body_hash: str, make: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Return what `make` returns and False; or what it returned under this key within a day, and True.

    Where `make` raises, nothing is stored and the key is free. Raises ActionConflict for a key of another body.
    """
    if key is None:
        return make(), False
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    try:
        # Whoever comes second waits here for the first one's commit, then breaks the unique constraint.
        with transaction.atomic():
            noted = IdempotencyKey.objects.create(user=by, key=key, body_hash=body_hash)
            noted.response = make()
            noted.save(update_fields=["response"])
            return noted.response, False
    except IntegrityError:
        earlier = IdempotencyKey.objects.filter(user=by, key=key).first()
        if earlier is None:
            raise
    if earlier.body_hash != body_hash:
        raise ActionConflict(f'The Idempotency-Key "{key}" was used with another request: take a new one.')
    return earlier.response, True
