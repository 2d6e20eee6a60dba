"""What the views of the API share: whose objects they see, conditional edits, creation that happens once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from evalsite.api.fields import OBJECT
from evalsite.api.lists import Listing, Order
from evalsite.api.problems import PreconditionFailed
from experiments.actions import archive, unarchive
from experiments.actions.archiving import Archivable
from experiments.actions.idempotency import KEY_LENGTH, once
from experiments.canonical import digest_of
from experiments.identifiers import uid_from
from experiments.models import Project

ETAG_LENGTH = 32


class NamedQuery(serializers.Serializer[Any]):
    """Which named things of projects a list holds."""

    archived = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="True: archived ones only; false: the others only."
    )
    project_id = serializers.CharField(required=False, help_text="Only those of this project.")
    name = serializers.CharField(required=False, help_text="Stands in the name; letters may be large or small.")


class VisibleViewSet(GenericViewSet[Any]):
    """Objects of the projects that the caller is a member of; those of others do not exist for them."""

    lookup_field = "uid"
    lookup_url_kwarg = "id"
    pagination_class = Listing
    filter_backends = []
    order = Order("pk", is_descending=True)

    def get_queryset(self) -> Any:
        """Return the rows that the caller may see."""
        rows: Any = super().get_queryset()
        return rows.visible_to(self.request.user)

    def retrieve(self, request: Request, *_: Any, **__: Any) -> Response:
        """Return one object, or 304 where the caller has it already."""
        return answered(request, self.shown(self.get_object()))

    def shown(self, instance: Any) -> Any:
        """Return an object as the API shows it."""
        return self.get_serializer(instance).data

    def check_unchanged(self, request: Request, instance: Any) -> None:
        """Raise PreconditionFailed when the request's If-Match names another state of the object."""
        check_match(request, self.shown(instance))

    def as_read(self, request: Request) -> AbstractContextManager[Any]:
        """Yield the object that is to be changed, as the request's If-Match names it. Raises PreconditionFailed."""
        return as_read(request, self.get_object, self.shown)

    def answer_created(self, request: Request, make: Callable[[], Any]) -> Response:
        """Return 201 with the object that `make` made; with the Idempotency-Key of before, the one made then."""
        answer, is_replay = created_once(request, lambda: {"id": str(make().uid)})
        body = self.shown(find_or_404(self.get_queryset(), answer["id"]))
        headers = {"Idempotency-Replayed": "true"} if is_replay else {}
        return Response(body, status=201, headers={"ETag": etag_of(body), **headers})


class ArchivableViewSet(ListModelMixin, VisibleViewSet):
    """Named objects of projects that may be archived; their lists are narrowed by that, by project and by name."""

    @extend_schema(parameters=[NamedQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List those of your projects, archived ones too where the query does not leave them out."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        """Return the rows that the query of a list asks for. Raises ValidationError, Http404 for an unknown project."""
        query = checked(NamedQuery, self.request.query_params.dict()) if self.action == "list" else {}
        if query.get("archived") is not None:
            queryset = queryset.filter(archived_at__isnull=not query["archived"])
        if "name" in query:
            queryset = queryset.filter(name__icontains=query["name"])
        return of_project(queryset, query.get("project_id"), self.request.user)


def of_project(rows: Any, wanted: str | None, user: Any) -> Any:
    """Return the rows of one project; None: of all. Raises Http404 for a project that the person may not see."""
    if wanted is None:
        return rows
    return rows.filter(project=find_or_404(Project.objects.visible_to(user), wanted))


def put_away(thing: Archivable, values: dict[str, Any], by: Any) -> None:
    """Archive a thing, or take it out again, where `archived` is among the values, and take that out of them."""
    if "archived" in values:
        (archive if values.pop("archived") else unarchive)(thing=thing, by=by)


def answered(request: Request, body: Any) -> Response:
    """Return an object with its ETag, or 304 where the caller has this state of it."""
    etag = etag_of(body)
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers={"ETag": etag})
    return Response(body, headers={"ETag": etag})


def changed(body: Any, *, status: int = 200) -> Response:
    """Return an object that was changed or made, with its new ETag."""
    return Response(body, status=status, headers={"ETag": etag_of(body)})


def check_match(request: Request, body: Any) -> None:
    """Raise PreconditionFailed when the request's If-Match names another state of the object."""
    if request.headers.get("If-Match") not in (None, "*", etag_of(body)):
        raise PreconditionFailed


@contextmanager
def as_read(request: Request, find: Callable[[], Any], show: Callable[[Any], Any]) -> Iterator[Any]:
    """Yield what `find` returns; in the state that If-Match names, and nobody else changes it while the block runs.

    Raises PreconditionFailed when it is in another one. Without If-Match it is not kept from others.
    """
    if request.headers.get("If-Match") in (None, "*"):
        yield find()
        return
    with transaction.atomic():
        seen = find()
        list(type(seen)._default_manager.select_for_update().filter(pk=seen.pk))
        found = find()
        check_match(request, show(found))
        yield found


def created_once(
    request: Request, make: Callable[[], dict[str, Any]], *, body: Any = None
) -> tuple[dict[str, Any], bool]:
    """Return what `make` returned, now or under the same Idempotency-Key before, and whether it was before.

    `body` tells this request from others where what was sent is no JSON.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make(), False
    if not 1 <= len(key) <= KEY_LENGTH:
        raise ValidationError({"Idempotency-Key": [f"The key has 1 to {KEY_LENGTH} characters."]})
    identity = digest_of([request.path.rstrip("/"), request.data if body is None else body])
    return once(by=cast("User", request.user), key=key, body_hash=identity, make=make)


def checked(kind: type[serializers.BaseSerializer[Any]], data: Any) -> dict[str, Any]:
    """Return the values of a request. Raises ValidationError naming what does not fit."""
    if data is None:
        raise ValidationError([OBJECT])
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def find_or_404(rows: Any, uid: str) -> Any:
    """Return the row with this id among those that may be seen. Raises Http404: malformed, unknown, a stranger's."""
    known = uid_from(uid)
    found = rows.filter(uid=known).first() if known else None
    if found is None:
        raise Http404
    return found


def etag_of(body: Any) -> str:
    """Return what identifies a state of an object."""
    text = serializers.JSONField().to_representation(body)
    return f'"{digest_of(_plain(text))[:ETAG_LENGTH]}"'


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what REST framework writes as text is text."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
