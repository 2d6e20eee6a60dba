"""What the lanes know together of a provider's limits: its pace, and what was spent of the last minute."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from experiments.models import Provider


class ProviderPace(models.Model):
    """How fast one provider is asked at the moment; a row each. Seconds are those of `runs.limits.ledger_clock`."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="pace")
    planned_until_s = models.FloatField(default=0.0, help_text="Until when the time of the line is given away.")
    share_of_limit = models.FloatField(default=1.0, help_text="What a 429 lowers and success raises, 0 to 1.")
    held_until_s = models.FloatField(default=0.0, help_text="Until when the provider asked not to be called.")
    lowered_at_s = models.FloatField(default=0.0)
    raised_at_s = models.FloatField(default=0.0)
    throttled_at = models.DateTimeField(null=True, blank=True, help_text="When the last 429 was heard of.")
    throttled_count = models.PositiveBigIntegerField(default=0, help_text="429s so far.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(share_of_limit__gt=0, share_of_limit__lte=1), name="pace_is_a_share_of_the_limit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.share_of_limit:.0%} of {self.provider}"


class ProviderSpending(models.Model):
    """What one lane took of a provider's minute; it counts for a minute, whatever becomes of the lane."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="spendings")
    lane_number = models.BigIntegerField(help_text="The lane's key; no reference: it outlives the lane.")
    ends_at_s = models.FloatField(help_text="When its last call may begin.")
    calls = models.PositiveIntegerField(default=0)
    tokens = models.BigIntegerField(default=0, help_text="Estimated, then as the provider counted them.")

    class Meta:
        indexes = [
            # Each share that is taken: the sum of the last minute.
            models.Index(fields=["provider", "ends_at_s"], name="spending_of_the_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls of lane {self.lane_number} at {self.provider}"
