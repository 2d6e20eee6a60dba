"""The address that Prometheus reads."""

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from evalsite.metrics.access import may_read_metrics
from evalsite.metrics.collector import registry

PLAIN = "text/plain; charset=utf-8"
NOT_FOR_YOU = (
    "Metrics are given to whoever sends `Authorization: Bearer` with EVALSITE_METRICS_TOKEN, and to the networks in "
    "EVALSITE_METRICS_FROM (this machine, where there is no token).\n"
)


@require_safe
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every figure; 401 to whom they are not given, 503 while the database is away."""
    if not may_read_metrics(request):
        return HttpResponse(NOT_FOR_YOU, status=401, content_type=PLAIN, headers={"WWW-Authenticate": "Bearer"})
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(_registry()), content_type=content_type)
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type=PLAIN)


@cache
def _registry() -> CollectorRegistry:
    """Return this process's registry: counters grow from one reading to the next."""
    return registry()
