"""Keys of providers that were typed on a page: encrypted, and good only for where they were typed."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from experiments.models.providers import Provider


class StoredKey(models.Model):
    """The key of one provider as experiments/credentials.py encrypted it. No page, admin or API shows it."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="stored_key")
    ciphertext = models.TextField()
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    stored_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"key of {self.provider}"
