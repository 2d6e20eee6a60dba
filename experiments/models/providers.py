"""Providers: connections to models and agents, with their limits and prices."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from experiments.models.projects import ArchivableQuerySet, Project

MILLION = Decimal(1_000_000)


class ProviderQuerySet(ArchivableQuerySet):
    """Providers."""


class Provider(models.Model):
    """A connection to a model or agent. Its key is named, or stored apart and encrypted (StoredKey)."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="providers")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=50)
    base_url = models.CharField(max_length=500, blank=True)
    recorded_in = models.CharField(
        max_length=255, blank=True, help_text="The name of the file that recorded outputs came in."
    )
    api_key_env = models.CharField(
        "API key variable",
        max_length=200,
        blank=True,
        help_text="The environment variable that holds the key.",
    )
    headers = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    max_in_flight = models.PositiveIntegerField(
        default=16, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    timeout_s = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0.1)])
    pause_reason = models.CharField(
        max_length=200, blank=True, help_text="Why no call begins at the moment; empty: calls are made."
    )
    prices = models.JSONField(
        default=dict, blank=True, help_text='USD per million tokens: {"model": {"input": 2.5, "output": 10}}.'
    )
    is_from_command_line = models.BooleanField(
        default=False, help_text="Made by the operator of the site, who may name any key variable."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True, help_text="Hidden from lists; everything is kept.")

    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="provider_name_once_per_project"),
            models.CheckConstraint(condition=Q(max_in_flight__gte=1), name="provider_allows_a_call"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Whether no call begins until a person lets them."""
        return bool(self.pause_reason)

    @property
    def address(self) -> str:
        """Where it answers, as a person wrote it: the base URL, or the name of the file with recorded outputs."""
        return self.recorded_in or self.base_url

    def cost_usd(
        self, model: str, tokens_in: int | None, tokens_out: int | None, cached_tokens: int = 0
    ) -> Decimal | None:
        """Return the price of one call; None when no price is set or the provider did not count tokens.

        `cached_tokens` of the tokens in were read from a cache; they cost what the others do unless a price says more.
        """
        price: dict[str, Any] | None = self.prices.get(model)
        if not price or tokens_in is None or tokens_out is None:
            return None
        whole, cached = Decimal(str(price["input"])), Decimal(str(price.get("cached_input", price["input"])))
        from_cache = min(tokens_in, cached_tokens)
        paid = whole * (tokens_in - from_cache) + cached * from_cache + Decimal(str(price["output"])) * tokens_out
        return paid / MILLION
