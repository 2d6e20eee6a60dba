"""Whether the site is up: asked by the supervisor, load balancers and tests, without signing in."""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evalsite.preparation import missing_migrations
from runs.live.liveness import workers
from runs.queue.depth import trouble_of_queue

PLAIN = "text/plain; charset=utf-8"


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - every view has it
    """Answer 200 while this process serves and its database answers, else 503."""
    if not database_answers():
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - every view has it
    """Answer 200 while the whole site can work, workers included; else 503 with a line for each part that cannot."""
    lines = list(failing_parts())
    text = "".join(f"{line}\n" for line in lines) or "ready\n"
    return HttpResponse(text, status=503 if lines else 200, content_type=PLAIN)


def failing_parts() -> Iterator[str]:
    """Yield a line for each part that is not ready; without a database, or its tables, nothing else can be said."""
    if not database_answers():
        yield "database: does not answer"
        return
    missing = missing_migrations()
    if missing:
        yield f"migrations: {len(missing)} not applied; run `evalsite migrate`"
        return
    if not workers.is_alive():
        yield "workers: no host's beat moves; start one with `evalsite worker`"
    trouble = trouble_of_queue()
    if trouble:
        yield trouble


def database_answers() -> bool:
    """Return whether the database answers the simplest question."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
